import { describe, expect, it } from 'vitest';
import { createdId, credentialsInForce, memberOfKey, nodesOf, waitingChangesOf } from '../../../src/contracts/index.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { type Council, council } from './council.ts';
import { identities } from './identity-support.ts';
import { hourMs } from './support.ts';

const add = ({ did }: Council, member: string, key = member) => {
  return { action: 'member-add', member, governanceKey: did(key) };
};
const remove = (member: string) => ({ action: 'member-remove', member });
const rekey = ({ did }: Council, member: string, key: string) => {
  return { action: 'member-rekey', member, governanceKey: did(key) };
};

describe('members', () => {
  it('are added by the threshold, and speak from then on', () => {
    const given = council();
    expect(given.propose('newcomer', remove('mid')).code).toBe('not-a-member');
    expect(given.decide(add(given, 'newcomer'), 'north', 'south')).toBe('open');
    expect(given.members()).not.toContain('newcomer');
    const proposal = given.ledger.stream('governance').length;
    expect(proposal).toBe(2);
    expect(given.decide(add(given, 'other'), 'west', 'east', 'mid')).toBe('passed');
    expect(given.members()).toEqual(['east', 'mid', 'north', 'other', 'south', 'west']);
    expect(given.propose('other', remove('mid')).ok).toBe(true);
  });

  it('have a name and a key that never were another one’s', () => {
    const given = council();
    expect(given.propose('north', add(given, 'south', 'new')).code).toBe('member-name-used');
    expect(given.propose('north', add(given, 'new', 'south')).code).toBe('governance-key-used');
    expect(given.decide(remove('mid'), 'north', 'south', 'west')).toBe('passed');
    given.ledger.nowMs += hourMs;
    expect(given.propose('north', add(given, 'mid', 'new')).code).toBe('member-name-used');
    expect(given.propose('north', add(given, 'new', 'mid')).code).toBe('governance-key-used');
    expect(given.decide(rekey(given, 'east', 'east-2'), 'north', 'south', 'west')).toBe('passed');
    expect(given.propose('north', rekey(given, 'west', 'east')).code).toBe('governance-key-used');
    expect(given.propose('north', rekey(given, 'gone', 'fresh')).code).toBe('member-unknown');
    expect(given.propose('north', remove('gone')).code).toBe('member-unknown');
    expect(given.propose('north', remove('mid')).code).toBe('member-unknown');
  });

  it('are 256 at most', () => {
    const given = council({
      members: Array.from({ length: 256 }, (_, index) => `m${index}`),
      nodes: { n: { member: 'm0', role: 'voter' } },
    });
    expect(given.propose('m0', add(given, 'one-more')).code).toBe('too-many-members');
  });

  it('that are removed end with their votes, their proposals, their credentials and their nodes', () => {
    const given = council();
    const { ledger, did } = given;
    const agent = ledger.actor('kay');
    ledger.submit('mid', 'credential.issue', { agent: did('kay'), role: 'clinician' });
    const inForce = (): number => credentialsInForce(ledger.state, agent.key, ledger.nowMs).length;
    expect(inForce()).toBe(1);
    const own = given.propose('mid', add(given, 'friend'));
    const voted = given.propose('north', add(given, 'other'));
    given.vote('mid', voted.id);
    expect(given.shown(voted.id)).toMatchObject({ approvals: ['north', 'mid'], state: 'open' });
    expect(given.decide(remove('mid'), 'south', 'west', 'east')).toBe('passed');
    expect(inForce()).toBe(0);
    expect(given.shown(own.id)).toMatchObject({ proposer: 'mid', state: 'expired' });
    expect(given.vote('north', own.id).code).toBe('proposal-closed');
    expect(given.shown(voted.id)).toMatchObject({ approvals: ['north'], state: 'open' });
    expect(given.vote('south', voted.id).output).toEqual({ state: 'open' });
    expect(given.vote('west', voted.id).output).toEqual({ state: 'passed' });
    expect(given.shown(voted.id)).toMatchObject({ approvals: ['north', 'south', 'west'] });
    for (const kind of ['governance.propose', 'credential.issue'])
      expect(
        ledger.submit(
          'mid',
          kind,
          kind === 'credential.issue' ? { agent: did('kay'), role: 'device' } : remove('north'),
        ).code,
      ).toBe('not-a-member');
    expect(waitingChangesOf(ledger.state)).toMatchObject([{ step: 'remove', member: 'mid' }]);
    ledger.enact();
    expect(nodesOf(ledger.state).map(({ member }) => member)).toEqual(['north', 'south', 'west', 'east']);
    // What it proposed is no obstacle for others.
    expect(given.propose('east', add(given, 'friend')).ok).toBe(true);
  });

  it('that are removed leave before all that waits, and what waited about their nodes is dropped', () => {
    const given = council();
    const { ledger, nodeId } = given;
    const by = ['north', 'south', 'west'] as const;
    expect(given.decide({ action: 'node-add', nodeKey: nodeId('x'), member: 'north' }, ...by)).toBe('passed');
    ledger.submit('mid', 'governance.replaceNode', { nodeKey: nodeId('mid-node'), newNodeKey: nodeId('y') });
    expect(waitingChangesOf(ledger.state).map(({ step }) => step)).toEqual(['add', 'add', 'promote', 'remove']);
    expect(given.decide(remove('mid'), ...by)).toBe('passed');
    const waiting = waitingChangesOf(ledger.state).map(({ step, nodeKey }) => [step, encodeNodeId(nodeKey)]);
    expect(waiting[0]).toEqual(['remove', nodeId('mid-node')]);
    while (ledger.enact() !== undefined);
    expect(nodesOf(ledger.state).map(({ member }) => member)).not.toContain('mid');
  });

  it('stay where nobody would be left to decide, or to vote on blocks', () => {
    const alone = council({ members: ['north'] });
    expect(alone.propose('north', remove('north')).code).toBe('last-member');
    const given = council({ nodes: { 'mid-node': { member: 'mid', role: 'voter' } } });
    expect(given.propose('north', remove('mid')).code).toBe('last-voter');
  });

  it('that leave lower the threshold; only an approval passes what is open, never a rejection', () => {
    const given = council();
    const { id } = given.propose('north', add(given, 'other'));
    given.vote('south', id);
    expect(given.decide(remove('mid'), 'north', 'south', 'west')).toBe('passed');
    expect(given.decide(remove('east'), 'north', 'south', 'west')).toBe('passed');
    expect(given.vote('west', id, false).output).toEqual({ state: 'open' });
    expect(given.members()).toEqual(['north', 'south', 'west']);
  });

  it('get another key by the threshold; the former one speaks no more, and its votes do not count', () => {
    const given = council();
    const { ledger, did } = given;
    const voted = given.propose('east', add(given, 'other'));
    given.vote('mid', voted.id);
    expect(given.decide(rekey(given, 'mid', 'mid-2'), 'north', 'south', 'west')).toBe('passed');
    expect(memberOfKey(ledger.state, ledger.actor('mid').keyHex)).toBeUndefined();
    expect(memberOfKey(ledger.state, ledger.actor('mid-2').keyHex)).toBe('mid');
    expect(given.shown(voted.id)).toMatchObject({ approvals: ['east'] });
    expect(given.vote('mid', voted.id, false).code).toBe('not-a-member');
    expect(given.vote('mid-2', voted.id).output).toEqual({ state: 'open' });
    expect(given.shown(voted.id)).toMatchObject({ approvals: ['east', 'mid'] });
    // What it issued is still of the same organisation.
    ledger.submit('mid-2', 'credential.issue', { agent: did('kay'), role: 'clinician' });
    expect(credentialsInForce(ledger.state, ledger.actor('kay').key, ledger.nowMs)).toMatchObject([
      { organisation: 'mid' },
    ]);
  });
});

