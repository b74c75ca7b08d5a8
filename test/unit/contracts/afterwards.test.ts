import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { marksOf } from '../../../src/contracts/access/after/marks.ts';
import {
  accessLogOf,
  credentialsOf,
  describeEntry,
  type TestResult,
  waitingDisputes,
  waitingReviews,
} from '../../../src/contracts/index.ts';
import { leafHash, MerkleFrontier } from '../../../src/crypto/portable.ts';
import { hex, hourMs, policy, type World, world } from './support.ts';

const domain = 'north-records';
const deadlineMs = 72 * hourMs;

interface Told extends World {
  /** Sends an addition to ana's log, under an event id of its own unless the change names one. */
  tell(sender: string, kind: string, change: Record<string, unknown>): TestResult;
  log(subject?: string): Record<string, unknown>[];
  reviews(wanted: 'pending' | 'overdue'): number[];
  disputes(): number[];
}

function told(domainPolicy: Record<string, unknown> = policy): Told {
  const made = world(domainPolicy);
  const { ledger } = made;
  let told = 0;
  return {
    ...made,
    tell(sender, kind, change) {
      told += 1;
      const subject = ledger.actor('ana').did;
      return ledger.submit(sender, kind, { eventId: hex(`told ${told}`, 16), domain, subject, ...change });
    },
    log: (subject = 'ana') =>
      ledger.stream(`access:${ledger.actor(subject).keyHex}`).map((entry) => describeEntry(entry)),
    reviews: (wanted) =>
      waitingReviews(ledger.state, domain, wanted, ledger.nowMs, 0, 100).items.map(({ entry }) => entry),
    disputes: () => waitingDisputes(ledger.state, domain, 0, 100).items.map(({ entry }) => entry),
  };
}

const review = (entry = 0, outcome = 'justified') => ({ entry, outcome, findings: hex('findings') });
const dispute = (entry = 0) => ({ entry, reason: hex('reason') });
const answer = (entry = 0, outcome = 'rejected') => ({ entry, outcome, answer: hex('answer') });
const correction = (entry = 0, more: Record<string, unknown> = {}) => ({
  entry,
  kind: 'recorded-twice',
  reason: hex('reason'),
  ...more,
});

const lateAccess = () => ({
  agent: 'kay',
  role: 'clinician',
  organisation: 'north',
  purpose: 'TREAT',
  action: 'access',
  resource: hex('resource'),
  occurredAt: 0,
  decision: 'permit',
  reason: hex('late'),
});

it.each([
  ['access.reviewBreakGlass', 'pia', review()],
  ['access.dispute', 'ana', dispute()],
  ['access.answerDispute', 'pia', answer()],
  ['access.correct', 'north-gateway', correction()],
  ['access.recordLate', 'north-gateway', lateAccess()],
])('%s is of a domain that there is, and of a person whom it knew', (kind, sender, change) => {
  const { ledger, tell, access } = told();
  const filled = Object.fromEntries(
    Object.entries(change).map(([field, value]) => [field, value === 'kay' ? ledger.actor('kay').did : value]),
  );
  expect(tell(sender, kind, { ...filled, domain: 'nowhere' }).code).toBe('domain-unknown');
  access({ gateway: 'south-gateway', subject: 'ben', domain: 'south-records' });
  expect(tell(sender, kind, { ...filled, subject: ledger.actor('ben').did }).code).toBe('subject-not-linked');
});

