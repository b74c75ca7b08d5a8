import { describe, expect, it } from 'vitest';
import { fromHex, present } from '../../../src/base/index.ts';
import {
  createdId,
  describeNodes,
  describeProposal,
  proposalOf,
  proposalsOf,
  type TestLedger,
  type TestLedgerOptions,
  type TestResult,
  testLedger,
} from '../../../src/contracts/index.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { hourMs } from './support.ts';

const dayMs = 24 * hourMs;

interface Council {
  readonly ledger: TestLedger;
  id(node: string): string;
  propose(sender: string, action: string, node: string, more?: object): TestResult;
  vote(sender: string, proposal: string, approve?: boolean): TestResult;
  /** Proposed by north, approved by south. */
  decide(action: string, node: string, more?: object): TestResult;
  /** Each node with its role, in order. */
  roles(): string[];
}

/** Three members with a voter each; more than half of them decide. */
function council(options: TestLedgerOptions = {}): Council {
  const ledger = testLedger({
    members: ['north', 'south', 'west'],
    nodes: {
      n1: { member: 'north', role: 'voter' },
      n2: { member: 'south', role: 'voter' },
      n3: { member: 'west', role: 'voter' },
    },
    ...options,
  });
  const id = (node: string): string => encodeNodeId(ledger.actor(node).key);
  const made: Council = {
    ledger,
    id,
    propose: (sender, action, node, more = {}) =>
      ledger.submit(sender, 'governance.propose', { action, nodeKey: id(node), ...more }),
    vote: (sender, proposal, approve = true) => ledger.submit(sender, 'governance.vote', { proposal, approve }),
    decide(action, node, more = {}) {
      const proposed = made.propose('north', action, node, more);
      return proposed.ok ? made.vote('south', createdId(proposed, 'proposal')) : proposed;
    },
    roles() {
      const { nodes } = ledger.executor.configuration(ledger.state);
      const name = (key: string): string => ['n1', 'n2', 'n3', 'n4', 'n5'].find((node) => id(node) === key) ?? key;
      return nodes.map(({ publicKey, role }) => `${name(encodeNodeId(publicKey))} ${role}`);
    },
  };
  return made;
}

const add = { member: 'north', address: 'n4.north.example:4001' };

