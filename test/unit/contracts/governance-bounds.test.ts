import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createdId,
  describeNodes,
  nodesOf,
  proposalsOf,
  testLedger,
  waitingChangesOf,
} from '../../../src/contracts/index.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { nodeConfiguration } from '../../../src/ledger/index.ts';
import { Draw } from './draw.ts';
import { hex, hourMs } from './support.ts';

/** One member, who decides alone where it is the only one. */
function alone(members: readonly string[] = [], nodes = 1) {
  const ledger = testLedger({
    members: ['north', ...members],
    nodes: Object.fromEntries(
      Array.from({ length: nodes }, (_, index) => [`n${index}`, { member: 'north', role: 'voter' }] as const),
    ),
    parameters: { 'governance.replaceIntervalMs': 60_000 },
  });
  const id = (node: string): string => encodeNodeId(ledger.actor(node).key);
  const propose = (action: string, node: string, more: object = {}) =>
    ledger.submit('north', 'governance.propose', { action, nodeKey: id(node), ...more });
  const replace = (node: string, newNode: string, sender = 'north', more: object = {}) =>
    ledger.submit(sender, 'governance.replaceNode', { nodeKey: id(node), newNodeKey: id(newNode), ...more });
  return { ledger, id, propose, replace };
}

describe('governance.replaceNode', () => {
  it('queues the new node, its promotion and the removal of the old one, and is done in three blocks', () => {
    const { ledger, id, replace } = alone();
    expect(replace('n0', 'x', 'north', { address: 'x.example:1' }).ok).toBe(true);
    const seen = [];
    while (ledger.enact() !== undefined)
      seen.push(nodesOf(ledger.state).map((node) => [encodeNodeId(node.nodeKey), node.role, node.address]));
    expect(seen).toEqual([
      [
        [id('n0'), 'voter', undefined],
        [id('x'), 'learner', 'x.example:1'],
      ],
      [
        [id('n0'), 'voter', undefined],
        [id('x'), 'voter', 'x.example:1'],
      ],
      [[id('x'), 'voter', 'x.example:1']],
    ]);
    ledger.nowMs += 60_000;
    expect(replace('x', 'n0').code).toBe('key-retired');
  });

  it('leaves a learner a learner, at the address it had', () => {
    const { ledger, id, propose, replace } = alone();
    propose('node-add', 'l', { member: 'north', address: 'l.example:1' });
    expect(replace('l', 'x').ok).toBe(true);
    while (ledger.enact() !== undefined);
    expect(describeNodes(ledger.state)).toMatchObject({
      nodes: [{ nodeId: id('n0') }, { nodeId: id('x'), member: 'north', role: 'learner', address: 'l.example:1' }],
    });
  });

  it('is for one node of its own, now and then, one after another', () => {
    const { ledger, propose, replace } = alone(['south'], 2);
    expect(replace('n0', 'x', 'kay').code).toBe('not-a-member');
    expect(replace('n0', 'x', 'south').code).toBe('not-your-node');
    expect(replace('y', 'x').code).toBe('node-unknown');
    expect(replace('n0', 'n1').code).toBe('node-known');
    expect(replace('n0', 'n0').code).toBe('node-known');
    const proposal = createdId(propose('node-add', 's', { member: 'south' }), 'proposal');
    ledger.submit('south', 'governance.vote', { proposal, approve: true });
    const startMs = ledger.nowMs;
    expect(replace('n0', 'x').ok).toBe(true);
    expect(replace('n0', 'y').code).toBe('node-unknown');
    ledger.nowMs = startMs + 60_000;
    expect(replace('n1', 'y').code).toBe('replacement-waits');
    // Another member's replacement is its own.
    expect(replace('s', 't', 'south').ok).toBe(true);
    while (ledger.enact() !== undefined);
    ledger.nowMs = startMs + 59_999;
    expect(replace('n1', 'y').code).toBe('replaced-lately');
    ledger.nowMs = startMs + 60_000;
    expect(replace('n1', 'y').ok).toBe(true);
  });

  it('waits an hour unless genesis says otherwise', () => {
    const ledger = testLedger({ members: ['north'], nodes: { n0: { member: 'north', role: 'voter' } } });
    const id = (node: string): string => encodeNodeId(ledger.actor(node).key);
    const replace = (node: string, newNode: string) =>
      ledger.submit('north', 'governance.replaceNode', { nodeKey: id(node), newNodeKey: id(newNode) });
    expect(replace('n0', 'a').ok).toBe(true);
    while (ledger.enact() !== undefined);
    ledger.nowMs += hourMs - 1;
    expect(replace('a', 'b').code).toBe('replaced-lately');
    ledger.nowMs += 1;
    expect(replace('a', 'b').ok).toBe(true);
  });
});