describe('the review of a broken glass', () => {
  it('waits from the opening on, is overdue after the deadline, and is shown in the log', () => {
    const { ledger, breakGlass, tell, log, reviews } = told();
    const opened = breakGlass();
    const openedAt = ledger.nowMs;
    expect(reviews('pending')).toEqual([0]);
    expect(waitingReviews(ledger.state, domain, 'pending', openedAt, 0, 1)).toEqual({
      items: [
        {
          subject: ledger.actor('ana').did,
          entry: 0,
          opening: opened.id,
          agent: ledger.actor('eve').did,
          role: 'emergency-physician',
          organisation: 'north',
          openedAt,
          reviewBy: openedAt + deadlineMs,
          state: 'pending',
        },
      ],
      open: 1,
    });
    ledger.nowMs = openedAt + deadlineMs;
    expect([reviews('pending'), reviews('overdue')]).toEqual([[0], []]);
    ledger.nowMs += 1;
    expect([reviews('pending'), reviews('overdue')]).toEqual([[], [0]]);
    expect(tell('pia', 'access.reviewBreakGlass', review()).output).toEqual({ entry: 1, duplicate: false });
    expect([reviews('pending'), reviews('overdue')]).toEqual([[], []]);
    expect(log()[1]).toMatchObject({
      type: 'glass-reviewed',
      by: ledger.actor('pia').did,
      entry: 0,
      outcome: 'justified',
      findings: hex('findings'),
      at: ledger.nowMs,
      reviewBy: openedAt + deadlineMs,
    });
  });

  it('is for a privacy officer of the custodian who did not break it', () => {
    const { ledger, breakGlass, tell } = told();
    breakGlass();
    ledger.submit('south', 'credential.issue', { agent: ledger.actor('sol').did, role: 'privacy-officer' });
    for (const sender of ['sol', 'north-gateway', 'north', 'ana', 'eve'])
      expect(tell(sender, 'access.reviewBreakGlass', review()).code).toBe('not-the-privacy-officer');
    ledger.submit('north', 'credential.issue', { agent: ledger.actor('eve').did, role: 'privacy-officer' });
    expect(tell('eve', 'access.reviewBreakGlass', review()).code).toBe('own-act');
    expect(tell('pia', 'access.reviewBreakGlass', review()).ok).toBe(true);
  });

  it('is of a broken glass of this subject in this domain', () => {
    const { access, breakGlass, tell, ledger } = told();
    access();
    breakGlass();
    for (const entry of [0, 2])
      expect(tell('pia', 'access.reviewBreakGlass', review(entry)).code).toBe('not-a-break-glass');
    const ben = ledger.actor('ben').did;
    expect(tell('pia', 'access.reviewBreakGlass', { ...review(1), subject: ben }).code).toBe('subject-not-linked');
    expect(tell('pia', 'access.reviewBreakGlass', { ...review(1), domain: 'west' }).code).toBe('domain-unknown');
  });

  it('is there once, and once more after each dispute of the opening', () => {
    const { breakGlass, tell, log, reviews } = told();
    breakGlass();
    tell('pia', 'access.reviewBreakGlass', review(0, 'escalated'));
    expect(tell('pia', 'access.reviewBreakGlass', review()).code).toBe('already-reviewed');
    tell('ana', 'access.dispute', dispute());
    tell('pia', 'access.answerDispute', answer());
    expect(tell('pia', 'access.reviewBreakGlass', review(0, 'not-justified')).ok).toBe(true);
    expect(tell('pia', 'access.reviewBreakGlass', review()).code).toBe('already-reviewed');
    expect(reviews('pending')).toEqual([]);
    expect(log().map((entry) => entry['outcome'])).toEqual([
      undefined,
      'escalated',
      undefined,
      'rejected',
      'not-justified',
    ]);
  });

  it('comes also when the custodian has unlinked the subject since', () => {
    const { ledger, breakGlass, tell, access } = told();
    breakGlass();
    const subject = ledger.actor('ana').did;
    ledger.submit('pia', 'enrolment.unlink', { domain, subject, reason: hex('moved') });
    expect(access().code).toBe('subject-not-linked');
    expect(breakGlass().code).toBe('subject-not-linked');
    expect(tell('pia', 'access.reviewBreakGlass', review()).ok).toBe(true);
    expect(tell('ana', 'access.dispute', dispute()).ok).toBe(true);
    expect(tell('pia', 'access.answerDispute', answer()).ok).toBe(true);
    expect(tell('pia', 'access.correct', correction()).ok).toBe(true);
  });

  it('is listed part by part, in the order of the openings', () => {
    const { ledger, breakGlass, tell } = told();
    for (let entry = 0; entry < 70; entry++) {
      ledger.nowMs += 4 * hourMs;
      expect(breakGlass({ expiresAt: ledger.nowMs + hourMs }).ok).toBe(true);
    }
    tell('pia', 'access.reviewBreakGlass', review(1));
    const seen: number[] = [];
    let next: number | undefined = 0;
    while (next !== undefined) {
      const part = waitingReviews(ledger.state, domain, 'overdue', ledger.nowMs, next, 20);
      expect(part.open).toBe(69);
      expect(part.items.length).toBeLessThanOrEqual(20);
      seen.push(...part.items.map(({ entry }) => entry));
      next = part.next;
    }
    // 72 hours are 18 openings, and the one at the very deadline is in time.
    expect(seen).toEqual(Array.from({ length: 70 }, (_, entry) => entry).filter((entry) => entry !== 1 && entry < 51));
  });
});