describe('a proposal', () => {
  it('passes with the votes of more than half, and its change waits for a block to enact it', () => {
    const { ledger, id, propose, vote, roles } = council();
    const proposed = propose('north', 'node-add', 'n4', add);
    expect(proposed.output).toEqual({ proposal: proposed.id, state: 'open' });
    expect(ledger.executor.nextChange(ledger.state)).toBeUndefined();
    expect(vote('south', proposed.id).output).toEqual({ state: 'passed' });
    expect(roles()).toEqual(['n1 voter', 'n2 voter', 'n3 voter']);
    expect(describeNodes(ledger.state)['waiting']).toEqual([
      { step: 'add', nodeId: id('n4'), ...add, isReplacement: false },
    ]);
    const { height } = ledger;
    expect(ledger.enact()).toEqual({ step: 'add', publicKey: ledger.actor('n4').key });
    expect(roles()).toEqual(['n1 voter', 'n2 voter', 'n3 voter', 'n4 learner']);
    expect(describeNodes(ledger.state)).toMatchObject({
      generation: 0,
      nodes: [
        { nodeId: id('n1'), member: 'north', role: 'voter', sinceHeight: 0 },
        {},
        {},
        { nodeId: id('n4'), role: 'learner', sinceHeight: height, ...add },
      ],
      waiting: [],
    });
    expect(ledger.enact()).toBeUndefined();
  });

  it('takes a learner to voter and back, and a node out, each by a decision of its own', () => {
    const { ledger, decide, roles } = council();
    for (const action of ['node-add', 'node-promote', 'node-demote', 'node-remove'])
      expect(decide(action, 'n4', action === 'node-add' ? add : {}).ok, action).toBe(true);
    const seen: string[] = [];
    while (ledger.enact() !== undefined) seen.push(roles().slice(3).join());
    expect(seen).toEqual(['n4 learner', 'n4 voter', 'n4 learner', '']);
    expect(decide('node-remove', 'n1').ok).toBe(true);
    ledger.enact();
    expect(roles()).toEqual(['n2 voter', 'n3 voter']);
  });

  it('is rejected once it cannot pass any more, and then takes no vote', () => {
    const { propose, vote, ledger } = council();
    const { id } = propose('north', 'node-remove', 'n2');
    expect(vote('south', id, false).output).toEqual({ state: 'open' });
    expect(vote('west', id, false).output).toEqual({ state: 'rejected' });
    expect(ledger.submit('north', 'governance.withdraw', { proposal: id }).code).toBe('proposal-closed');
    expect(ledger.enact()).toBeUndefined();
    const { id: passed } = propose('west', 'node-remove', 'n2');
    vote('south', passed, false);
    expect(vote('north', passed).output).toEqual({ state: 'passed' });
    expect(vote('north', passed).code).toBe('proposal-closed');
  });

  it.each([
    [2, 1],
    [3, 2],
  ])('needs as many approvals as genesis says: %i', (threshold, votes) => {
    const { propose, vote, ledger } = council({ parameters: { 'governance.threshold': threshold } });
    const proposed = propose('north', 'node-remove', 'n3');
    const states = [proposed, ...['south', 'west'].slice(0, votes).map((member) => vote(member, proposed.id))];
    expect(states.map(({ output }) => output?.['state'])).toEqual([...new Array(threshold - 1).fill('open'), 'passed']);
    expect(ledger.executor.nextChange(ledger.state)?.step).toBe('remove');
  });

  it('is withdrawn by the member that made it, alone', () => {
    const { propose, vote, ledger } = council();
    const { id } = propose('north', 'node-remove', 'n2');
    const takeBack = (sender: string) => ledger.submit(sender, 'governance.withdraw', { proposal: id });
    expect(takeBack('south').code).toBe('not-the-proposer');
    expect(takeBack('north').ok).toBe(true);
    expect(takeBack('north').code).toBe('proposal-closed');
    expect(vote('south', id).code).toBe('proposal-closed');
    const proposal = proposalOf(ledger.state, present(fromHex(id), 'an id'));
    expect(proposal?.state).toBe('withdrawn');
  });

  it('is open for seven days of block time', () => {
    const { propose, vote, ledger } = council();
    const { id } = propose('north', 'node-remove', 'n2');
    const shown = () =>
      proposalsOf(ledger.state).map((proposal) => describeProposal(ledger.state, proposal, ledger.nowMs)['state']);
    ledger.nowMs += 7 * dayMs - 1;
    expect(shown()).toEqual(['open']);
    expect(vote('west', id, false).ok).toBe(true);
    ledger.nowMs += 1;
    expect(shown()).toEqual(['expired']);
    expect(vote('south', id).code).toBe('proposal-closed');
    expect(ledger.submit('north', 'governance.withdraw', { proposal: id }).code).toBe('proposal-closed');
  });

  it('is shown with its votes, the newest first', () => {
    const { ledger, id, propose, vote } = council();
    const first = propose('north', 'node-add', 'n4', add);
    vote('west', first.id, false);
    const second = propose('south', 'node-demote', 'n1');
    expect(proposalsOf(ledger.state).map((proposal) => describeProposal(ledger.state, proposal, ledger.nowMs))).toEqual(
      [
        {
          proposal: second.id,
          proposer: 'south',
          action: 'node-demote',
          nodeId: id('n1'),
          approvals: ['south'],
          rejections: [],
          state: 'open',
          openedAt: ledger.nowMs,
          closesAt: ledger.nowMs + 7 * dayMs,
        },
        expect.objectContaining({ proposal: first.id, ...add, approvals: ['north'], rejections: ['west'] }),
      ],
    );
  });

  it.each<[string, string, string, string, object, string]>([
    ['by who is no member', 'kay', 'node-add', 'n4', add, 'not-a-member'],
    ["by a node's own key", 'n1', 'node-add', 'n4', add, 'not-a-member'],
    ['of a node that is there', 'north', 'node-add', 'n1', add, 'node-known'],
    ['of a node without its member', 'north', 'node-add', 'n4', {}, 'action-unclear'],
    ['of a promotion with a member', 'north', 'node-promote', 'n1', { member: 'north' }, 'action-unclear'],
    ['of a removal with an address', 'north', 'node-remove', 'n1', { address: 'a:1' }, 'action-unclear'],
    ['of a node for a stranger', 'north', 'node-add', 'n4', { member: 'east' }, 'member-unknown'],
    ['that promotes a node that is not there', 'north', 'node-promote', 'n4', {}, 'node-unknown'],
    ['that demotes a node that is not there', 'north', 'node-demote', 'n4', {}, 'node-unknown'],
    ['that removes a node that is not there', 'north', 'node-remove', 'n4', {}, 'node-unknown'],
    ['that promotes a voter', 'north', 'node-promote', 'n1', {}, 'not-a-learner'],
  ])('is refused %s', (_, sender, action, node, more, code) => {
    expect(council().propose(sender, action, node, more).code).toBe(code);
  });

  it.each([
    'example.org',
    'example.org:0',
    'example.org:65536',
    'example.org:04',
    'Example.org:1',
    '/ip4/192.0.2.1/tcp/1',
    'a b:1',
    `${'a'.repeat(124)}:4001`,
  ])('takes no address like %s', (address) => {
    expect(() => council().propose('north', 'node-add', 'n4', { member: 'north', address })).toThrow('address');
  });

  it.each(['192.0.2.1:65535', '[2001:db8::1]:4001', 'n4:1'])('takes an address like %s', (address) => {
    expect(council().decide('node-add', 'n4', { member: 'north', address }).ok).toBe(true);
  });
});

