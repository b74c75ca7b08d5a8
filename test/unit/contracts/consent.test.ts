import { describe, expect, it } from 'vitest';
import { fromHex, present } from '../../../src/base/index.ts';
import { actorsMax, nestedMax } from '../../../src/contracts/consent/provision.ts';
import {
  consentOf,
  consentsOf,
  consentVersionOf,
  createdId,
  describeConsent,
  describeEntry,
} from '../../../src/contracts/index.ts';
import { hex, hourMs, policy, world } from './support.ts';

const idOf = (text: string): Uint8Array => present(fromHex(text), 'an id in hex');

describe('consent.grant', () => {
  it('keeps id, version, who granted with whose hand, and the provision as it was signed', () => {
    const { ledger, grant } = world();
    const ana = ledger.actor('ana');
    const provision = {
      type: 'permit',
      period: { until: ledger.nowMs + hourMs },
      actors: [ledger.actor('kay').did, 'member:north', 'role:clinician'],
      purposes: ['TREAT'],
      actions: ['access', 'use'],
      sealed: hex('scope'),
    };
    const id = grant(provision);
    const consent = present(consentOf(ledger.state, idOf(id)), 'granted');
    const described = describeConsent(consent);
    expect(described).toEqual({
      id,
      version: 1,
      subject: ana.did,
      domain: 'north-records',
      provision,
      nested: [],
      grantedAt: ledger.nowMs,
      keyHolder: 'subject',
    });
    expect(consentsOf(ledger.state, ana.key, 'north-records')).toEqual([consent]);
    const [entry] = ledger.stream(`consents:${ana.keyHex}`);
    expect(describeEntry(entry as Uint8Array)).toMatchObject({ type: 'consent-granted', consent: id, provision });
  });

  it('records that the custodian holds the key, where it does', () => {
    const { ledger } = world();
    const subject = ledger.actor('zoe').did;
    const payload = { domain: 'north-records', subject, chart: hex('zoe'), keyHolder: 'custodian' };
    expect(ledger.submit('north-gateway', 'enrolment.link', payload).ok).toBe(true);
    ledger.submit('zoe', 'consent.grant', { domain: 'north-records', provision: { type: 'permit' } });
    const [consent] = consentsOf(ledger.state, ledger.actor('zoe').key, 'north-records');
    expect(consent?.keyHolder).toBe('custodian');
  });

  const permit = { type: 'permit' };
  it.each<[string, string, object, string]>([
    ['nobody but the subject', 'north', { provision: permit }, 'subject-not-linked'],
    ['a subject in a domain that does not know it', 'ben', { provision: permit }, 'subject-not-linked'],
    ['an unknown domain', 'ana', { domain: 'west', provision: permit }, 'domain-unknown'],
    [
      'an exception inside one that comes after it',
      'ana',
      { provision: permit, nested: [{ parent: 1, type: 'deny' }] },
      'provisions-not-a-tree',
    ],
    [
      'exceptions of exceptions without end',
      'ana',
      { provision: permit, nested: Array.from({ length: 8 }, (_, parent) => ({ parent, type: 'deny' })) },
      'provisions-not-a-tree',
    ],
    [
      'an exception whose period never holds',
      'ana',
      { provision: permit, nested: [{ parent: 0, type: 'deny', period: { from: 5, until: 5 } }] },
      'period-empty',
    ],
    [
      'a group of an unknown organisation',
      'ana',
      { provision: permit, nested: [{ parent: 0, type: 'deny', actors: ['group:west/ward'] }] },
      'actor-unknown',
    ],
    ['a period that never holds', 'ana', { provision: { ...permit, period: { from: 5, until: 5 } } }, 'period-empty'],
    ['an unknown organisation', 'ana', { provision: { ...permit, actors: ['member:west'] } }, 'actor-unknown'],
    [
      'categories in clear where they are sealed',
      'ana',
      { provision: { ...permit, categories: ['imaging'] } },
      'categories-not-open',
    ],
    [
      'two kinds of scope',
      'ana',
      { provision: { ...permit, categories: ['imaging'], sealed: hex('scope') } },
      'scope-twice',
    ],
  ])('refuses %s', (_, sender, change, code) => {
    const { ledger } = world();
    expect(ledger.submit(sender, 'consent.grant', { domain: 'north-records', ...change })).toMatchObject({
      ok: false,
      code,
    });
  });

  it.each<[string, object]>([
    ['an unknown purpose', { purposes: ['HEALING'] }],
    ['an empty list', { actors: [] }],
    ['an unknown role', { actors: ['role:king'] }],
    ['a text-only actor', { actors: ['Dr X'] }],
    ['an unknown element', { labels: ['PSY'] }],
    ['no type', { type: undefined }],
  ])('never takes %s for something it understands', (_, change) => {
    const { ledger } = world();
    const payload = { domain: 'north-records', provision: { type: 'permit', ...change } };
    expect(() => ledger.submit('ana', 'consent.grant', payload)).toThrow('payload of consent.grant at provision');
  });

  it('has room for no more than a decision can read, whatever is granted, amended or put in the place of others', () => {
    const { ledger, grant, access, batch, breakGlass } = world();
    const domain = 'north-records';
    const actors = (place: number): string[] =>
      Array.from({ length: actorsMax }, (_, number) => `group:north/${'a'.repeat(55)}-${place}-${number}`);
    const long = {
      provision: { type: 'permit', actors: actors(0) },
      nested: Array.from({ length: nestedMax }, (_, place) => ({
        parent: 0,
        type: 'permit',
        actors: actors(place + 1),
      })),
    };
    const short = Array.from({ length: 20 }, () => grant({ type: 'permit' }));
    const send = (kind: string, payload: object) => ledger.submit('ana', kind, payload);
    for (const consent of short) {
      send('consent.amend', { consent, ifVersion: 1, ...long });
      send('consent.supersede', { domain, supersedes: [short.at(-1)], ...long });
      send('consent.grant', { domain, ...long });
    }
    expect(send('consent.amend', { consent: short[18], ifVersion: 1, ...long }).code).toBe('too-many-consents');
    const supersede = { domain, supersedes: [short[18]], ...long };
    expect(send('consent.supersede', supersede).code).toBe('too-many-consents');
    expect(send('consent.grant', { domain, ...long }).code).toBe('too-many-consents');
    // To refuse there is room, and whoever comes is decided about: alone, in a batch, in an emergency.
    const groups = Array.from({ length: actorsMax }, (_, number) => `group:north/${'b'.repeat(55)}-${number}`);
    const refusal = { type: 'deny', actors: groups };
    let refusals = 0;
    while (send('consent.refuse', { domain, provision: refusal }).ok) refusals += 1;
    expect(refusals).toBeGreaterThan(16);
    expect(access().output).toMatchObject({ decision: 'permit' });
    expect(batch([{}]).output).toMatchObject({ recorded: 1 });
    expect(breakGlass().ok).toBe(true);
    const emergency = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true };
    expect(access(emergency)).toMatchObject({ ok: true });
    createdId(send('consent.revoke', { consent: short[0] }), 'version');
  });

  it('has room for 64 in force, and again after a revocation', () => {
    const { ledger, grant } = world();
    const ids = Array.from({ length: 64 }, () => grant({ type: 'permit' }));
    const more = () => ledger.submit('ana', 'consent.grant', { domain: 'north-records', provision: { type: 'deny' } });
    expect(more().code).toBe('too-many-consents');
    const refuse = () =>
      ledger.submit('ana', 'consent.refuse', { domain: 'north-records', provision: { type: 'deny' } });
    for (let refusals = 0; refusals < 16; refusals++) createdId(refuse(), 'consent');
    expect(refuse().code).toBe('too-many-consents');
    for (const id of ids.slice(40, 60)) ledger.submit('ana', 'consent.revoke', { consent: id });
    ledger.submit('ana', 'consent.revoke', { consent: ids[3] });
    expect(more().ok).toBe(true);
  });
});