describe('a dispute', () => {
  it('is raised by the subject and answered by the privacy officer; the entry stays as it was', () => {
    const { ledger, access, tell, log, disputes } = told();
    access();
    const [before] = log();
    for (const sender of ['kay', 'pia', 'north-gateway', 'ben'])
      expect(tell(sender, 'access.dispute', dispute()).code).toBe('not-a-delegate');
    expect(tell('ana', 'access.dispute', dispute()).output).toEqual({ entry: 1, duplicate: false });
    expect(disputes()).toEqual([0]);
    for (const sender of ['kay', 'ana', 'north-gateway'])
      expect(tell(sender, 'access.answerDispute', answer()).code).toBe('not-the-privacy-officer');
    expect(tell('pia', 'access.answerDispute', answer(0, 'upheld')).output).toEqual({ entry: 2, duplicate: false });
    expect(disputes()).toEqual([]);
    expect(log()).toMatchObject([
      before ?? {},
      { type: 'entry-disputed', entry: 0, reason: hex('reason'), by: ledger.actor('ana').did },
      { type: 'dispute-answered', entry: 0, outcome: 'upheld', answer: hex('answer') },
    ]);
  });

  it('is one at a time for an entry, and sixteen for a person', () => {
    const { access, tell } = told();
    for (let entry = 0; entry < 17; entry++) access();
    expect(tell('ana', 'access.dispute', dispute(17)).code).toBe('entry-unknown');
    expect(tell('pia', 'access.answerDispute', answer()).code).toBe('not-disputed');
    for (let entry = 0; entry < 16; entry++) expect(tell('ana', 'access.dispute', dispute(entry)).ok).toBe(true);
    expect(tell('ana', 'access.dispute', dispute(3)).code).toBe('dispute-open');
    expect(tell('ana', 'access.dispute', dispute(16)).code).toBe('too-many-disputes');
    expect(tell('pia', 'access.answerDispute', answer(3)).ok).toBe(true);
    expect(tell('pia', 'access.answerDispute', answer(3)).code).toBe('not-disputed');
    expect(tell('ana', 'access.dispute', dispute(3)).ok).toBe(true);
  });

  it('is answered as corrected only where the log has a correction, and not by who broke the glass', () => {
    const { ledger, breakGlass, tell } = told();
    breakGlass();
    tell('ana', 'access.dispute', dispute());
    expect(tell('pia', 'access.answerDispute', answer(0, 'corrected')).code).toBe('correction-missing');
    expect(tell('north-gateway', 'access.correct', correction()).ok).toBe(true);
    ledger.submit('north', 'credential.issue', { agent: ledger.actor('eve').did, role: 'privacy-officer' });
    expect(tell('eve', 'access.answerDispute', answer(0, 'corrected')).code).toBe('own-act');
    expect(tell('pia', 'access.answerDispute', answer(0, 'corrected')).ok).toBe(true);
  });
});

