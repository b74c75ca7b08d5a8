import { describe, expect, it } from 'vitest';
import {
  credentialsInForce,
  credentialsOf,
  describeCredentials,
  describeDomain,
  describeEntry,
  describeLink,
  domainNamesOf,
  domainOf,
  linkOf,
  memberOfKey,
  testLedger,
} from '../../../src/contracts/index.ts';
import { hex, hourMs, policy, world } from './support.ts';

describe('genesis', () => {
  it('declares members and domains, with what a policy leaves out', () => {
    const { ledger } = world();
    expect(memberOfKey(ledger.state, ledger.actor('north').keyHex)).toBe('north');
    expect(domainNamesOf(ledger.state)).toEqual(['north-records', 'south-records']);
    const domain = domainOf(ledger.state, 'north-records');
    expect(domain && describeDomain(domain)).toMatchObject({
      custodian: 'north',
      version: 1,
      policy: {
        ...policy,
        emergency: { ...policy.emergency, categories: ['allergies', 'problems', 'medications'] },
        openCategories: false,
        reviewDeadlineHours: 72,
        legalBases: [],
      },
    });
  });

  it('declares legal bases, as a custodian can', () => {
    const legalBases = [{ name: 'court', role: 'researcher', purpose: 'HLEGAL', honourDeny: true }];
    const { state } = testLedger({
      members: ['north'],
      domains: { d: { custodian: 'north', policy: { ...policy, legalBases } } },
    });
    const domain = domainOf(state, 'd');
    expect(domain && describeDomain(domain)).toMatchObject({ policy: { legalBases } });
  });

  it.each<[string, object, string]>([
    ['a custodian that is no member', { domains: { d: { custodian: 'west', policy } } }, 'custodian of domain d'],
    ['a member twice', { members: ['north', 'north'] }, 'declared twice'],
    ['a name that is none', { members: ['North!'] }, 'no name of a member'],
  ])('refuses %s', (_, change, problem) => {
    expect(() => testLedger({ members: ['north'], ...change })).toThrow(problem);
  });
});

describe('enrolment.domain', () => {
  it('is declared and changed by its custodian alone, version by version', () => {
    const { ledger } = world();
    const declare = (sender: string, domain: string, ifVersion: number, more = {}) =>
      ledger.submit(sender, 'enrolment.domain', {
        domain,
        ifVersion,
        policy: { ...policy, implicit: 'permit', ...more },
      });
    expect(declare('north', 'north-trials', 0)).toMatchObject({ ok: true, output: { version: 1 } });
    expect(domainNamesOf(ledger.state)).toEqual(['north-records', 'north-trials', 'south-records']);
    expect(declare('north', 'north-records', 1)).toMatchObject({ ok: true, output: { version: 2 } });
    expect(domainOf(ledger.state, 'north-records')).toMatchObject({
      version: 2,
      custodian: 'north',
      policy: { implicit: 'permit' },
    });
    expect(declare('north', 'north-records', 1).code).toBe('version-conflict');
    expect(declare('south', 'north-records', 2).code).toBe('not-the-custodian');
    expect(declare('kay', 'kay-records', 0).code).toBe('not-a-member');
    const legalBases = [{ name: 'court', role: 'researcher', purpose: 'HLEGAL' }];
    expect(declare('north', 'north-records', 2, { legalBases }).output).toEqual({ version: 3 });
    expect(ledger.stream('domain:north-records').map((entry) => describeEntry(entry)['type'])).toEqual([
      'subject-linked',
      'domain-declared',
      'domain-declared',
    ]);
  });
});

describe('room for domains', () => {
  it('is 64 of one member, whatever another declares', () => {
    const { ledger } = world();
    const declare = (member: string, domain: string, ifVersion = 0) =>
      ledger.submit(member, 'enrolment.domain', { domain, policy, ifVersion });
    for (let count = 0; count < 64; count++) expect(declare('south', `south-${count}`).ok).toBe(true);
    expect(declare('south', 'south-64').code).toBe('too-many-domains');
    expect(declare('south', 'south-63', 1).ok).toBe(true);
    expect(declare('north', 'north-0').ok).toBe(true);
  });
});

