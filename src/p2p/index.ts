/**
 * The wire between nodes: libp2p over TCP with noise and yamux, node key = peer id (protocol.md §10). It promises: only
 * admitted keys reach a handler (an unknown one may at most be asked who it is); frames of one channel from one peer arrive whole and in order, or not at all; every
 * queue, buffer and rate has a bound; a peer that breaks the framing is counted, logged and cut off. It does not promise
 * delivery: whoever sends, repeats.
 */
export { type Channel, channels } from './channel.ts';
export { defaultLimits, type TransportLimits } from './limits.ts';
export { createTransport } from './transport.ts';
export type {
  Introduction,
  PeerAddresses,
  PeerStatus,
  StrangerCounts,
  Transport,
  TransportOptions,
} from './types.ts';