describe('a correction', () => {
  it('is added by the custodian and names the entry by its place', () => {
    const { ledger, access, tell, log } = told();
    access({ purpose: 'TREAT' });
    for (const sender of ['ana', 'kay', 'south-gateway', 'north'])
      expect(tell(sender, 'access.correct', correction()).code).toBe('not-of-the-custodian');
    expect(tell('pia', 'access.correct', correction(1)).code).toBe('entry-unknown');
    const right = { kind: 'wrong-purpose', purpose: 'HPAYMT' };
    expect(tell('north-gateway', 'access.correct', correction(0, right)).output).toEqual({
      entry: 1,
      duplicate: false,
    });
    expect(log()[1]).toMatchObject({
      type: 'entry-corrected',
      entry: 0,
      ...right,
      by: ledger.actor('north-gateway').did,
    });
    expect(log()[0]).toMatchObject({ purpose: 'TREAT' });
  });

  it.each([
    ['wrong-purpose', {}],
    ['wrong-action', { purpose: 'TREAT' }],
    ['wrong-time', { occurredAt: 1, action: 'use' }],
    ['wrong-subject', { purpose: 'TREAT' }],
    ['recorded-twice', { occurredAt: 1 }],
  ])('of kind %s says what is right exactly where there is such a thing', (kind, more) => {
    const { access, tell } = told();
    access();
    expect(tell('pia', 'access.correct', correction(0, { kind, ...more })).code).toBe('correction-incomplete');
  });
});

describe('an access that is recorded late', () => {
  const late = (made: World, more: Record<string, unknown> = {}) => ({
    agent: made.ledger.actor('kay').did,
    role: 'clinician',
    organisation: 'north',
    purpose: 'TREAT',
    action: 'access',
    resource: hex('resource'),
    occurredAt: made.ledger.nowMs - hourMs,
    decision: 'permit',
    reason: hex('reason'),
    ...more,
  });

  it('says when it happened and who says so, and releases nothing', () => {
    const made = told();
    const { ledger, tell, log } = made;
    for (const sender of ['kay', 'ana', 'south-gateway'])
      expect(tell(sender, 'access.recordLate', late(made)).code).toBe('not-of-the-custodian');
    const future = late(made, { occurredAt: ledger.nowMs });
    expect(tell('pia', 'access.recordLate', future).code).toBe('access-not-past');
    expect(tell('north-gateway', 'access.recordLate', late(made)).output).toEqual({ entry: 0, duplicate: false });
    expect(log()[0]).toMatchObject({ type: 'access-recorded-late', ...late(made), at: ledger.nowMs });
    const ben = ledger.actor('ben').did;
    expect(tell('pia', 'access.recordLate', { ...late(made), subject: ben }).code).toBe('subject-not-linked');
  });
});

it('an answer takes the dispute off the list of what waits', () => {
  const { ledger, access, tell } = told();
  access();
  tell('ana', 'access.dispute', dispute());
  expect(waitingDisputes(ledger.state, domain, 0, 100)).toMatchObject({ open: 1 });
  tell('pia', 'access.answerDispute', answer());
  expect(waitingDisputes(ledger.state, domain, 0, 100)).toEqual({ items: [], open: 0 });
});

