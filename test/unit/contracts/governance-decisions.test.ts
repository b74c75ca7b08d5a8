import { describe, expect, it } from 'vitest';
import {
  builtInContracts,
  describeEntry,
  domainOf,
  issuersOf,
  nodesOf,
  ruleSetAt,
  ScratchState,
  type TracingRuleExecutor,
  versionedExecutor,
  waitingChangesOf,
} from '../../../src/contracts/index.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { council } from './council.ts';
import { hex, hourMs, policy } from './support.ts';

const ledgerOf = ({ ledger }: ReturnType<typeof council>) => {
  while (ledger.enact() !== undefined);
  return { nodes: nodesOf(ledger.state).length };
};

const three = ['north', 'south', 'west'] as const;

describe('proposals', () => {
  it('about the same thing are not open at the same time; the second names the first', () => {
    const given = council();
    const { ledger, did } = given;
    const first = given.propose('north', { action: 'member-remove', member: 'mid' });
    const second = { action: 'member-rekey', member: 'mid', governanceKey: did('mid-2') };
    expect(given.propose('mid', second).code).toBe('proposal-conflicts');
    const traced = ledger.explain('mid', 'governance.propose', second).rules.at(-1);
    expect(traced?.saw).toEqual([
      { what: 'proposal', value: first.id },
      { what: 'about', value: 'member:mid' },
    ]);
    expect(given.propose('mid', { action: 'member-remove', member: 'east' }).ok).toBe(true);
    ledger.submit('north', 'governance.withdraw', { proposal: first.id });
    expect(given.propose('mid', second).ok).toBe(true);
  });

  it.each<[string, object, object]>([
    ['a node', { action: 'node-demote', nodeKey: 0 }, { action: 'node-remove', nodeKey: 0 }],
    ['a role', { action: 'role-issuers', role: 'device' }, { action: 'role-issuers', role: 'device', issuers: [] }],
    [
      'a parameter',
      { action: 'parameter-set', parameter: 'governance.proposalPauseMs', value: 1 },
      { action: 'parameter-set', parameter: 'governance.proposalPauseMs' },
    ],
    [
      'a domain',
      { action: 'domain-hand-over', domain: 'north-records', member: 'south' },
      { action: 'domain-hand-over', domain: 'north-records', member: 'west' },
    ],
    [
      'the rules',
      { action: 'rules-activate', ruleSet: 'assent-rules/2', height: 1000 },
      { action: 'rules-activate', ruleSet: 'assent-rules/3', height: 2000 },
    ],
  ])('conflict about %s', (_, first, second) => {
    const given = council();
    const named = (change: object) => ('nodeKey' in change ? { ...change, nodeKey: given.nodeId('mid-node') } : change);
    expect(given.propose('north', named(first)).ok).toBe(true);
    expect(given.propose('south', named(second)).code).toBe('proposal-conflicts');
    given.ledger.nowMs += 7 * 24 * hourMs;
    expect(given.propose('south', named(second)).ok).toBe(true);
  });

  it('that fail make their proposer pause, and nobody else', () => {
    const given = council({ parameters: { 'governance.proposalPauseMs': 60_000 } });
    const change = { action: 'member-remove', member: 'mid' };
    for (const end of ['withdraw', 'reject'] as const) {
      const { id } = given.propose('north', change);
      if (end === 'withdraw') given.ledger.submit('north', 'governance.withdraw', { proposal: id });
      else for (const member of ['mid', 'south', 'west']) given.vote(member, id, false);
      expect(given.propose('north', change).code, end).toBe('proposed-lately');
      given.ledger.nowMs += 59_999;
      expect(given.propose('north', change).code, end).toBe('proposed-lately');
      const { id: another } = given.propose('south', change);
      given.ledger.submit('south', 'governance.withdraw', { proposal: another });
      given.ledger.nowMs += 1;
    }
    expect(given.propose('north', change).ok).toBe(true);
  });

  it.each<[object]>([
    [{ action: 'member-add', member: 'x' }],
    [{ action: 'member-remove' }],
    [{ action: 'member-remove', member: 'mid', role: 'device' }],
    [{ action: 'role-issuers' }],
    [{ action: 'parameter-set', value: 2 }],
    [{ action: 'domain-hand-over', domain: 'north-records' }],
    [{ action: 'rules-activate', ruleSet: 'assent-rules/2' }],
    [{ action: 'rules-cancel', height: 4 }],
    [{ action: 'changes-drop', member: 'mid' }],
  ])('name what their action needs and nothing else: not %o', (change) => {
    expect(council().propose('north', change).code).toBe('action-unclear');
  });

  it('are open for as long as the parameter says', () => {
    const given = council();
    const set = { action: 'parameter-set', parameter: 'governance.proposalValidityMs', value: 2 * hourMs };
    expect(given.decide(set, ...three)).toBe('passed');
    const { id } = given.propose('north', { action: 'member-remove', member: 'mid' });
    given.ledger.nowMs += 2 * hourMs;
    expect(given.vote('south', id).code).toBe('proposal-closed');
  });

  it('are history: who proposed what, who voted how, and what it came to', () => {
    const given = council();
    const { ledger } = given;
    const change = { action: 'role-issuers', role: 'researcher', issuers: ['north'] };
    const { id: proposal } = given.propose('north', change);
    given.vote('south', proposal, false);
    given.vote('west', proposal);
    given.vote('mid', proposal);
    const { id: other } = given.propose('east', { action: 'member-remove', member: 'mid' });
    ledger.submit('east', 'governance.withdraw', { proposal: other });
    ledger.submit('east', 'governance.retireNode', { nodeKey: given.nodeId('east-node') });
    const at = ledger.nowMs;
    expect(ledger.stream('governance').map((entry) => describeEntry(entry))).toEqual([
      { type: 'proposal-made', proposal, proposer: 'north', ...change, state: 'open', at },
      { type: 'vote-cast', proposal, member: 'south', approve: false, state: 'open', at },
      { type: 'vote-cast', proposal, member: 'west', approve: true, state: 'open', at },
      { type: 'vote-cast', proposal, member: 'mid', approve: true, state: 'passed', at },
      {
        type: 'proposal-made',
        proposal: other,
        proposer: 'east',
        action: 'member-remove',
        member: 'mid',
        state: 'open',
        at,
      },
      { type: 'proposal-withdrawn', proposal: other, member: 'east', at },
      { type: 'node-retired', member: 'east', nodeKey: given.nodeId('east-node'), at },
    ]);
  });
});