describe('bounds', () => {
  it('let 16 changes wait, a replacement all of its own or not at all', () => {
    const { ledger, propose, replace } = alone();
    for (let count = 0; count < 14; count++)
      expect(propose('node-add', `x${count}`, { member: 'north' }).ok, `${count}`).toBe(true);
    expect(replace('n0', 'y').code).toBe('changes-waiting-full');
    expect(propose('node-add', 'x14', { member: 'north' }).ok).toBe(true);
    expect(propose('node-add', 'x15', { member: 'north' }).ok).toBe(true);
    expect(propose('node-add', 'x16', { member: 'north' }).code).toBe('changes-waiting-full');
    for (let count = 0; count < 3; count++) ledger.enact();
    expect(replace('n0', 'y').ok).toBe(true);
    expect(waitingChangesOf(ledger.state).length).toBe(16);
  });

  it('refuse the vote that would let one change too many wait, until there is room', () => {
    const members = ['north', 'south', 'west', 'east'];
    const ledger = testLedger({
      members,
      nodes: { n0: { member: 'north', role: 'voter' } },
      parameters: { 'governance.threshold': 2 },
    });
    const proposed = Array.from({ length: 17 }, (_, node) => {
      const sender = members[node >> 3] as string;
      const nodeKey = encodeNodeId(ledger.actor(`x${node}`).key);
      return ledger.submit(sender, 'governance.propose', { action: 'node-add', member: sender, nodeKey }).id;
    });
    const approve = (proposal: unknown) => ledger.submit('east', 'governance.vote', { proposal, approve: true });
    for (const proposal of proposed.slice(0, 16)) expect(approve(proposal).output).toEqual({ state: 'passed' });
    expect(approve(proposed[16]).code).toBe('changes-waiting-full');
    ledger.enact();
    expect(approve(proposed[16]).output).toEqual({ state: 'passed' });
  });

  it('let 64 nodes be, those that wait included', () => {
    const { propose, replace } = alone([], 63);
    expect(propose('node-add', 'x', { member: 'north' }).ok).toBe(true);
    expect(propose('node-add', 'y', { member: 'north' }).code).toBe('too-many-nodes');
    expect(replace('n0', 'y').code).toBe('too-many-nodes');
    expect(propose('node-remove', 'n0').ok).toBe(true);
    expect(propose('node-add', 'y', { member: 'north' }).ok).toBe(true);
  });

  it('let a member have 8 open proposals, whatever others have open', () => {
    const ledger = testLedger({
      members: ['north', 'south', 'west'],
      nodes: { n0: { member: 'north', role: 'voter' } },
    });
    const propose = (sender: string, node: number) =>
      ledger.submit(sender, 'governance.propose', {
        action: 'node-add',
        member: sender,
        nodeKey: encodeNodeId(ledger.actor(`x${node}`).key),
      });
    const made = Array.from({ length: 8 }, (_, node) => propose('north', node).id);
    expect(propose('north', 8).code).toBe('too-many-proposals');
    expect(propose('south', 8).ok).toBe(true);
    ledger.submit('north', 'governance.withdraw', { proposal: made[0] });
    expect(propose('north', 9).ok).toBe(true);
    expect(propose('north', 10).code).toBe('too-many-proposals');
    ledger.nowMs += 7 * 24 * hourMs;
    expect(propose('north', 10).ok).toBe(true);
  });

  it('list 256 proposals, and give up the oldest that are closed', () => {
    const { ledger, propose } = alone();
    const made: string[] = [];
    for (let count = 0; count < 260; count++) {
      const done = propose(
        count % 2 === 0 ? 'node-add' : 'node-remove',
        `x${count >> 1}`,
        count % 2 === 0 ? { member: 'north' } : {},
      );
      expect(done.ok).toBe(true);
      made.push(done.id);
      ledger.enact();
    }
    const shown = proposalsOf(ledger.state);
    expect(shown.length).toBe(256);
    expect(shown.map(({ id }) => Buffer.from(id).toString('hex'))).toEqual(made.slice(4).reverse());
  });
});

describe('whatever members do', () => {
  it('every change that waits can be enacted, and gives a configuration that the ledger takes', () => {
    const names = ['n0', 'n1', 'n2', 'x0', 'x1', 'x2', 'x3'];
    const play = (seed: number): number => {
      const draw = new Draw(seed);
      const { ledger, propose, replace } = alone([], 3);
      const removed = new Set<string>();
      let enacted = 0;
      for (let step = 0; step < 40; step++) {
        const node = draw.from(names);
        ledger.nowMs += 30_000;
        if (draw.once(4)) replace(node, draw.from(names));
        else if (draw.once(12)) ledger.submit('north', 'governance.propose', { action: 'changes-drop' });
        else if (draw.once(2)) propose('node-add', node, { member: 'north' });
        else propose(draw.from(['node-promote', 'node-demote', 'node-remove']), node);
        const before = nodesOf(ledger.state);
        const change = draw.once(2) ? ledger.enact() : undefined;
        if (change === undefined) continue;
        enacted += 1;
        const { generation, nodes } = ledger.executor.configuration(ledger.state);
        nodeConfiguration(generation, nodes);
        if (change.step === 'remove') removed.add(hex(change.publicKey.join()));
        for (const { publicKey } of nodes) expect(removed.has(hex(publicKey.join()))).toBe(false);
        const differing = nodes.filter(({ role, publicKey }) => {
          const earlier = before.find(({ nodeKey }) => Buffer.compare(nodeKey, publicKey) === 0);
          return (earlier?.role ?? 'learner') !== role;
        });
        expect(differing.length).toBeLessThanOrEqual(1);
      }
      return enacted;
    };
    fc.assert(
      fc.property(fc.noShrink(fc.integer()), (seed) => {
        play(seed);
      }),
      { numRuns: 30 },
    );
    expect(play(1)).toBeGreaterThan(5);
  });
});
