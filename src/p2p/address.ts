import { isIP } from 'node:net';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { AssentError, messageOf } from '../base/index.ts';
import { decodeNodeId } from '../crypto/index.ts';
import type { PeerAddresses } from './types.ts';

const hostProtocols: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/** The multiaddr to listen on. Throws AssentError `configuration-invalid` when the host is not an IP address. */
export function listenMultiaddr(host: string, port: number): Multiaddr {
  const version = isIP(host);
  if (version === 0) throw new AssentError('configuration-invalid', `"${host}" is not an IP address to listen on`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new AssentError('configuration-invalid', `${port} is not a TCP port`);
  return multiaddr(`/ip${version}/${host}/tcp/${port}`);
}

/**
 * A peer's addresses, each ending in its node id so that the handshake fails with anyone else. Throws AssentError
 * `configuration-invalid` for a text that is not a node id, or not a host with a TCP port.
 */
export function peerMultiaddrs(peer: PeerAddresses): readonly Multiaddr[] {
  if (decodeNodeId(peer.nodeId) === undefined)
    throw new AssentError('configuration-invalid', `"${peer.nodeId}" is not a node id`);
  return peer.addresses.map((text) => parse(text).encapsulate(`/p2p/${peer.nodeId}`));
}

function parse(text: string): Multiaddr {
  const expected = 'is not an address such as /ip4/192.0.2.1/tcp/4001 or /dns4/node.example/tcp/4001';
  let address: Multiaddr;
  try {
    address = multiaddr(text);
  } catch (error) {
    throw new AssentError('configuration-invalid', `"${text}" ${expected}: ${messageOf(error)}`, {}, { cause: error });
  }
  const [host, port, ...rest] = address.getComponents();
  if (!hostProtocols.has(host?.name ?? '') || port?.name !== 'tcp' || rest.length > 0)
    throw new AssentError('configuration-invalid', `"${text}" ${expected}`);
  return address;
}