describe('roles', () => {
  it('are issued by whom the consortium lets, from the decision on', () => {
    const given = council();
    const { ledger, did } = given;
    const issue = (member: string) =>
      ledger.submit(member, 'credential.issue', { agent: did('kay'), role: 'researcher' }).code;
    expect(issue('south')).toBeUndefined();
    const change = { action: 'role-issuers', role: 'researcher', issuers: ['north', 'mid', 'north'] };
    expect(given.decide(change, ...three)).toBe('passed');
    expect(issuersOf(ledger.state, 'researcher')).toEqual(['mid', 'north']);
    expect(issue('south')).toBe('role-not-allowed');
    expect(issue('north')).toBeUndefined();
    expect(ledger.submit('south', 'credential.issue', { agent: did('kay'), role: 'device' }).ok).toBe(true);
    expect(given.decide({ action: 'role-issuers', role: 'researcher' }, ...three)).toBe('passed');
    expect(issue('south')).toBeUndefined();
    expect(given.propose('north', { ...change, issuers: ['nobody'] }).code).toBe('member-unknown');
    expect(given.decide({ ...change, issuers: [] }, ...three)).toBe('passed');
    expect(issue('north')).toBe('role-not-allowed');
  });
});

describe('parameters', () => {
  it.each<[string, number]>([
    ['governance.threshold', 6],
    ['governance.proposalValidityMs', hourMs - 1],
    ['governance.proposalPauseMs', 8 * 24 * hourMs],
    ['governance.replaceIntervalMs', 366 * 24 * hourMs],
    ['domains.breakGlassRequired', 2],
    ['domains.reviewDeadlineHoursMax', 0],
  ])('are bounded: %s is not %i', (parameter, value) => {
    expect(council().propose('north', { action: 'parameter-set', parameter, value }).code).toBe(
      'parameter-out-of-bounds',
    );
  });

  it('bind the policies that custodians state from then on, and go back to their default', () => {
    const given = council();
    const { ledger } = given;
    const { emergency: _, ...closed } = policy;
    const state = (stated: object, ifVersion: number) =>
      ledger.submit('north', 'enrolment.domain', { domain: 'north-records', policy: stated, ifVersion }).code;
    const set = (parameter: string, value?: number) =>
      given.decide({ action: 'parameter-set', parameter, ...(value === undefined ? {} : { value }) }, ...three);
    expect(state(closed, 1)).toBeUndefined();
    expect(set('domains.breakGlassRequired', 1)).toBe('passed');
    expect(set('domains.reviewDeadlineHoursMax', 24)).toBe('passed');
    // What is in force stays until its custodian changes it.
    expect(domainOf(ledger.state, 'north-records')?.policy.emergency).toBeUndefined();
    expect(state({ ...closed, reviewDeadlineHours: 24 }, 2)).toBe('policy-out-of-bounds');
    expect(state({ ...policy, reviewDeadlineHours: 25 }, 2)).toBe('policy-out-of-bounds');
    expect(state({ ...policy, reviewDeadlineHours: 24 }, 2)).toBeUndefined();
    expect(set('domains.breakGlassRequired')).toBe('passed');
    expect(state({ ...closed, reviewDeadlineHours: 24 }, 3)).toBeUndefined();
  });
});