describe('consent.revoke', () => {
  it('works at once, for the subject alone, once', () => {
    const { ledger, grant } = world();
    const ana = ledger.actor('ana');
    const consent = grant({ type: 'permit' });
    const revoke = (sender: string, more = {}) => ledger.submit(sender, 'consent.revoke', { consent, ...more });
    expect(revoke('north').code).toBe('consent-not-own');
    expect(revoke('ben').code).toBe('consent-not-own');
    expect(revoke('ana', { ifVersion: 2 }).code).toBe('version-conflict');
    expect(revoke('ana', { ifVersion: 1 })).toMatchObject({ ok: true, output: { version: 2, held: 'permits' } });
    expect(revoke('ana').code).toBe('consent-revoked');
    expect(consentsOf(ledger.state, ana.key, 'north-records')).toEqual([]);
    expect(consentOf(ledger.state, idOf(consent))).toMatchObject({ version: 2, revokedAt: ledger.nowMs });
    const types = ledger.stream(`consents:${ana.keyHex}`).map((entry) => describeEntry(entry)['type']);
    expect(types).toEqual(['consent-granted', 'consent-revoked']);
  });

  it('works also when the domain has since declared other rules', () => {
    const { ledger, grant } = world({ ...policy, openCategories: true });
    const consent = grant({ type: 'permit', categories: ['imaging'] });
    ledger.submit('north', 'enrolment.domain', { domain: 'north-records', policy, ifVersion: 1 });
    expect(ledger.submit('ana', 'consent.revoke', { consent }).ok).toBe(true);
  });
});