describe('a vote', () => {
  it('is for members, for a proposal that is there, and once', () => {
    const { propose, vote } = council();
    const { id } = propose('north', 'node-remove', 'n2');
    expect(vote('kay', id).code).toBe('not-a-member');
    expect(vote('south', 'ab'.repeat(32)).code).toBe('proposal-unknown');
    expect(vote('north', id).code).toBe('already-voted');
    expect(vote('north', id, false).code).toBe('already-voted');
    expect(vote('west', id, false).ok).toBe(true);
    expect(vote('west', id).code).toBe('already-voted');
  });

  it('that would pass a change which no longer applies is refused; another still counts', () => {
    const { ledger, propose, vote, decide } = council();
    decide('node-demote', 'n1');
    decide('node-demote', 'n2');
    decide('node-promote', 'n1');
    while (ledger.enact() !== undefined);
    const { id } = propose('west', 'node-demote', 'n3');
    decide('node-demote', 'n1');
    expect(vote('north', id).code).toBe('last-voter');
    ledger.enact();
    expect(vote('north', id).code).toBe('last-voter');
    expect(vote('north', id, false).output).toEqual({ state: 'open' });
  });
});

describe('rules of changes', () => {
  it('see the nodes as they will be after everything that waits', () => {
    const { decide, propose } = council();
    expect(decide('node-add', 'n4', add).ok).toBe(true);
    expect(propose('west', 'node-add', 'n4', add).code).toBe('node-known');
    expect(propose('west', 'node-demote', 'n4').code).toBe('not-a-voter');
    expect(decide('node-promote', 'n4').ok).toBe(true);
    expect(propose('west', 'node-promote', 'n4').code).toBe('not-a-learner');
    expect(decide('node-remove', 'n4').ok).toBe(true);
    expect(propose('west', 'node-demote', 'n4').code).toBe('node-unknown');
    expect(propose('west', 'node-add', 'n4', add).code).toBe('key-retired');
  });

  it('keep a removed key out for ever', () => {
    const { ledger, decide, propose } = council();
    decide('node-remove', 'n3');
    while (ledger.enact() !== undefined);
    ledger.nowMs += 1000 * dayMs;
    expect(propose('west', 'node-add', 'n3', { member: 'west' }).code).toBe('key-retired');
  });

  it('keep one voter', () => {
    const { ledger, decide, propose, roles } = council();
    expect(decide('node-remove', 'n1').ok).toBe(true);
    expect(decide('node-demote', 'n2').ok).toBe(true);
    for (const action of ['node-remove', 'node-demote']) expect(propose('west', action, 'n3').code).toBe('last-voter');
    while (ledger.enact() !== undefined);
    for (const action of ['node-remove', 'node-demote']) expect(propose('west', action, 'n3').code).toBe('last-voter');
    expect(decide('node-remove', 'n2').ok).toBe(true);
    ledger.enact();
    expect(roles()).toEqual(['n3 voter']);
  });
});