describe('a domain', () => {
  it('is handed to another member that approves, and is that one’s alone from then on', () => {
    const given = council();
    const { ledger, did } = given;
    for (const member of ['north', 'south'])
      ledger.submit(member, 'credential.issue', { agent: did(`${member}-gateway`), role: 'gateway' });
    let charts = 0;
    const link = (gateway: string) => {
      charts += 1;
      const payload = {
        domain: 'north-records',
        subject: did(`subject ${charts}`),
        chart: hex(`chart ${charts}`),
        keyHolder: 'subject',
      };
      return ledger.submit(gateway, 'enrolment.link', payload).code;
    };
    const handOver = { action: 'domain-hand-over', domain: 'north-records', member: 'south' };
    expect(link('north-gateway')).toBeUndefined();
    const { id } = given.propose('east', handOver);
    for (const member of ['west', 'mid']) expect(given.vote(member, id).output).toEqual({ state: 'open' });
    expect(given.vote('south', id).output).toEqual({ state: 'passed' });
    expect(domainOf(ledger.state, 'north-records')).toMatchObject({ custodian: 'south', version: 1, policy });
    expect(link('north-gateway')).toBe('not-the-gateway');
    expect(link('south-gateway')).toBeUndefined();
    const restate = (member: string) =>
      ledger.submit(member, 'enrolment.domain', { domain: 'north-records', policy, ifVersion: 1 }).code;
    expect(restate('north')).toBe('not-the-custodian');
    expect(restate('south')).toBeUndefined();
    expect(given.propose('north', handOver).code).toBe('already-the-custodian');
    expect(given.propose('north', { ...handOver, domain: 'nowhere' }).code).toBe('domain-unknown');
    expect(given.propose('north', { ...handOver, member: 'nobody' }).code).toBe('member-unknown');
  });

  it('is rejected with the member that should take it over', () => {
    const given = council();
    const { id } = given.propose('east', { action: 'domain-hand-over', domain: 'north-records', member: 'south' });
    expect(given.vote('south', id, false).output).toEqual({ state: 'rejected' });
  });
});