describe('enrolment.link', () => {
  it('records the chart as a commitment and who holds the key', () => {
    const { ledger } = world();
    const ana = ledger.actor('ana');
    const link = linkOf(ledger.state, 'north-records', ana.key);
    expect(link && describeLink(link)).toMatchObject({
      subject: ana.did,
      chart: hex('chart ana'),
      keyHolder: 'subject',
    });
    expect(linkOf(ledger.state, 'south-records', ana.key)).toBeUndefined();
  });

  it('is for a gateway of the custodian; a person has another identity for each custodian', () => {
    const { ledger } = world();
    const link = (gateway: string, domain: string, subject: string) =>
      ledger.submit(gateway, 'enrolment.link', {
        domain,
        subject: ledger.actor(subject).did,
        chart: hex(subject),
        keyHolder: 'subject',
      });
    expect(link('south-gateway', 'north-records', 'zoe').code).toBe('not-the-gateway');
    expect(link('kay', 'north-records', 'zoe').code).toBe('not-the-gateway');
    expect(link('north', 'north-records', 'zoe').code).toBe('not-the-gateway');
    expect(link('north-gateway', 'west', 'zoe').code).toBe('domain-unknown');
    expect(link('south-gateway', 'south-records', 'ana').code).toBe('subject-linked');
    expect(link('north-gateway', 'north-records', 'zoe').ok).toBe(true);
  });
});

describe('credential', () => {
  it('is issued by a member, holds in its period, and ends when revoked', () => {
    const { ledger } = world();
    const ida = ledger.actor('ida');
    const period = { from: ledger.nowMs + hourMs, until: ledger.nowMs + 2 * hourMs };
    const issued = ledger.submit('south', 'credential.issue', { agent: ida.did, role: 'clinician', period });
    const credential = issued.output?.['credential'];
    expect(describeCredentials(ledger.state, ida.key, period.from)).toEqual({
      credentials: [{ id: credential, role: 'clinician', organisation: 'south', ...period, inForce: true }],
      groups: [],
    });
    const inForceAt = (atMs: number) => credentialsInForce(ledger.state, ida.key, atMs).length;
    expect([period.from - 1, period.from, period.until - 1, period.until].map(inForceAt)).toEqual([0, 1, 1, 0]);
    expect(ledger.submit('north', 'credential.revoke', { credential }).code).toBe('credential-not-own');
    expect(ledger.submit('ida', 'credential.revoke', { credential }).code).toBe('not-a-member');
    expect(ledger.submit('south', 'credential.revoke', { credential }).ok).toBe(true);
    expect(ledger.submit('south', 'credential.revoke', { credential }).code).toBe('credential-revoked');
    expect(credentialsOf(ledger.state, ida.key)).toEqual([]);
    const types = ledger.stream(`credentials:${ida.keyHex}`).map((entry) => describeEntry(entry)['type']);
    expect(types).toEqual(['credential-issued', 'credential-revoked']);
  });

  it.each<[string, string, object, string]>([
    ['by who is no member', 'kay', { role: 'clinician' }, 'not-a-member'],
    ['with an empty period', 'north', { role: 'clinician', period: { from: 2, until: 1 } }, 'period-empty'],
    ['for a time that has passed', 'north', { role: 'clinician', period: { until: 1 } }, 'period-empty'],
    ['for a domain, unless a gateway', 'north', { role: 'clinician', domain: 'north-records' }, 'domain-not-for-role'],
    ['for a domain of another', 'north', { role: 'gateway', domain: 'south-records' }, 'not-the-custodian'],
    ['for an unknown domain', 'north', { role: 'gateway', domain: 'west' }, 'not-the-custodian'],
  ])('is not issued %s', (_, sender, change, code) => {
    const { ledger } = world();
    expect(ledger.submit(sender, 'credential.issue', { agent: ledger.actor('ida').did, ...change }).code).toBe(code);
  });

  it('of a gateway can be for one domain of its member', () => {
    const { ledger } = world();
    ledger.submit('north', 'enrolment.domain', { domain: 'north-trials', policy, ifVersion: 0 });
    const agent = ledger.actor('trial-gateway').did;
    ledger.submit('north', 'credential.issue', { agent, role: 'gateway', domain: 'north-trials' });
    const link = (domain: string) =>
      ledger.submit('trial-gateway', 'enrolment.link', {
        domain,
        subject: ledger.actor('zoe').did,
        chart: hex('zoe'),
        keyHolder: 'proxy',
      });
    expect(link('north-records').code).toBe('not-the-gateway');
    expect(link('north-trials').ok).toBe(true);
  });

  it('leaves room for 16 of a member, whatever another member issues to the same agent', () => {
    const { ledger } = world();
    const agent = ledger.actor('ida').did;
    const issue = (member: string) => ledger.submit(member, 'credential.issue', { agent, role: 'device' });
    for (let count = 0; count < 16; count++) expect(issue('south').ok).toBe(true);
    expect(issue('south').code).toBe('too-many-credentials');
    for (let count = 0; count < 16; count++) expect(issue('north').ok).toBe(true);
    expect(issue('north').code).toBe('too-many-credentials');
  });
});
