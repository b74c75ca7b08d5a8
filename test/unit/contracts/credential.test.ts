import { describe, expect, it } from 'vitest';
import {
  createdId,
  credentialsInForce,
  describeEntry,
  groupsOf,
  type TestResult,
} from '../../../src/contracts/index.ts';
import { hourMs, type World, world } from './support.ts';

function agentOf(given: World, agent: string) {
  const { ledger } = given;
  const { key, keyHex, did } = ledger.actor(agent);
  return {
    roles: () => credentialsInForce(ledger.state, key, ledger.nowMs).map(({ role }) => role),
    groups: () => groupsOf(ledger.state, key, ledger.nowMs),
    history: () => ledger.stream(`credentials:${keyHex}`).map((entry) => describeEntry(entry)),
    issue: (role: string, more: object = {}, member = 'north') =>
      createdId(ledger.submit(member, 'credential.issue', { agent: did, role, ...more }), 'credential'),
    join: (group: string, more: object = {}, member = 'north') =>
      ledger.submit(member, 'credential.joinGroup', { agent: did, group, ...more }),
    leave: (group: string, member = 'north') => ledger.submit(member, 'credential.leaveGroup', { agent: did, group }),
  };
}

const change = (given: World, verb: string, credential: string, member = 'north'): TestResult =>
  given.ledger.submit(member, `credential.${verb}`, { credential });

describe('a credential', () => {
  it('does not count while it is suspended, and its period goes on', () => {
    const given = world();
    const agent = agentOf(given, 'lou');
    const until = given.ledger.nowMs + 10 * hourMs;
    const credential = agent.issue('clinician', { period: { until } });
    expect(agent.roles()).toEqual(['clinician']);
    expect(change(given, 'suspend', credential).ok).toBe(true);
    expect(agent.roles()).toEqual([]);
    expect(change(given, 'suspend', credential).code).toBe('credential-suspended');
    expect(change(given, 'resume', credential).ok).toBe(true);
    expect(agent.roles()).toEqual(['clinician']);
    expect(change(given, 'resume', credential).code).toBe('credential-not-suspended');
    given.ledger.nowMs = until;
    expect(agent.roles()).toEqual([]);
  });

  it('is suspended, resumed and revoked by the member that issued it, and revoked once and for ever', () => {
    const given = world();
    const agent = agentOf(given, 'lou');
    const credential = agent.issue('clinician');
    agent.issue('researcher');
    for (const verb of ['suspend', 'resume', 'revoke']) {
      expect(change(given, verb, credential, 'kay').code, verb).toBe('not-a-member');
      expect(change(given, verb, credential, 'south').code, verb).toBe('credential-not-own');
      expect(change(given, verb, 'ab'.repeat(32)).code, verb).toBe('credential-not-own');
    }
    change(given, 'suspend', credential);
    expect(change(given, 'revoke', credential).ok).toBe(true);
    for (const verb of ['suspend', 'resume', 'revoke'])
      expect(change(given, verb, credential).code, verb).toBe('credential-revoked');
    expect(agent.roles()).toEqual(['researcher']);
    expect(agent.history().map(({ type, credential: id }) => [type, id === credential])).toEqual([
      ['credential-issued', true],
      ['credential-issued', false],
      ['credential-suspended', true],
      ['credential-revoked', true],
    ]);
  });

  it.each(['suspend', 'revoke'])('that ended by %s opens nothing from that block on', (verb) => {
    const given = world();
    const kay = agentOf(given, 'kay').issue('clinician');
    const eve = agentOf(given, 'eve').issue('emergency-physician');
    const gateway = agentOf(given, 'other-gateway').issue('gateway');
    // The ones that the world gave are in the way.
    for (const name of ['kay', 'eve']) {
      const { key } = given.ledger.actor(name);
      const [first] = credentialsInForce(given.ledger.state, key, given.ledger.nowMs);
      change(given, 'revoke', Buffer.from(first?.id ?? []).toString('hex'));
    }
    given.grant({ type: 'permit' });
    const asked = (): unknown => given.access({ gateway: 'other-gateway' }).output?.['decision'];
    expect(asked()).toBe('permit');
    change(given, verb, kay);
    expect(asked()).toBe('deny');
    expect(given.breakGlass().ok).toBe(true);
    change(given, verb, eve);
    expect(given.breakGlass().code).toBe('not-an-emergency-role');
    const bystander = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true };
    expect(given.access(bystander).output?.['decision']).toBe('deny');
    change(given, verb, gateway);
    expect(given.access({ gateway: 'other-gateway' }).code).toBe('not-the-gateway');
  });
});

