import { AssentError, present } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { decodeNodeId } from '../../crypto/index.ts';
import type { PeerConfig } from '../../node/index.ts';

/** Reads `NODEID=host:port`. Throws `usage`. */
export async function parsePeer(text: string): Promise<PeerConfig> {
  const [nodeId = '', address = '', ...more] = text.split('=');
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (decodeNodeId(nodeId) === undefined || host === undefined || Number(port) > 65_535 || more.length > 0)
    throw new AssentError('usage', `"${text}" is no peer; write it like 12D3KooW…=node.example:7400.`);
  return { nodeId, addresses: [await multiaddrOf(address)] };
}

/**
 * The ledger's nodes as far as the asked one knows where they are: what the ledger says goes before what that node was
 * told or saw. Throws `node-unreachable`.
 */
export async function peersKnownTo(client: AssentClient): Promise<PeerConfig[]> {
  const known = new Map<string, string>();
  const { peers } = await client.status();
  for (const { nodeId, address } of peers) if (address.startsWith('/')) known.set(nodeId, address);
  const { nodes } = await client.nodes({ consistency: 'local' });
  for (const { nodeId, address } of nodes) if (address !== undefined) known.set(nodeId, await multiaddrOf(address));
  return nodes
    .filter(({ nodeId }) => known.has(nodeId))
    .map(({ nodeId }) => ({ nodeId, addresses: [present(known.get(nodeId), 'filtered')] }));
}

/** `host:port`, with an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function multiaddrOf(address: string): Promise<string> {
  const node = await import('../../node/index.ts');
  return node.multiaddrOf(address);
}
