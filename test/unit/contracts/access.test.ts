import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/index.ts';
import { accessLogOf, accessRequestMessage, describeEntry } from '../../../src/contracts/index.ts';
import { leafHash, MerkleFrontier } from '../../../src/crypto/portable.ts';
import { hex, hourMs, policy, world } from './support.ts';

const asEmergency = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true } as const;

describe('access.record: decision and entry in one', () => {
  it('plays the emergency story: denied, glass broken, read, revoked, denied', () => {
    const { ledger, grant, access, breakGlass } = world();
    expect(access({ ...asEmergency }).output?.['decision']).toBe('deny');
    expect(breakGlass()).toMatchObject({ ok: true, output: { entry: 1 } });
    expect(access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
    const consent = grant({ type: 'permit', purposes: ['TREAT'] });
    expect(access().output).toMatchObject({ decision: 'permit', determining: [consent], entry: 3 });
    expect(ledger.submit('ana', 'consent.revoke', { consent })).toMatchObject({ ok: true, output: { version: 2 } });
    expect(access().output?.['decision']).toBe('deny');
    const log = ledger.stream(`access:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(log.map((entry) => [entry['type'], entry['decision'], entry['reason']])).toEqual([
      ['access-recorded', 'deny', 'implicit-policy'],
      ['glass-broken', undefined, undefined],
      ['access-recorded', 'permit-break-glass', 'break-glass'],
      ['access-recorded', 'permit', 'permit'],
      ['access-recorded', 'deny', 'implicit-policy'],
    ]);
  });

  it('names exact consent versions, rule set, purpose, agent, organisation, time, decision and resource', () => {
    const { ledger, grant, access } = world();
    const consent = grant({ type: 'permit' });
    access({ event: 'one' });
    const [entry] = ledger.stream(`access:${ledger.actor('ana').keyHex}`);
    expect(describeEntry(entry as Uint8Array)).toMatchObject({
      consents: [{ consent, version: 1, results: 1, determining: true }],
      ruleSet: 'assent-rules/1',
      purpose: 'TREAT',
      action: 'access',
      agent: ledger.actor('kay').did,
      gateway: ledger.actor('north-gateway').did,
      organisation: 'north',
      at: ledger.nowMs,
      decision: 'permit',
    });
  });

  it('keeps size, root and peaks of the RFC 9162 tree over the entries in the state', () => {
    const { ledger, access, breakGlass } = world();
    const ana = ledger.actor('ana');
    expect(accessLogOf(ledger.state, ana.key)).toBeUndefined();
    for (let round = 0; round < 4; round++) access();
    breakGlass();
    const frontier = MerkleFrontier.empty();
    for (const entry of ledger.stream(`access:${ana.keyHex}`)) frontier.append(leafHash(entry));
    const log = accessLogOf(ledger.state, ana.key);
    expect(log?.size).toBe(5);
    expect(toHex(log?.root ?? new Uint8Array())).toBe(toHex(frontier.root()));
    expect(log?.peaks.map(toHex)).toEqual(frontier.peaks.map(toHex));
  });

  it('step 0, gate: a denial is a success with its entry, whatever consent says', () => {
    const { ledger, grant, access } = world();
    grant({ type: 'permit' });
    expect(access({ role: 'researcher', purpose: 'HRESCH' }).output).toMatchObject({
      decision: 'deny',
      determining: [],
    });
    expect(access({ purpose: 'HRESCH' }).output?.['decision']).toBe('deny');
    expect(access({ organisation: 'south' }).output?.['decision']).toBe('deny');
    expect(access({ agent: 'nobody' }).output?.['decision']).toBe('deny');
    const log = ledger.stream(`access:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(log.map((entry) => entry['reason'])).toEqual(['gate', 'gate', 'gate', 'gate']);
  });

  it('step 0, gate: a credential that is revoked or over opens nothing', () => {
    const { ledger, grant, access } = world();
    grant({ type: 'permit' });
    const until = ledger.nowMs + hourMs;
    const issued = ledger.submit('south', 'credential.issue', {
      agent: ledger.actor('kay').did,
      role: 'clinician',
      period: { until },
    });
    expect(access({ organisation: 'south' }).output?.['decision']).toBe('permit');
    ledger.nowMs = until;
    expect(access({ organisation: 'south' }).output?.['decision']).toBe('deny');
    ledger.nowMs -= 1;
    ledger.submit('south', 'credential.revoke', { credential: issued.output?.['credential'] });
    expect(access({ organisation: 'south' }).output?.['decision']).toBe('deny');
  });

  it.each([
    ['another gateway', { gateway: 'south-gateway' }, 'not-the-gateway'],
    ['an agent itself', { gateway: 'kay' }, 'not-the-gateway'],
    ['an unknown domain', { domain: 'west-records' }, 'domain-unknown'],
    ['a subject that is not linked', { subject: 'zoe' }, 'subject-not-linked'],
    ['a subject of another custodian', { subject: 'ben' }, 'subject-not-linked'],
    ['a request that another signed', { signedBy: 'rae' }, 'request-signature-invalid'],
    ['an expired request', { validUntil: 1 }, 'request-expired'],
    ['a request for too long', { validUntil: 1_750_000_000_000 + 24 * hourMs + 1 }, 'request-expired'],
    ['a category where they are sealed', { category: 'allergies' }, 'category-not-open'],
  ])('refuses %s', (_, change, code) => {
    const { ledger, access } = world();
    expect(access(change)).toMatchObject({ ok: false, code });
    expect(ledger.stream(`access:${ledger.actor('ana').keyHex}`)).toEqual([]);
  });

  it.each(['its period is over', 'its credential is revoked'])('refuses a gateway when %s', (how) => {
    const { ledger, accessPayload } = world();
    const until = ledger.nowMs + hourMs;
    const { did } = ledger.actor('night-gateway');
    const issued = ledger.submit('north', 'credential.issue', { agent: did, role: 'gateway', period: { until } });
    const record = (event: string) => ledger.submit('night-gateway', 'access.record', accessPayload({ event }));
    expect(record('before').ok).toBe(true);
    if (how === 'its period is over') ledger.nowMs = until;
    else ledger.submit('north', 'credential.revoke', { credential: issued.output?.['credential'] });
    for (const event of ['before', 'after']) expect(record(event).code).toBe('not-the-gateway');
  });

  it('refuses a request whose signature is for another ledger or whose bytes are no request', () => {
    const { ledger, accessPayload } = world();
    const payload = accessPayload();
    expect(ledger.submit('north-gateway', 'access.record', { ...payload, request: 'c0' }).code).toBe(
      'request-malformed',
    );
    expect(ledger.submit('north-gateway', 'access.record', { ...payload, request: 'c1' }).code).toBe(
      'request-malformed',
    );
    const request = fromHex(String(payload['request'])) as Uint8Array;
    const elsewhere = ledger.actor('kay').signer.sign(accessRequestMessage(new Uint8Array(32), request));
    const replayed = { ...payload, requestSignature: toHex(elsewhere) };
    expect(ledger.submit('north-gateway', 'access.record', replayed).code).toBe('request-signature-invalid');
    const flipped = `${String(payload['requestSignature']).slice(0, -2)}00`;
    expect(ledger.submit('north-gateway', 'access.record', { ...payload, requestSignature: flipped }).code).toBe(
      'request-signature-invalid',
    );
  });

  it('takes a retry for what it is, also when consent, window and claims have changed since', () => {
    const { ledger, grant, accessPayload } = world();
    const consent = grant({ type: 'permit', period: { until: ledger.nowMs + hourMs } });
    const results = [{ consent, version: 1, results: 1, namesBreakGlass: false }];
    const asked = { event: 'retried', results, validUntil: ledger.nowMs + hourMs };
    const send = (change = {}) =>
      ledger.submit('north-gateway', 'access.record', accessPayload({ ...asked, ...change }));
    expect(send().output).toEqual({ decision: 'permit', determining: [consent], entry: 0, duplicate: false });
    ledger.nowMs += 48 * hourMs;
    expect(send().output).toEqual({ decision: 'permit', entry: 0, duplicate: true });
    expect(ledger.stream(`access:${ledger.actor('ana').keyHex}`)).toHaveLength(1);
    expect(send({ validUntil: ledger.nowMs + hourMs }).output).toMatchObject({ entry: 0, duplicate: true });
    expect(send({ resource: 'another' }).code).toBe('event-conflict');
  });

  it('makes one entry of one signed request, whichever gateway records it: no custodian can multiply accesses', () => {
    const { ledger, accessPayload } = world();
    const agent = ledger.actor('second-gateway').did;
    ledger.submit('north', 'credential.issue', { agent, role: 'gateway' });
    const payload = accessPayload();
    const send = (gateway: string) => ledger.submit(gateway, 'access.record', payload).output;
    expect(send('north-gateway')).toMatchObject({ entry: 0, duplicate: false });
    expect(send('north-gateway')).toMatchObject({ entry: 0, duplicate: true });
    expect(send('second-gateway')).toMatchObject({ entry: 0, duplicate: true });
    expect(ledger.stream(`access:${ledger.actor('ana').keyHex}`)).toHaveLength(1);
  });

  it('names the resource and the event in the words of the agent: the gateway has none of its own', () => {
    const { ledger, accessPayload } = world();
    for (const field of ['resource', 'eventId'])
      expect(() =>
        ledger.submit('north-gateway', 'access.record', { ...accessPayload(), [field]: '00'.repeat(32) }),
      ).toThrow(field);
    ledger.submit('north-gateway', 'access.record', accessPayload({ event: 'asked', resource: 'chart 7' }));
    const [entry] = ledger.stream(`access:${ledger.actor('ana').keyHex}`);
    expect(describeEntry(entry as Uint8Array)).toMatchObject({ eventId: hex('asked', 16), resource: hex('chart 7') });
  });

  it('keeps events apart by agent', () => {
    const { access } = world();
    expect(access({ event: 'same' }).output).toMatchObject({ entry: 0, duplicate: false });
    expect(access({ event: 'same', agent: 'eve' }).output).toMatchObject({ entry: 1, duplicate: false });
  });
});

describe('access.record: result sets of the gateway', () => {
  const sealed = { sealed: 'ab'.repeat(32) };
  const claim = (consent: string, results: number, more = {}) => {
    return [{ consent, version: 1, results, namesBreakGlass: false, ...more }];
  };

  it('refuses a set that the open clauses do not allow', () => {
    const { grant, access } = world();
    const consent = grant({ type: 'permit', purposes: ['HRESCH'], ...sealed });
    for (const results of [1, 2, 4, 9])
      expect(access({ results: claim(consent, results) }).code).toBe('result-set-not-allowed');
    expect(access({ results: claim(consent, 8) }).ok).toBe(true);
    const open = grant({ type: 'permit' });
    expect(access({ results: claim(open, 5) }).code).toBe('result-set-not-allowed');
    expect(access({ results: [...claim(open, 1), ...claim(open, 1)] }).code).toBe('result-set-twice');
  });

  it('refuses a word about break-glass that the open purposes contradict', () => {
    const { grant, access } = world();
    const consent = grant({ type: 'deny', ...sealed });
    expect(access({ results: claim(consent, 2, { namesBreakGlass: true }) }).code).toBe('result-set-not-allowed');
    expect(access({ results: claim(consent, 2) }).output?.['decision']).toBe('deny');
  });

  it('uses a decided set, and takes a missing or stale one as everything possible', () => {
    const { grant, access } = world();
    const consent = grant({ type: 'permit', ...sealed });
    expect(access({ results: claim(consent, 1) }).output?.['decision']).toBe('permit');
    expect(access({ results: claim(consent, 4) }).output?.['decision']).toBe('deny');
    expect(access({ results: claim(consent, 5) }).output).toMatchObject({
      decision: 'indeterminate',
      determining: [consent],
    });
    expect(access().output?.['decision']).toBe('indeterminate');
    expect(access({ results: claim(consent, 1, { version: 2 }) }).output?.['decision']).toBe('indeterminate');
    expect(access({ results: claim('cd'.repeat(32), 2) }).output?.['decision']).toBe('indeterminate');
  });

  it('evaluates open categories itself, where the domain says so', () => {
    const { grant, access } = world({ ...policy, openCategories: true });
    const consent = grant({ type: 'permit', categories: ['allergies'] });
    expect(access({ category: 'allergies' }).output?.['decision']).toBe('permit');
    expect(access({ category: 'problems' }).output?.['decision']).toBe('deny');
    expect(access({ category: 'problems', results: claim(consent, 1) }).code).toBe('result-set-not-allowed');
    expect(access().output?.['decision']).toBe('indeterminate');
  });
});

describe('access.breakGlass: step 8', () => {
  it.each([
    ['a clinician', {}, 'kay', 'not-an-emergency-role'],
    ['a role that is not held', { role: 'clinician' }, 'eve', 'not-an-emergency-role'],
    ['a role of another organisation', { organisation: 'south' }, 'eve', 'not-an-emergency-role'],
    ['a category outside the default set', { categories: ['imaging'] }, 'eve', 'category-not-of-emergency'],
    ['more than the domain allows', { expiresAt: 1_750_000_000_000 + 4 * hourMs + 1 }, 'eve', 'break-glass-too-long'],
    ['an end that has passed', { expiresAt: 1_750_000_000_000 }, 'eve', 'break-glass-too-long'],
    ['an unknown domain', { domain: 'west-records' }, 'eve', 'domain-unknown'],
    ['a domain without the subject', { domain: 'south-records' }, 'eve', 'subject-not-linked'],
  ])('refuses %s', (_, change, agent, code) => {
    expect(world().breakGlass(change, agent)).toMatchObject({ ok: false, code });
  });

  it('is not allowed where the domain has no emergency policy', () => {
    const { emergency: _, ...without } = policy;
    expect(world(without).breakGlass().code).toBe('break-glass-not-allowed');
  });

  it('ends at its expiry without any transaction, and tells the ledger the deadline', () => {
    const { ledger, access, breakGlass } = world();
    const expiresAt = ledger.nowMs + 2 * hourMs;
    expect(ledger.executor.latestDeadline(ledger.state)).toBeUndefined();
    expect(breakGlass({ expiresAt }).ok).toBe(true);
    expect(ledger.executor.latestDeadline(ledger.state)).toBe(expiresAt);
    ledger.nowMs = expiresAt - 1;
    expect(access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
    ledger.nowMs = expiresAt;
    expect(access({ ...asEmergency }).output?.['decision']).toBe('deny');
  });

  it('opens for its agent, subject, purpose and named categories only', () => {
    const { ledger, access, breakGlass } = world();
    ledger.submit('north', 'credential.issue', { agent: ledger.actor('fay').did, role: 'emergency-physician' });
    breakGlass();
    expect(access({ ...asEmergency, agent: 'fay' }).output?.['decision']).toBe('deny');
    expect(access({ ...asEmergency, purpose: 'TREAT' }).output?.['decision']).toBe('deny');
    expect(access({ ...asEmergency, inEmergencyCategory: false }).output?.['decision']).toBe('deny');
    expect(access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
  });

  it('lets voters check the category themselves where categories are open', () => {
    const { access, breakGlass } = world({ ...policy, openCategories: true });
    breakGlass();
    expect(access({ ...asEmergency, category: 'problems' }).output?.['decision']).toBe('deny');
    expect(access({ ...asEmergency, category: 'allergies' }).output?.['decision']).toBe('permit-break-glass');
  });

  it('honours a denial that names BTG itself, not one by subsumption, unless the law of the domain says otherwise', () => {
    const named = world();
    named.breakGlass();
    named.grant({ type: 'deny', purposes: ['TREAT'] });
    expect(named.access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
    named.grant({ type: 'deny', purposes: ['BTG'] });
    expect(named.access({ ...asEmergency }).output?.['decision']).toBe('deny');
    const lawful = world({ ...policy, emergency: { ...policy.emergency, honourDeny: false } });
    lawful.breakGlass();
    lawful.grant({ type: 'deny', purposes: ['BTG'] });
    expect(lawful.access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
  });

  it('records BTG as such, also where consent would have permitted', () => {
    const { ledger, grant, access, breakGlass } = world();
    grant({ type: 'permit' });
    breakGlass();
    expect(access({ ...asEmergency }).output?.['decision']).toBe('permit');
    const entries = ledger.stream(`access:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(entries[1]).toMatchObject({ purpose: 'BTG', decision: 'permit', reason: 'permit' });
  });

  it('says until when a privacy officer must review it, and takes a retry once', () => {
    const { ledger, breakGlass } = world({ ...policy, reviewDeadlineHours: 12 });
    const change = { eventId: '07'.repeat(16), expiresAt: ledger.nowMs + hourMs };
    expect(breakGlass(change).output).toEqual({ entry: 0, duplicate: false });
    const [entry] = ledger.stream(`access:${ledger.actor('ana').keyHex}`);
    expect(describeEntry(entry as Uint8Array)).toMatchObject({
      reviewBy: ledger.nowMs + 12 * hourMs,
      role: 'emergency-physician',
    });
    ledger.nowMs += 5 * hourMs;
    expect(breakGlass(change).output).toEqual({ entry: 0, duplicate: true });
    expect(breakGlass({ ...change, categories: ['problems'] }).code).toBe('event-conflict');
  });

  it('needs the emergency role in force when the glass is broken, and at each access', () => {
    const { ledger, access, breakGlass } = world();
    const agent = ledger.actor('fay').did;
    const until = ledger.nowMs + hourMs;
    ledger.submit('north', 'credential.issue', { agent, role: 'emergency-physician', period: { until } });
    expect(breakGlass({}, 'fay').ok).toBe(true);
    expect(access({ ...asEmergency, agent: 'fay' }).output?.['decision']).toBe('permit-break-glass');
    ledger.nowMs = until;
    expect(access({ ...asEmergency, agent: 'fay' }).output?.['decision']).toBe('deny');
    expect(breakGlass({}, 'fay').code).toBe('not-an-emergency-role');
  });

  it('needs the emergency role to be the one that is claimed, and BTG as the purpose', () => {
    const { ledger, access, breakGlass } = world();
    ledger.submit('north', 'credential.issue', { agent: ledger.actor('eve').did, role: 'clinician' });
    breakGlass();
    expect(access({ ...asEmergency, role: 'clinician' }).output?.['decision']).toBe('deny');
    expect(access({ ...asEmergency, purpose: 'ERTREAT' }).output?.['decision']).toBe('deny');
  });

  it('ends earlier where the domain has since shortened it, and at once where it no longer allows it', () => {
    const { ledger, access, breakGlass } = world();
    const declare = (ifVersion: number, change: object) =>
      ledger.submit('north', 'enrolment.domain', {
        domain: 'north-records',
        ifVersion,
        policy: { ...policy, ...change },
      });
    breakGlass({ expiresAt: ledger.nowMs + 4 * hourMs });
    expect(declare(1, { emergency: { ...policy.emergency, maxHours: 1 } }).ok).toBe(true);
    ledger.nowMs += hourMs - 1;
    expect(access({ ...asEmergency }).output?.['decision']).toBe('permit-break-glass');
    ledger.nowMs += 1;
    expect(access({ ...asEmergency }).output?.['decision']).toBe('deny');
    ledger.nowMs -= hourMs;
    const { emergency: _, ...without } = policy;
    ledger.submit('north', 'enrolment.domain', { domain: 'north-records', ifVersion: 2, policy: without });
    expect(access({ ...asEmergency }).output?.['decision']).toBe('deny');
  });

  it('can be opened for more while it is open, up to eight at once; the deadline is the latest', () => {
    const { ledger, access, breakGlass } = world({ ...policy, openCategories: true });
    const expiresAt = ledger.nowMs + 3 * hourMs;
    breakGlass({ categories: ['allergies'], expiresAt });
    breakGlass({ categories: ['problems'], expiresAt: ledger.nowMs + hourMs });
    expect(ledger.executor.latestDeadline(ledger.state)).toBe(expiresAt);
    for (const category of ['allergies', 'problems'])
      expect(access({ ...asEmergency, category }).output?.['decision']).toBe('permit-break-glass');
    for (let count = 2; count < 8; count++) expect(breakGlass().ok).toBe(true);
    expect(breakGlass().code).toBe('too-many-openings');
    ledger.nowMs += hourMs;
    expect(breakGlass().ok).toBe(true);
  });
});

describe('the same transactions', () => {
  it('give the same entries, log and state on every ledger', () => {
    const [one, two] = [world(), world()].map(({ ledger, grant, access, breakGlass }) => {
      grant({ type: 'permit', purposes: ['TREAT'], sealed: 'ab'.repeat(32) });
      access();
      access({ ...asEmergency });
      breakGlass();
      access({ ...asEmergency });
      const ana = ledger.actor('ana');
      return { entries: ledger.stream(`access:${ana.keyHex}`), log: accessLogOf(ledger.state, ana.key) };
    });
    expect(one?.entries).toHaveLength(4);
    expect(one).toEqual(two);
  });
});