describe('a version of the rules', () => {
  const activate = (height: number, ruleSet = 'assent-rules/2') => ({ action: 'rules-activate', ruleSet, height });

  it('is activated at a height that lies ahead, one at a time, and never comes back', () => {
    const given = council();
    const { ledger } = given;
    expect(ruleSetAt(ledger.state, 1_000_000)).toBe('assent-rules/1');
    expect(given.propose('north', activate(ledger.height)).code).toBe('height-passed');
    expect(given.propose('north', activate(99, 'assent-rules/1')).code).toBe('rule-set-used');
    const height = ledger.height + 10;
    expect(given.decide(activate(height), ...three)).toBe('passed');
    expect(given.propose('north', activate(99, 'assent-rules/3')).code).toBe('activation-waits');
    expect(ruleSetAt(ledger.state, height - 1)).toBe('assent-rules/1');
    expect(ruleSetAt(ledger.state, height)).toBe('assent-rules/2');
    expect(given.decide({ action: 'rules-cancel' }, ...three)).toBe('passed');
    expect(ruleSetAt(ledger.state, height)).toBe('assent-rules/1');
    expect(given.propose('north', { action: 'rules-cancel' }).code).toBe('no-activation-waits');
    expect(given.decide(activate(ledger.height + 4), ...three)).toBe('passed');
  });

  it('is the one that executes from that height on, in a program that has it', () => {
    const given = council();
    const { ledger } = given;
    const result = { ok: false, code: 'second', rule: 'second', sentence: 'Of the second version.' } as const;
    const next = { ...ledger.executor, ruleSet: 'assent-rules/2', execute: () => ({ result, index: [] }) };
    const height = ledger.height + 10;
    expect(given.decide(activate(height), ...three)).toBe('passed');
    const { ledgerId, nowMs } = ledger;
    const payload = builtInContracts.payloadFromJson('governance.propose', { action: 'rules-cancel' });
    const { key: sender } = ledger.actor('kay');
    const transaction = { id: sender, kind: 'governance.propose', sender, validUntil: nowMs, payload, byteLength: 200 };
    const codeAt = (executor: TracingRuleExecutor, blockHeight: number): string | undefined => {
      const block = { ledgerId, height: blockHeight, timestamp: nowMs };
      const executed = executor.execute(transaction, new ScratchState(ledger.state), block).result;
      return executed.ok ? undefined : executed.code;
    };
    const updated = versionedExecutor([ledger.executor, next], ruleSetAt);
    expect([height - 1, height].map((at) => codeAt(updated, at))).toEqual(['not-a-member', 'second']);
    const old = versionedExecutor([ledger.executor], ruleSetAt);
    expect(codeAt(old, height - 1)).toBe('not-a-member');
    expect(() => codeAt(old, height)).toThrow(expect.objectContaining({ code: 'rule-set-missing' }));
    expect(old.versions?.get('assent-rules/2')).toBeUndefined();
    expect(updated.versions?.get('assent-rules/2')).toBe(next);
  });

  it('is not activated by a vote that comes when the height has passed', () => {
    const given = council();
    const { id } = given.propose('north', activate(given.ledger.height + 3));
    given.vote('south', id);
    given.vote('mid', id, false);
    expect(given.vote('west', id).code).toBe('height-passed');
    expect(given.vote('west', id, false).output).toEqual({ state: 'open' });
  });
});