describe('a group', () => {
  it('has an agent from the beginning to the end of the period, while the organisation credentials it', () => {
    const given = world();
    const { ledger } = given;
    const kay = agentOf(given, 'kay');
    const from = ledger.nowMs + hourMs;
    expect(kay.join('ward-4', { period: { from, until: from + hourMs } }).ok).toBe(true);
    expect(kay.join('on-call').ok).toBe(true);
    expect(kay.groups()).toEqual(['group:north/on-call']);
    ledger.nowMs = from;
    expect(kay.groups()).toEqual(['group:north/ward-4', 'group:north/on-call']);
    ledger.nowMs = from + hourMs;
    expect(kay.groups()).toEqual(['group:north/on-call']);
    const [credential] = credentialsInForce(ledger.state, ledger.actor('kay').key, ledger.nowMs);
    const id = Buffer.from(credential?.id ?? []).toString('hex');
    change(given, 'suspend', id);
    expect(kay.groups()).toEqual([]);
    change(given, 'resume', id);
    expect(kay.groups()).toEqual(['group:north/on-call']);
    change(given, 'revoke', id);
    expect(kay.groups()).toEqual([]);
  });

  it('of another organisation takes no agent that the organisation does not credential', () => {
    const given = world();
    const kay = agentOf(given, 'kay');
    expect(kay.join('team', {}, 'south').ok).toBe(true);
    expect(kay.groups()).toEqual([]);
    kay.issue('organisation', {}, 'south');
    expect(kay.groups()).toEqual(['group:south/team']);
  });

  it('is left when the member takes the agent out, and joined anew with another period', () => {
    const given = world();
    const kay = agentOf(given, 'kay');
    const until = given.ledger.nowMs + hourMs;
    expect(kay.leave('ward-4').code).toBe('not-in-group');
    kay.join('ward-4', { period: { until } });
    kay.join('ward-4');
    given.ledger.nowMs = until;
    expect(kay.groups()).toEqual(['group:north/ward-4']);
    expect(kay.leave('ward-4', 'south').code).toBe('not-in-group');
    expect(kay.leave('ward-4', 'kay').code).toBe('not-a-member');
    expect(kay.join('ward-4', {}, 'kay').code).toBe('not-a-member');
    expect(kay.leave('ward-4').ok).toBe(true);
    expect(kay.groups()).toEqual([]);
    expect(kay.leave('ward-4').code).toBe('not-in-group');
    const at = until;
    const membership = { agent: given.ledger.actor('kay').did, organisation: 'north', group: 'ward-4' };
    expect(kay.history().slice(1)).toEqual([
      { type: 'group-joined', ...membership, from: until - hourMs, until, at: until - hourMs },
      { type: 'group-joined', ...membership, from: until - hourMs, at: until - hourMs },
      { type: 'group-left', ...membership, at },
    ]);
  });

  it('refuses a period that would never hold', () => {
    const given = world();
    const now = given.ledger.nowMs;
    expect(agentOf(given, 'kay').join('ward-4', { period: { until: now } }).code).toBe('period-empty');
  });

  it('counts: 16 of one organisation, and those that ended make room', () => {
    const given = world();
    const kay = agentOf(given, 'kay');
    const until = given.ledger.nowMs + hourMs;
    for (let ward = 0; ward < 16; ward++)
      expect(kay.join(`ward-${ward}`, ward === 0 ? { period: { until } } : {}).ok).toBe(true);
    expect(kay.join('ward-16').code).toBe('too-many-groups');
    expect(kay.join('ward-3').ok).toBe(true);
    expect(kay.join('team', {}, 'south').ok).toBe(true);
    given.ledger.nowMs = until;
    expect(kay.join('ward-16').ok).toBe(true);
    expect(kay.join('ward-17').code).toBe('too-many-groups');
    kay.leave('ward-16');
    expect(kay.join('ward-17').ok).toBe(true);
  });
});