describe('dropping what waits', () => {
  const drop = (ledger: TestLedger, sender: string, more = {}): TestResult =>
    ledger.submit(sender, 'governance.propose', { action: 'changes-drop', ...more });

  it('takes a decision, and lets members go on when a change can never take effect', () => {
    const { ledger, id, vote, decide, roles } = council();
    expect(ledger.submit('north', 'governance.replaceNode', { nodeKey: id('n1'), newNodeKey: id('n4') }).ok).toBe(true);
    ledger.enact();
    const proposed = drop(ledger, 'south');
    expect(proposed.output).toEqual({ proposal: proposed.id, state: 'open' });
    expect(describeNodes(ledger.state)['waiting']).toHaveLength(2);
    expect(vote('west', proposed.id).output).toEqual({ state: 'passed' });
    expect(describeNodes(ledger.state)['waiting']).toEqual([]);
    expect(roles()).toEqual(['n1 voter', 'n2 voter', 'n3 voter', 'n4 learner']);
    expect(
      describeProposal(
        ledger.state,
        present(proposalOf(ledger.state, present(fromHex(proposed.id), 'an id')), 'it'),
        0,
      ),
    ).toEqual(expect.not.objectContaining({ nodeId: expect.anything() }));
    expect(decide('node-remove', 'n4').ok).toBe(true);
    ledger.enact();
    expect(roles()).toEqual(['n1 voter', 'n2 voter', 'n3 voter']);
  });

  it('is refused where nothing waits, when it is proposed and when it is decided', () => {
    const { ledger, vote, decide } = council();
    expect(drop(ledger, 'north').code).toBe('no-change-waits');
    expect(decide('node-remove', 'n1').ok).toBe(true);
    const { id } = drop(ledger, 'north');
    ledger.enact();
    expect(vote('south', id).code).toBe('no-change-waits');
    expect(vote('south', id, false).output).toEqual({ state: 'open' });
  });

  it('needs no room among the changes that wait', () => {
    const { ledger, vote, decide } = council();
    const more = { member: 'north' };
    for (let node = 4; decide('node-add', `n${node}`, more).ok; node++);
    expect(describeNodes(ledger.state)['waiting']).toHaveLength(16);
    expect(vote('south', drop(ledger, 'north').id).output).toEqual({ state: 'passed' });
    expect(ledger.enact()).toBeUndefined();
  });

  it('names no node, and every other change names one', () => {
    const { ledger, id, decide } = council();
    decide('node-remove', 'n3');
    expect(drop(ledger, 'north', { nodeKey: id('n1') }).code).toBe('action-unclear');
    for (const action of ['node-add', 'node-promote', 'node-demote', 'node-remove'])
      expect(ledger.submit('north', 'governance.propose', { action, member: 'north' }).code).toBe('action-unclear');
  });
});

describe('genesis', () => {
  it.each<[string, TestLedgerOptions]>([
    ['a node of nobody', { nodes: { n1: { member: 'east', role: 'voter' } } }],
    ['a threshold of nobody', { parameters: { 'governance.threshold': 0 } }],
    ['a threshold of one among three', { parameters: { 'governance.threshold': 1 } }],
    ['a parameter that there is not', { parameters: { 'governance.treshold': 2 } }],
    ['a threshold above all', { parameters: { 'governance.threshold': 4 } }],
    ['a threshold that is a text', { parameters: { 'governance.threshold': '2' } }],
    ['a negative interval', { parameters: { 'governance.replaceIntervalMs': -1 } }],
    ['too many members', { members: Array.from({ length: 257 }, (_, index) => `m${index}`), nodes: {} }],
    [
      'too many nodes',
      {
        nodes: Object.fromEntries(
          Array.from({ length: 65 }, (_, index) => [`n${index}`, { member: 'north', role: 'voter' }]),
        ),
      },
    ],
  ])('is refused with %s', (_, change) => {
    expect(() => council(change)).toThrow(expect.objectContaining({ code: 'genesis-invalid' }));
  });
});
