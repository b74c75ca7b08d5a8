import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import {
  accessLogOf,
  batchEntriesMax,
  builtInContracts,
  describeEntry,
  sealAccessBatch,
  type TestResult,
} from '../../../src/contracts/index.ts';
import { encodeCanonical, ledgerLimits } from '../../../src/contracts/ledger-types.ts';
import { leafHash, merkleRoot } from '../../../src/crypto/portable.ts';
import { identities } from './identity-support.ts';
import { type Access, hex, hourMs, policy, type World, world } from './support.ts';

type Asked = Partial<Access>;

const patients = ['ana', 'zoe', 'max'];

/** As {@link world}, with more patients of north, each with a consent of another shape. */
function hospital(): World & { readonly consents: Readonly<Record<string, string>> } {
  const made = world({ ...policy, openCategories: false });
  const { ledger } = made;
  for (const patient of patients.slice(1)) {
    const payload = { domain: 'north-records', subject: ledger.actor(patient).did, chart: hex(`chart ${patient}`) };
    ledger.submit('north-gateway', 'enrolment.link', { ...payload, keyHolder: 'subject' });
  }
  const granted = (patient: string, provision: object): string => {
    const sent = ledger.submit(patient, 'consent.grant', { domain: 'north-records', provision });
    return String(sent.output?.['consent']);
  };
  const consents = {
    ana: granted('ana', { type: 'permit', purposes: ['TREAT'], sealed: hex('scope') }),
    zoe: granted('zoe', { type: 'deny', purposes: ['TREAT'] }),
  };
  made.breakGlass({ categories: ['allergies'] });
  return { ...made, consents };
}

const outcomesOf = (result: TestResult): unknown[] => result.output?.['outcomes'] as unknown[];
const placesOf = (result: TestResult): unknown[] => result.output?.['entries'] as unknown[];

/** What a log says, but for what belongs to the transaction that carried it. */
function logOf({ ledger }: World, patient: string): Record<string, unknown>[] {
  return ledger.stream(`access:${ledger.actor(patient).keyHex}`).map((bytes) => {
    const { transaction: _transaction, batchPlace: _batchPlace, ...entry } = describeEntry(bytes);
    return entry;
  });
}

/** The log in the state is the RFC 9162 tree over the entries in the stream. */
function expectLogsWhole({ ledger }: World): void {
  for (const patient of patients) {
    const { key, keyHex } = ledger.actor(patient);
    const leaves = ledger.stream(`access:${keyHex}`).map(leafHash);
    const log = accessLogOf(ledger.state, key);
    expect([log?.size ?? 0, log && toHex(log.root)]).toEqual([leaves.length, log && toHex(merkleRoot(leaves))]);
  }
}