describe('the governance key of a member', () => {
  it('is no key of a person: not of one that was deactivated, changed its key, or has it since', () => {
    const given = council();
    const { ledger, did } = given;
    const made = identities({ ledger });
    for (const agent of ['kay', 'ray', 'may'])
      createdId(ledger.submit('south', 'credential.issue', { agent: did(agent), role: 'clinician' }), 'credential');
    expect(made.rotate('ray-2', 'ray').ok).toBe(true);
    expect(ledger.submit('kay', 'identity.deactivate', { ifVersion: 0 }).ok).toBe(true);
    for (const key of ['kay', 'ray', 'ray-2']) {
      expect(given.propose('north', rekey(given, 'south', key)).code, key).toBe('governance-key-used');
      expect(given.propose('north', add(given, 'other', key)).code, key).toBe('governance-key-used');
    }
    // A role alone does not hinder: whoever is against the member could give its key one.
    expect(given.decide(rekey(given, 'south', 'may'), 'north', 'west', 'east')).toBe('passed');
  });

  it('is looked at again by the vote that passes', () => {
    const given = council();
    const { ledger, did } = given;
    createdId(ledger.submit('south', 'credential.issue', { agent: did('kay'), role: 'clinician' }), 'credential');
    const proposal = createdId(given.propose('north', rekey(given, 'south', 'kay')), 'proposal');
    given.vote('west', proposal);
    ledger.submit('kay', 'identity.deactivate', { ifVersion: 0 });
    expect(given.vote('east', proposal).code).toBe('governance-key-used');
  });
});

