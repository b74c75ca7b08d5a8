import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/index.ts';
import { testLedger } from '../../../src/contracts/index.ts';
import { encodeNodeId, type NodeId } from '../../../src/crypto/index.ts';
import { multiaddrOf, PeerKeeper } from '../../../src/node/membership.ts';
import type { PeerAddresses } from '../../../src/p2p/index.ts';

describe('the peers of a node', () => {
  it('are dialled where the ledger says as soon as the block of their change is applied, however many come before', () => {
    const ledger = testLedger({
      members: ['north'],
      nodes: { n0: { member: 'north', role: 'voter' } },
      parameters: { 'governance.threshold': 1 },
    });
    const id = (node: string): NodeId => encodeNodeId(ledger.actor(node).key);
    const set: (readonly PeerAddresses[])[] = [];
    const keeper = new PeerKeeper({
      ledger,
      self: id('n0'),
      configured: [],
      transport: { setPeers: (peers) => void set.push(peers) },
      logger: silentLogger,
    });
    const payload = { action: 'node-add', nodeKey: id('x'), member: 'north', address: 'x.example:7400' };
    expect(ledger.submit('north', 'governance.propose', payload).ok).toBe(true);

    // The change is in the chain; blocks before it are applied first.
    keeper.changed({ connected: new Set([id('n0'), id('x')]) });
    keeper.committed();
    keeper.committed();
    expect(set).toEqual([[{ nodeId: id('x'), addresses: [] }]]);
    ledger.enact();
    keeper.committed();
    expect(set.at(-1)).toEqual([{ nodeId: id('x'), addresses: ['/dns/x.example/tcp/7400'] }]);
    keeper.committed();
    expect(set).toHaveLength(2);
  });

  it.each([
    ['192.0.2.7:7400', '/ip4/192.0.2.7/tcp/7400'],
    ['[2001:db8::1]:7400', '/ip6/2001:db8::1/tcp/7400'],
    ['node.example:7400', '/dns/node.example/tcp/7400'],
  ])('%s is dialled as %s', (address, multiaddr) => {
    expect(multiaddrOf(address)).toBe(multiaddr);
  });
});
