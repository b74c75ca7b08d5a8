import { expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { builtInContracts, describeEntry, describeRecord, recordOf } from '../../../src/contracts/index.ts';
import { type CanonicalValue, encodeCanonical } from '../../../src/contracts/ledger-types.ts';
import { hex, hourMs, policy, world } from './support.ts';

/**
 * Dr Kay opened the record of Ana when the one of Zoe was meant, and a result of Zoe was anchored for Ana. The custodian
 * puts both right. Ana keeps seeing that it happened, and reads that it was not about her; Zoe sees what was done with her
 * record; neither learns from the own log or timeline who the other is.
 */
it('wrong patient, put right', () => {
  const { ledger, grant, access } = world();
  const domain = 'north-records';
  const did = (name: string) => ledger.actor(name).did;
  const chart = { domain, subject: did('zoe'), chart: hex('chart zoe'), keyHolder: 'subject' };
  ledger.submit('north-gateway', 'enrolment.link', chart);
  const shown = (stream: string, name: string) =>
    ledger.stream(`${stream}:${ledger.actor(name).keyHex}`).map((entry) => describeEntry(entry));
  const sent: { kind: string; payload: Record<string, unknown> }[] = [];
  const submit = (sender: string, kind: string, payload: Record<string, unknown>) => {
    sent.push({ kind, payload });
    const result = ledger.submit(sender, kind, payload);
    expect(result.ok, `${kind}: ${result.code}`).toBe(true);
    return result;
  };

  // What went wrong.
  grant({ type: 'permit' });
  expect(access({ event: 'wrong', resource: 'result of zoe' }).output).toMatchObject({ decision: 'permit', entry: 0 });
  const wrongItem = { eventId: hex('wrong record', 16), source: hex('source'), canonical: hex('canonical') };
  submit('north-gateway', 'record.anchor', { domain, subject: did('ana'), items: [wrongItem] });
  const happenedAt = ledger.nowMs;

  // Put right a day later.
  ledger.nowMs += 24 * hourMs;
  submit('pia', 'access.correct', {
    eventId: hex('correction', 16),
    domain,
    subject: did('ana'),
    entry: 0,
    kind: 'wrong-subject',
    reason: hex('the wrong patient was selected'),
    counterpart: hex('salted for ana: zoe, entry 0'),
  });
  submit('north-gateway', 'access.recordLate', {
    eventId: hex('late', 16),
    domain,
    subject: did('zoe'),
    agent: did('kay'),
    role: 'clinician',
    organisation: 'north',
    purpose: 'TREAT',
    action: 'access',
    resource: hex('result of zoe, salted anew'),
    occurredAt: happenedAt,
    decision: 'permit',
    reason: hex('recorded for another patient first'),
    counterpart: hex('salted for zoe: ana, entry 0'),
  });
  const error = { domain, subject: did('ana'), anchoredBy: did('north-gateway'), eventIds: [wrongItem.eventId] };
  expect(submit('pia', 'record.enteredInError', { ...error, reason: hex('of another') }).output).toEqual({
    marked: 1,
    skipped: 0,
  });
  expect(submit('pia', 'record.enteredInError', { ...error, reason: hex('of another') }).output).toEqual({
    marked: 0,
    skipped: 1,
  });
  const rightItem = { eventId: hex('right record', 16), source: hex('source anew'), canonical: hex('canonical anew') };
  submit('north-gateway', 'record.anchor', { domain, subject: did('zoe'), items: [rightItem] });

  // Ana: it happened, it stays, and it was not about her.
  expect(shown('access', 'ana')).toMatchObject([
    { type: 'access-recorded', decision: 'permit', agent: did('kay'), at: happenedAt },
    { type: 'entry-corrected', entry: 0, kind: 'wrong-subject', by: did('pia'), at: ledger.nowMs },
  ]);
  expect(shown('timeline', 'ana')).toMatchObject([
    { type: 'record-anchored', eventId: wrongItem.eventId },
    { type: 'record-entered-in-error', eventId: wrongItem.eventId, by: did('pia') },
  ]);
  const marked = recordOf(ledger.state, ledger.actor('north-gateway').key, Buffer.from(wrongItem.eventId, 'hex'));
  expect(marked && describeRecord(marked)).toMatchObject({ source: hex('source'), enteredInErrorAt: ledger.nowMs });
  // Zoe: what was done with her record, when, and that it was recorded late.
  expect(shown('access', 'zoe')).toMatchObject([
    { type: 'access-recorded-late', agent: did('kay'), occurredAt: happenedAt, at: ledger.nowMs, decision: 'permit' },
  ]);
  expect(shown('timeline', 'zoe')).toMatchObject([{ type: 'record-anchored', eventId: rightItem.eventId }]);
  // Each can dispute what the custodian says.
  const disputed = { eventId: hex('dispute', 16), domain, subject: did('zoe'), entry: 0, reason: hex('why only now') };
  submit('zoe', 'access.dispute', disputed);

  // Neither log, nor any transaction that one of them names, leads from the one to the other.
  const bytesOf = (name: string) =>
    ['access', 'timeline', 'consents'].flatMap((stream) =>
      ledger.stream(`${stream}:${ledger.actor(name).keyHex}`).map((entry) => toHex(entry)),
    );
  const payloadsOf = (name: string) =>
    sent
      .filter(({ payload }) => payload['subject'] === did(name))
      .map(({ kind, payload }) =>
        toHex(encodeCanonical(builtInContracts.payloadFromJson(kind, payload) as CanonicalValue)),
      );
  for (const [name, other] of [
    ['ana', 'zoe'],
    ['zoe', 'ana'],
  ] as const) {
    for (const bytes of [...bytesOf(name), ...payloadsOf(name)])
      expect(bytes).not.toContain(ledger.actor(other).keyHex);
  }
  const fixed = /^(did:assent:|assent-rules|north)/;
  const valuesOf = (name: string) =>
    ['access', 'timeline'].flatMap((stream) =>
      shown(stream, name).flatMap((entry) =>
        Object.values(entry).filter((value) => typeof value === 'string' && value.length >= 32 && !fixed.test(value)),
      ),
    );
  expect(valuesOf('ana').filter((value) => valuesOf('zoe').includes(value))).toEqual([]);
});

it('a record is marked by its custodian, and only as it was anchored', () => {
  const { ledger } = world();
  const did = (name: string) => ledger.actor(name).did;
  const domain = 'north-records';
  const item = { eventId: hex('record', 16), source: hex('source'), canonical: hex('canonical') };
  const own = { ...item, eventId: hex('own record', 16) };
  ledger.submit('north-gateway', 'record.anchor', { domain, subject: did('ana'), items: [item] });
  ledger.submit('north-gateway', 'record.anchor', { domain, items: [own] });
  const mark = (sender: string, change: Record<string, unknown> = {}) =>
    ledger.submit(sender, 'record.enteredInError', {
      domain,
      subject: did('ana'),
      anchoredBy: did('north-gateway'),
      eventIds: [item.eventId],
      reason: hex('reason'),
      ...change,
    });
  for (const sender of ['kay', 'ana', 'south-gateway', 'north']) expect(mark(sender).code).toBe('not-of-the-custodian');
  expect(mark('pia', { eventIds: [item.eventId, hex('none', 16)] }).code).toBe('record-unknown');
  expect(mark('pia', { eventIds: [own.eventId] }).code).toBe('record-unknown');
  expect(mark('pia', { anchoredBy: did('pia') }).code).toBe('record-unknown');
  expect(mark('pia', { subject: did('ben') }).code).toBe('subject-not-linked');
  const chart = { domain, subject: did('zoe'), chart: hex('chart zoe'), keyHolder: 'custodian' };
  ledger.submit('north-gateway', 'enrolment.link', chart);
  expect(mark('pia', { subject: did('zoe') }).code).toBe('record-unknown');
  ledger.submit('north', 'enrolment.domain', { domain: 'north-trials', policy, ifVersion: 0 });
  const elsewhere = { domain: 'north-trials', eventIds: [own.eventId], reason: hex('reason') };
  const byGateway = { ...elsewhere, anchoredBy: did('north-gateway') };
  expect(ledger.submit('pia', 'record.enteredInError', byGateway).code).toBe('record-unknown');
  ledger.submit('pia', 'enrolment.unlink', { domain, subject: did('ana'), reason: hex('moved') });
  expect(mark('pia').output).toEqual({ marked: 1, skipped: 0 });
  const aboutNobody = { ...byGateway, domain };
  expect(ledger.submit('pia', 'record.enteredInError', aboutNobody).output).toEqual({ marked: 1, skipped: 0 });
  const types = ledger.stream(`records:${domain}`).map((entry) => describeEntry(entry)['type']);
  expect(types).toEqual(['record-anchored', 'record-entered-in-error']);
});