describe('a node whose key is in the wrong hands', () => {
  const steps = ({ ledger }: ReturnType<typeof council>) =>
    waitingChangesOf(ledger.state).map(({ step, nodeKey }) => [step, encodeNodeId(nodeKey)]);

  it('is retired by its member at once, as often as it must, before all that waits', () => {
    const given = council();
    const { ledger, nodeId } = given;
    expect(given.decide({ action: 'node-add', nodeKey: nodeId('x'), member: 'mid' }, ...three)).toBe('passed');
    const replace = { nodeKey: nodeId('mid-node'), newNodeKey: nodeId('y') };
    expect(ledger.submit('mid', 'governance.replaceNode', replace).ok).toBe(true);
    const retire = (member: string, node: string) =>
      ledger.submit(member, 'governance.retireNode', { nodeKey: nodeId(node) }).code;
    expect(retire('kay', 'mid-node')).toBe('not-a-member');
    expect(retire('north', 'mid-node')).toBe('not-your-node');
    expect(retire('mid', 'y')).toBe('node-unknown');
    expect(retire('mid', 'mid-node')).toBeUndefined();
    expect(steps(given)).toEqual([
      ['remove', nodeId('mid-node')],
      ['add', nodeId('x')],
      ['add', nodeId('y')],
      ['promote', nodeId('y')],
    ]);
    while (ledger.enact() !== undefined);
    expect(retire('mid', 'x')).toBeUndefined();
    expect(retire('mid', 'y')).toBeUndefined();
    while (ledger.enact() !== undefined);
    expect(nodesOf(ledger.state).map(({ member }) => member)).not.toContain('mid');
    expect(given.propose('north', { action: 'node-add', nodeKey: nodeId('y'), member: 'mid' }).code).toBe(
      'key-retired',
    );
  });

  it('stays where it is the last voter, now or when what waits has taken effect', () => {
    const nodes = {
      'mid-node': { member: 'mid', role: 'voter' },
      'south-node': { member: 'south', role: 'voter' },
    } as const;
    const given = council({ nodes });
    const { ledger, nodeId } = given;
    expect(given.decide({ action: 'node-demote', nodeKey: nodeId('south-node') }, ...three)).toBe('passed');
    const retire = () => ledger.submit('mid', 'governance.retireNode', { nodeKey: nodeId('mid-node') }).code;
    expect(retire()).toBe('last-voter');
    ledger.enact();
    expect(retire()).toBe('last-voter');
    const byVote = { action: 'node-retire', nodeKey: nodeId('mid-node') };
    expect(given.propose('north', byVote).code).toBe('last-voter');
  });

  it('is taken out by the threshold, before all that waits', () => {
    const given = council();
    const { nodeId } = given;
    expect(given.decide({ action: 'node-add', nodeKey: nodeId('x'), member: 'north' }, ...three)).toBe('passed');
    expect(given.propose('north', { action: 'node-retire', nodeKey: nodeId('x') }).code).toBe('node-unknown');
    expect(given.decide({ action: 'node-retire', nodeKey: nodeId('mid-node') }, ...three)).toBe('passed');
    expect(steps(given)).toEqual([
      ['remove', nodeId('mid-node')],
      ['add', nodeId('x')],
    ]);
  });

  it('is retired also where 16 changes wait', () => {
    const given = council();
    const { nodeId } = given;
    for (let count = 0; count < 16; count++)
      expect(given.decide({ action: 'node-add', nodeKey: nodeId(`x${count}`), member: 'north' }, ...three)).toBe(
        'passed',
      );
    const more = { action: 'node-add', nodeKey: nodeId('x16'), member: 'north' };
    expect(given.propose('north', more).code).toBe('changes-waiting-full');
    const retire = { nodeKey: nodeId('mid-node') };
    expect(given.ledger.submit('mid', 'governance.retireNode', retire).ok).toBe(true);
    expect(given.decide({ action: 'member-remove', member: 'east' }, ...three)).toBe('passed');
    expect(given.propose('north', more).code).toBe('changes-waiting-full');
    const { nodes } = ledgerOf(given);
    expect(nodes).toBe(3 + 16);
  });
});