describe('consent.amend', () => {
  const denyTrials = { parent: 0, type: 'deny', purposes: ['CLINTRL'] };

  it('says something else from then on, and keeps what was said before', () => {
    const { ledger, grant, access } = world();
    const consent = grant({ type: 'permit', purposes: ['TREAT'] });
    const amend = (ifVersion: number, purposes: string[], sender = 'ana') =>
      ledger.submit(sender, 'consent.amend', {
        consent,
        ifVersion,
        provision: { type: 'permit', purposes },
        nested: [denyTrials],
      });
    expect(access().output).toMatchObject({ decision: 'permit' });
    expect(amend(1, ['HRESCH'], 'ben').code).toBe('consent-not-own');
    expect(amend(1, ['HRESCH']).output).toEqual({ consent, version: 2 });
    expect(access({ event: 'after' }).output).toMatchObject({ decision: 'deny' });
    expect(amend(1, ['TREAT']).code).toBe('version-conflict');
    const before = consentVersionOf(ledger.state, idOf(consent), 1);
    expect(before).toMatchObject({ version: 1, provision: { purposes: ['TREAT'] }, nested: [] });
    expect(consentVersionOf(ledger.state, idOf(consent), 2)).toMatchObject({ provision: { purposes: ['HRESCH'] } });
    expect(consentVersionOf(ledger.state, idOf(consent), 3)).toBeUndefined();
    ledger.submit('ana', 'consent.revoke', { consent });
    expect(amend(3, ['TREAT']).code).toBe('consent-revoked');
    const types = ledger.stream(`consents:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry)['type']);
    expect(types).toEqual(['consent-granted', 'consent-amended', 'consent-revoked']);
  });
});

describe('consent.refuse', () => {
  it('denies whatever else permits, and never permits itself', () => {
    const { ledger, grant, access } = world();
    grant({ type: 'permit' });
    const refuse = (type: string) =>
      ledger.submit('ana', 'consent.refuse', { domain: 'north-records', provision: { type, purposes: ['TREAT'] } });
    expect(refuse('permit').code).toBe('refusal-permits');
    const refusal = createdId(refuse('deny'), 'consent');
    expect(access().output).toMatchObject({ decision: 'deny', determining: [refusal] });
    expect(ledger.submit('ana', 'consent.revoke', { consent: refusal }).output).toMatchObject({ held: 'denials' });
    expect(access({ event: 'after' }).output).toMatchObject({ decision: 'permit' });
  });
});

describe('consent.supersede', () => {
  it('puts one consent in the place of others, in one step', () => {
    const { ledger, grant, access } = world();
    const old = [grant({ type: 'permit', purposes: ['HRESCH'] }), grant({ type: 'deny', purposes: ['TREAT'] })];
    const supersede = (supersedes: readonly unknown[], sender = 'ana') =>
      ledger.submit(sender, 'consent.supersede', {
        domain: 'north-records',
        supersedes,
        provision: { type: 'permit', purposes: ['TREAT'] },
      });
    expect(supersede([...old, old[0]]).code).toBe('superseded-not-in-force');
    expect(supersede([hex('none')]).code).toBe('superseded-not-in-force');
    expect(supersede(old, 'ben').code).toBe('subject-not-linked');
    const next = createdId(supersede(old), 'consent');
    expect(supersede([old[0]]).code).toBe('superseded-not-in-force');
    expect(access().output).toMatchObject({ decision: 'permit', determining: [next] });
    for (const id of old) {
      expect(consentOf(ledger.state, idOf(id))).toMatchObject({ version: 2, supersededBy: idOf(next) });
      expect(ledger.submit('ana', 'consent.revoke', { consent: id }).code).toBe('consent-revoked');
    }
    const inForce = consentsOf(ledger.state, ledger.actor('ana').key, 'north-records').map(({ id }) => id);
    expect(inForce).toEqual([idOf(next)]);
  });
});