describe('a member is not locked out by a single other', () => {
  const two = { members: ['north', 'south'] };

  it('by removal, by another key, or by removal of its last node', () => {
    const given = council(two);
    const { nodeId } = given;
    const lockOut = [
      remove('south'),
      rekey(given, 'south', 'thief'),
      { action: 'node-remove', nodeKey: nodeId('south-node') },
      { action: 'node-retire', nodeKey: nodeId('south-node') },
    ];
    for (const change of lockOut) {
      const { output, id } = given.propose('north', change);
      expect(output, change.action).toMatchObject({ state: 'open' });
      expect(given.vote('south', id, false).output).toEqual({ state: 'rejected' });
      given.ledger.nowMs += hourMs;
    }
    expect(given.members()).toEqual(['north', 'south']);
    expect(waitingChangesOf(given.ledger.state)).toEqual([]);
    // With its own approval it is done.
    expect(given.decide(rekey(given, 'south', 'south-2'), 'south', 'north')).toBe('passed');
    expect(given.decide(remove('south'), 'south-2', 'north')).toBe('passed');
  });

  it('by a third that the one of two has added, or by anything that it decides alone', () => {
    const given = council({ members: ['north'], parameters: { 'governance.threshold': 1 } });
    expect(given.decide(add(given, 'south'), 'north')).toBe('passed');
    expect(given.decide(add(given, 'sock'), 'north')).toBe('open');
    expect(given.decide({ action: 'role-issuers', role: 'gateway', issuers: ['north'] }, 'north')).toBe('open');
    const threshold = { action: 'parameter-set', parameter: 'governance.threshold', value: 1 };
    expect(given.propose('north', threshold).code).toBe('parameter-out-of-bounds');
    expect(() => council({ ...two, parameters: { 'governance.threshold': 1 } })).toThrow('not a whole number');
  });

  it('by a threshold: among three nobody decides alone, however it came to be three', () => {
    const given = council(two);
    expect(given.decide(add(given, 'west'), 'north', 'south')).toBe('passed');
    expect(given.decide(add(given, 'other'), 'north')).toBe('open');
    const threshold = (value: number) => ({ action: 'parameter-set', parameter: 'governance.threshold', value });
    expect(given.propose('north', threshold(1)).code).toBe('parameter-out-of-bounds');
    expect(given.propose('north', threshold(4)).code).toBe('parameter-out-of-bounds');
    expect(given.decide(threshold(3), 'north', 'south')).toBe('passed');
    expect(given.decide(remove('west'), 'north', 'south')).toBe('open');
  });

  it('as a threshold that is more than the members are is all of them', () => {
    const given = council({ parameters: { 'governance.threshold': 5 } });
    expect(given.decide(remove('mid'), 'north', 'south', 'west', 'east')).toBe('open');
    expect(given.decide(remove('east'), 'north', 'south', 'west', 'mid', 'east')).toBe('passed');
    expect(given.decide(remove('west'), 'north', 'south', 'mid', 'west')).toBe('passed');
  });
});
