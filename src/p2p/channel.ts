import { toHex } from '../base/index.ts';

/** What a stream carries. Each channel is a libp2p protocol with a stream of its own per peer and direction. */
export type Channel = 'heartbeat' | 'replication' | 'forwarding' | 'bulk';

/** Every channel. */
export const channels: readonly Channel[] = ['heartbeat', 'replication', 'forwarding', 'bulk'];

/** The libp2p protocol id of a channel; it names the ledger, so that nodes of two ledgers never talk by mistake. */
export function protocolOf(ledgerId: Uint8Array, name: Channel | 'introduction'): string {
  return `/assent/${toHex(ledgerId.subarray(0, 8))}/${name}/1`;
}