describe('an event id', () => {
  it('names one addition for ever: a retry adds nothing and gets the same answer, another content is refused', () => {
    const made = told();
    const { ledger, breakGlass, access, tell, log } = made;
    breakGlass();
    access();
    const told_: [string, string, Record<string, unknown>][] = [
      ['pia', 'access.reviewBreakGlass', review()],
      ['ana', 'access.dispute', dispute(1)],
      ['pia', 'access.correct', correction(1)],
      ['pia', 'access.answerDispute', answer(1, 'corrected')],
    ];
    for (const [sender, kind, payload] of told_) {
      const event = { ...payload, eventId: hex(kind, 16) };
      const first = tell(sender, kind, event);
      expect(first.output?.['duplicate'], kind).toBe(false);
      const size = log().length;
      const noted = marksOf(ledger.state, ledger.actor('ana').key, 1);
      ledger.nowMs += 365 * 24 * hourMs;
      expect(tell(sender, kind, event).output, kind).toEqual({ entry: first.output?.['entry'], duplicate: true });
      const other = kind === 'access.reviewBreakGlass' ? { findings: hex('other') } : { entry: 0 };
      expect(tell(sender, kind, { ...event, ...other }).code, kind).toBe('event-conflict');
      expect(log().length, kind).toBe(size);
      expect(marksOf(ledger.state, ledger.actor('ana').key, 1), kind).toEqual(noted);
    }
    // Nor does one kind's event pass for another's.
    expect(tell('pia', 'access.correct', { ...correction(1), eventId: hex('access.answerDispute', 16) }).code).toBe(
      'event-conflict',
    );
  });

  it('of an access: after ten years, signed anew, through another gateway, for an unlinked subject, it is the same', () => {
    const { ledger, grant, access } = told();
    grant({ type: 'permit' });
    const first = access({ event: 'one' });
    ledger.nowMs += 10 * 365 * 24 * hourMs;
    const night = ledger.actor('night-gateway').did;
    ledger.submit('north', 'credential.issue', { agent: night, role: 'gateway' });
    const [held] = credentialsOf(ledger.state, ledger.actor('north-gateway').key);
    ledger.submit('north', 'credential.revoke', { credential: toHex(held?.id ?? new Uint8Array()) });
    ledger.submit('night-gateway', 'enrolment.unlink', {
      domain,
      subject: ledger.actor('ana').did,
      reason: hex('moved'),
    });
    const { decision, entry } = first.output ?? {};
    expect(access({ event: 'one', gateway: 'night-gateway' }).output).toEqual({ decision, entry, duplicate: true });
    expect(access({ event: 'one', gateway: 'north-gateway' }).code).toBe('not-the-gateway');
    expect(access({ event: 'one', gateway: 'night-gateway', action: 'use' }).code).toBe('event-conflict');
    expect(access({ event: 'two', gateway: 'night-gateway' }).code).toBe('subject-not-linked');
    expect(accessLogOf(ledger.state, ledger.actor('ana').key)?.size).toBe(1);
  });

  it('of a broken glass: also when the credential is over and the domain allows it no more', () => {
    const { ledger, breakGlass } = told();
    const event = { eventId: hex('glass', 16), expiresAt: ledger.nowMs + hourMs };
    breakGlass(event);
    const { emergency: _, ...without } = policy;
    ledger.submit('north', 'enrolment.domain', { domain, policy: without, ifVersion: 1 });
    ledger.nowMs += 10 * 365 * 24 * hourMs;
    expect(breakGlass(event).output).toEqual({ entry: 0, duplicate: true });
    expect(breakGlass().code).toBe('break-glass-not-allowed');
  });
});

it('whatever is added, the root in the state is that of the entries shown', () => {
  const { ledger, access, breakGlass, tell } = told();
  breakGlass();
  access();
  tell('pia', 'access.reviewBreakGlass', review());
  tell('ana', 'access.dispute', dispute(1));
  tell('pia', 'access.correct', correction(1));
  tell('pia', 'access.answerDispute', answer(1, 'corrected'));
  const frontier = MerkleFrontier.empty();
  const { key, keyHex } = ledger.actor('ana');
  for (const entry of ledger.stream(`access:${keyHex}`)) frontier.append(leafHash(entry));
  const log = accessLogOf(ledger.state, key);
  expect(log?.size).toBe(6);
  expect(toHex(log?.root ?? new Uint8Array())).toBe(toHex(frontier.root()));
});