describe('access.recordBatch: many decisions and their entries in one', () => {
  it('decides each as access.record does, denials included, in the order of the batch', () => {
    const { ledger, batch, consents } = hospital();
    const claim = { consent: consents.ana, version: 1, results: 1, namesBreakGlass: false };
    const emergency = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true };
    const sent = batch([
      { results: [claim] },
      { subject: 'zoe' },
      { subject: 'max' },
      {},
      emergency,
      { agent: 'rae', role: 'researcher', purpose: 'HRESCH' },
      { results: [claim] },
    ]);
    expect(sent.output).toEqual({
      recorded: 7,
      duplicates: 0,
      refused: 0,
      outcomes: ['permit', 'deny', 'deny', 'indeterminate', 'permit-break-glass', 'deny', 'permit'],
      entries: [1, 0, 0, 2, 3, 4, 5],
    });
    const log = ledger.stream(`access:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
    expect(log.slice(1).map((entry) => [entry['decision'], entry['reason'], entry['batchPlace']])).toEqual([
      ['permit', 'permit', 0],
      ['indeterminate', 'undecided', 3],
      ['permit-break-glass', 'break-glass', 4],
      ['deny', 'gate', 5],
      ['permit', 'permit', 6],
    ]);
    expect(log[1]).toMatchObject({
      gateway: ledger.actor('north-gateway').did,
      agent: ledger.actor('kay').did,
      consents: [{ consent: consents.ana, version: 1, results: 1, determining: true }],
      transaction: sent.id,
      at: ledger.nowMs,
    });
  });

  it('records the others where one conflicts or is not permitted, and says which and why', () => {
    const { batch, access, consents } = hospital();
    access({ event: 'taken', resource: 'one thing' });
    const claim = { consent: consents.ana, version: 1, results: 2, namesBreakGlass: false };
    const sent = batch([
      { event: 'fine' },
      { event: 'taken', resource: 'another thing' },
      { subject: 'ben' },
      { category: 'allergies' },
      { results: [claim, claim] },
      { results: [claim] },
      { event: 'twice', resource: 'one' },
      { event: 'twice', resource: 'two' },
      { event: 'twice', resource: 'one' },
      { event: 'fine too' },
    ]);
    expect(sent.output).toMatchObject({ recorded: 3, duplicates: 1, refused: 6 });
    expect(outcomesOf(sent)).toEqual([
      'indeterminate',
      'event-conflict',
      'subject-not-linked',
      'category-not-open',
      'result-set-twice',
      'result-set-not-allowed',
      'indeterminate',
      'event-conflict',
      'indeterminate',
      'indeterminate',
    ]);
    expect(placesOf(sent)).toEqual([2, -1, -1, -1, -1, -1, 3, -1, 3, 4]);
  });

  it('does not judge a retry anew, but for what it says itself and who asks', () => {
    const made = hospital();
    const { ledger, batch, consents } = made;
    const claim = { consent: consents.ana, version: 1, results: 1, namesBreakGlass: false };
    const known = { event: 'known', resource: 'r', results: [claim] };
    expect(batch([known]).output).toMatchObject({ recorded: 1, outcomes: ['permit'] });
    // What the consent says now would not allow the claim, and a category is not open.
    expect(batch([{ ...known, results: [{ ...claim, results: 2 }], category: 'allergies' }]).output).toMatchObject({
      duplicates: 1,
      outcomes: ['permit'],
    });
    expect(outcomesOf(batch([{ ...known, results: [claim, claim] }]))).toEqual(['result-set-twice']);
    const unlinked = { domain: 'north-records', subject: ledger.actor('ana').did, reason: hex('moved') };
    expect(ledger.submit('north-gateway', 'enrolment.unlink', unlinked).ok).toBe(true);
    expect(batch([known]).output).toMatchObject({ duplicates: 1, outcomes: ['permit'] });
    ledger.submit('kay', 'identity.deactivate', { ifVersion: 0 });
    expect(outcomesOf(batch([known]))).toEqual(['agent-deactivated']);
  });

  it('has each word of a category under its root', () => {
    const made = world({ ...policy, openCategories: true });
    const payload = made.batchPayload([{ category: 'allergies' }]);
    const accesses = (payload['accesses'] as object[]).map((one) => ({ ...one, category: 'problems' }));
    const send = (sent: object) => made.ledger.submit('north-gateway', 'access.recordBatch', sent);
    expect(send({ ...payload, accesses }).code).toBe('batch-root-wrong');
    expect(send(payload).output).toMatchObject({ recorded: 1 });
  });

  it('finds the event of an access that was recorded alone, and the other way round', () => {
    const { batch, access } = hospital();
    access({ event: 'alone', resource: 'r' });
    expect(batch([{ event: 'alone', resource: 'r' }]).output).toMatchObject({ duplicates: 1, entries: [1] });
    expect(batch([{ event: 'batched', resource: 'r' }]).output).toMatchObject({ recorded: 1, entries: [2] });
    expect(access({ event: 'batched', resource: 'r' }).output).toMatchObject({ duplicate: true, entry: 2 });
    expect(access({ event: 'batched', resource: 's' }).code).toBe('event-conflict');
  });

  it('a gateway cannot use up an event id that an agent has for another domain, or for what it sends itself', () => {
    const { ledger, batch, access, breakGlass } = hospital();
    const elsewhere = { subject: 'ben', domain: 'south-records' };
    const claims = [
      { ...elsewhere, event: 'asked' },
      { ...elsewhere, agent: 'eve', event: 'glass' },
    ];
    expect(batch(claims, 'south-gateway').output).toMatchObject({ recorded: 2 });
    expect(access({ event: 'asked' }).output).toMatchObject({ duplicate: false });
    expect(
      batch([
        { agent: 'eve', event: 'glass' },
        { agent: 'ana', event: 'dispute' },
      ]).output,
    ).toMatchObject({
      recorded: 2,
    });
    expect(breakGlass({ eventId: hex('glass', 16) }).output).toMatchObject({ duplicate: false });
    const dispute = {
      eventId: hex('dispute', 16),
      domain: 'north-records',
      subject: ledger.actor('ana').did,
      entry: 0,
    };
    expect(ledger.submit('ana', 'access.dispute', { ...dispute, reason: hex('why') }).ok).toBe(true);
  });

  it('takes the gateway’s signature by the key that is its own now, and nothing of an agent that is no more', () => {
    const { ledger, batch, batchPayload } = hospital();
    ledger.submit('kay', 'identity.deactivate', { ifVersion: 0 });
    expect(outcomesOf(batch([{ event: 'late' }, { agent: 'rae' }]))).toEqual(['agent-deactivated', 'deny']);
    identities({ ledger }).rotate('gateway-2', 'north-gateway');
    expect(batch([{ agent: 'rae' }]).code).toBe('batch-signature-invalid');
    const { root: _root, signature: _signature, ...content } = batchPayload([{ agent: 'rae' }]);
    const sealed = sealAccessBatch(ledger.ledgerId, ledger.actor('gateway-2').signer, content);
    expect(ledger.submit('north-gateway', 'access.recordBatch', sealed).output).toMatchObject({ recorded: 1 });
  });

  it.each<[string, (made: World) => TestResult, string]>([
    ['of a domain that nobody has', (made) => made.batch([{ domain: 'nowhere' }]), 'domain-unknown'],
    ['of another hospital’s gateway', (made) => made.batch([{}], 'south-gateway'), 'not-the-gateway'],
    ['that names an asker it does not list', (made) => resealed(made, { asker: 1 }), 'batch-malformed'],
    ['whose root is of other entries', (made) => changed(made, { root: hex('other') }), 'batch-root-wrong'],
    ['with another resource than the root says', (made) => changed(made, { item: true }), 'batch-root-wrong'],
    ['with another claim than the root says', (made) => changed(made, { claim: true }), 'batch-root-wrong'],
    ['that another gateway signed', (made) => changed(made, { signer: 'south-gateway' }), 'batch-signature-invalid'],
    ['that is signed for another ledger', (made) => changed(made, { ledger: true }), 'batch-signature-invalid'],
  ])('refuses a batch %s', (_, send, code) => {
    const made = hospital();
    const before = logOf(made, 'ana');
    expect(send(made)).toMatchObject({ ok: false, code });
    expect(logOf(made, 'ana')).toEqual(before);
  });

  it('refuses a gateway whose credential is over', () => {
    const { ledger, batch } = hospital();
    const until = ledger.nowMs + hourMs;
    const { did } = ledger.actor('night-gateway');
    ledger.submit('north', 'credential.issue', { agent: did, role: 'gateway', period: { until } });
    expect(batch([{ validUntil: until }], 'night-gateway').ok).toBe(true);
    ledger.nowMs = until;
    expect(batch([{ validUntil: until }], 'night-gateway').code).toBe('not-the-gateway');
  });

  it('takes a thousand entries, each of another patient with a consent of its own, within its bounds, and no more', () => {
    const { ledger } = world();
    const { signer } = ledger.actor('north-gateway');
    const accesses = Array.from({ length: batchEntriesMax }, (_, number) => {
      const { did: subject } = ledger.actor(`patient ${number}`);
      const domain = 'north-records';
      ledger.submit('north-gateway', 'enrolment.link', { domain, subject, chart: hex(subject), keyHolder: 'subject' });
      const provision = { type: 'permit', purposes: ['TREAT'], sealed: hex(subject) };
      const granted = ledger.submit(`patient ${number}`, 'consent.grant', { domain, provision });
      const results = [{ consent: granted.output?.['consent'], version: 1, results: 1, namesBreakGlass: false }];
      const items = [{ eventId: hex(subject, 16), resource: hex('resource'), request: hex('request') }];
      return { asker: number % 40, subject, results, inEmergencyCategory: false, items };
    });
    const askers = Array.from({ length: 40 }, (_, number) => {
      const { did: agent } = ledger.actor(number === 0 ? 'kay' : `clinician ${number}`);
      return { agent, role: 'clinician', organisation: 'north', purpose: 'TREAT', action: 'access' };
    });
    const content = { domain: 'north-records', askers, accesses };
    const payload = sealAccessBatch(ledger.ledgerId, signer, content);
    const wire = builtInContracts.payloadFromJson('access.recordBatch', payload);
    expect(encodeCanonical(wire).length).toBeLessThan(ledgerLimits.largeTransactionBytesMax - 1024);
    const sent = ledger.submit('north-gateway', 'access.recordBatch', payload);
    expect(sent.output).toMatchObject({ recorded: 1000, duplicates: 0, refused: 0 });
    expect(outcomesOf(sent)).toEqual(accesses.map(({ asker }) => (asker === 0 ? 'permit' : 'deny')));
    const [first, ...others] = accesses;
    const twice = [...(first?.items ?? []), { eventId: hex('more', 16), resource: hex('more'), request: hex('more') }];
    const more = sealAccessBatch(ledger.ledgerId, signer, {
      ...content,
      accesses: [{ ...first, items: twice }, ...others],
    });
    expect(ledger.submit('north-gateway', 'access.recordBatch', more).code).toBe('batch-malformed');
  }, 60_000);
});

function resealed(made: World, access: object): TestResult {
  const { root: _root, signature: _signature, ...content } = made.batchPayload([{}]);
  // Nothing can be sealed that names no asker: the root and signature of the right one stand in.
  const sealed = sealAccessBatch(made.ledger.ledgerId, made.ledger.actor('north-gateway').signer, content);
  const accesses = (content['accesses'] as object[]).map((right) => ({ ...right, ...access }));
  return made.ledger.submit('north-gateway', 'access.recordBatch', { ...sealed, accesses });
}

interface Change {
  readonly root?: string;
  readonly item?: boolean;
  readonly claim?: boolean;
  readonly signer?: string;
  readonly ledger?: boolean;
}

function changed(made: World, { root, item, claim, signer = 'north-gateway', ledger }: Change): TestResult {
  const payload = made.batchPayload([{}, { subject: 'zoe' }]);
  const { root: _root, signature: _signature, ...content } = payload;
  const elsewhere = ledger === true ? new Uint8Array(32) : made.ledger.ledgerId;
  const sealed = sealAccessBatch(elsewhere, made.ledger.actor(signer).signer, content);
  const [first, ...others] = content['accesses'] as { items: object[] }[];
  const items = first?.items.map((right) => ({ ...right, ...(item && { resource: hex('something else') }) }));
  const accesses = [{ ...first, items, ...(claim && { inEmergencyCategory: true }) }, ...others];
  return made.ledger.submit('north-gateway', 'access.recordBatch', { ...sealed, accesses, ...(root && { root }) });
}

/** Accesses of all kinds, few events among them, so that some are retries and some conflicts. */
const asked: fc.Arbitrary<Asked> = fc.record(
  {
    agent: fc.constantFrom('kay', 'eve', 'rae', 'nobody'),
    role: fc.constantFrom('clinician', 'emergency-physician', 'researcher'),
    purpose: fc.constantFrom('TREAT', 'BTG', 'HRESCH'),
    subject: fc.constantFrom(...patients, 'ben'),
    event: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    resource: fc.constantFrom('one', 'two'),
    inEmergencyCategory: fc.boolean(),
    category: fc.constantFrom(undefined, undefined, undefined, 'allergies'),
    results: fc.array(
      fc.record({
        consent: fc.constantFrom(hex('none'), 'ana', 'zoe'),
        version: fc.constantFrom(1, 2),
        results: fc.constantFrom(1, 2, 4, 5, 15),
        namesBreakGlass: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ['agent', 'role', 'purpose', 'subject', 'event', 'resource'] },
);

/** Names of patients in claims stand for their consents. */
function withConsents({ consents }: ReturnType<typeof hospital>, access: Asked): Asked {
  const results = access.results?.map((claim) => ({
    ...claim,
    consent: consents[String(claim['consent'])] ?? claim['consent'],
  }));
  return { ...access, ...(results && { results }) };
}

/** Cuts a list in pieces at these places. */
function cut<T>(list: readonly T[], places: readonly number[]): T[][] {
  const ends = [...new Set(places.map((place) => place % (list.length + 1)))].sort((a, b) => a - b);
  return [...ends, list.length]
    .map((end, index) => list.slice(ends[index - 1] ?? 0, end))
    .filter(({ length }) => length);
}

describe('a batch is the same as its entries one by one', () => {
  const list = fc.array(asked, { minLength: 1, maxLength: 12 });
  const places = fc.array(fc.nat(), { maxLength: 4 });

  it('decides, records and refuses as access.record does, however the batches are cut', () => {
    fc.assert(
      fc.property(list, places, (accesses, ends) => {
        const [alone, batched] = [hospital(), hospital()];
        const single = accesses.map((access) => alone.access(withConsents(alone, access)));
        const batches = cut(accesses, ends).map((piece) =>
          batched.batch(piece.map((access) => withConsents(batched, access))),
        );
        expect(batches.flatMap(outcomesOf)).toEqual(single.map((sent) => sent.output?.['decision'] ?? sent.code));
        expect(batches.flatMap(placesOf)).toEqual(single.map((sent) => sent.output?.['entry'] ?? -1));
        for (const patient of patients) expect(logOf(batched, patient)).toEqual(logOf(alone, patient));
        expectLogsWhole(batched);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('a retry that is cut otherwise adds nothing, loses nothing, and is told the same', () => {
    fc.assert(
      fc.property(list, places, places, (accesses, first, second) => {
        const made = hospital();
        const named = accesses.map((access) => withConsents(made, access));
        const before = cut(named, first).map((piece) => made.batch(piece));
        const logs = patients.map((patient) => logOf(made, patient));
        made.ledger.nowMs += 1000;
        const again = cut(named, second).map((piece) => made.batch(piece));
        const [outcomes, places] = [before.flatMap(outcomesOf), before.flatMap(placesOf)];
        const isRecorded = (_: unknown, entry: number): boolean => places[entry] !== -1;
        expect(again.flatMap(outcomesOf).filter(isRecorded)).toEqual(outcomes.filter(isRecorded));
        expect(again.flatMap(placesOf).filter(isRecorded)).toEqual(places.filter(isRecorded));
        expect(again.map((sent) => sent.output?.['recorded'])).toEqual(again.map(() => 0));
        expect(patients.map((patient) => logOf(made, patient))).toEqual(logs);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
