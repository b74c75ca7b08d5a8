import { describe, expect, it } from 'vitest';
import { describeEntry, linkOf, subjectsOf } from '../../../src/contracts/index.ts';
import { identities } from './identity-support.ts';
import { hex, policy, type World, world } from './support.ts';

const domain = 'north-records';

function link(made: World, subject: string, keyHolder: string) {
  const payload = { domain, subject: made.ledger.actor(subject).did, chart: hex(`chart ${subject}`), keyHolder };
  return made.ledger.submit('north-gateway', 'enrolment.link', payload);
}

function unlink(made: World, sender = 'north-gateway', change = {}) {
  const subject = made.ledger.actor('ana').did;
  return made.ledger.submit(sender, 'enrolment.unlink', { domain, subject, reason: hex('moved'), ...change });
}

function historyOf({ ledger }: World, subject: string): Record<string, unknown>[] {
  return ledger.stream(`enrolment:${ledger.actor(subject).keyHex}`).map((entry) => describeEntry(entry));
}

describe('enrolment.unlink', () => {
  it('ends logging, anchoring and deciding; the consents stay and can be revoked', () => {
    const made = world({ ...policy, implicit: 'permit' });
    const { ledger, grant, access, breakGlass } = made;
    const ana = ledger.actor('ana');
    const consent = grant({ type: 'permit' });
    expect(unlink(made).ok).toBe(true);
    expect(linkOf(ledger.state, domain, ana.key)).toBeUndefined();
    expect(subjectsOf(ledger.state, domain, ana.key)).toEqual([]);
    const item = { eventId: hex('item', 16), source: hex('source'), canonical: hex('canonical') };
    const refused = [
      access(),
      breakGlass(),
      ledger.submit('north-gateway', 'record.anchor', { domain, subject: ana.did, items: [item] }),
      ledger.submit('ana', 'consent.grant', { domain, provision: { type: 'permit' } }),
      unlink(made),
    ];
    expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'subject-not-linked'));
    expect(ledger.submit('ana', 'consent.revoke', { consent }).ok).toBe(true);
    expect(ledger.stream(`access:${ana.keyHex}`)).toEqual([]);
  });

  it('is for a gateway or a privacy officer of the custodian, not for the subject', () => {
    const made = world();
    for (const sender of ['ana', 'kay', 'north', 'south-gateway'])
      expect(unlink(made, sender).code).toBe('not-of-the-custodian');
    expect(unlink(made, 'pia', { domain: 'west' }).code).toBe('domain-unknown');
    expect(unlink(made, 'pia', { subject: made.ledger.actor('ben').did }).code).toBe('subject-not-linked');
    expect(unlink(made, 'pia').ok).toBe(true);
  });

  it('can be undone by the same domain alone; then denials hold again, and the key is held as before', () => {
    const made = world({ ...policy, implicit: 'permit' });
    const { ledger, grant, access } = made;
    grant({ type: 'deny' });
    unlink(made);
    const { did } = ledger.actor('ana');
    const elsewhere = { domain: 'south-records', subject: did, chart: hex('chart'), keyHolder: 'subject' };
    expect(ledger.submit('south-gateway', 'enrolment.link', elsewhere).code).toBe('subject-linked');
    for (const other of ['custodian', 'proxy']) expect(link(made, 'ana', other).code).toBe('key-holder-recorded');
    expect(link(made, 'ana', 'subject').ok).toBe(true);
    expect(link(made, 'ana', 'subject').code).toBe('subject-linked');
    expect(access().output?.['decision']).toBe('deny');
    expect(historyOf(made, 'ana').map((entry) => entry['type'])).toEqual([
      'subject-linked',
      'subject-unlinked',
      'subject-linked',
    ]);
    expect(historyOf(made, 'ana')[1]).toMatchObject({ by: ledger.actor('north-gateway').did, reason: hex('moved') });
  });
});

describe('enrolment.changeKeyHolder', () => {
  const change = ({ ledger }: World, sender: string, subject: string, keyHolder: string) =>
    ledger.submit(sender, 'enrolment.changeKeyHolder', { domain, subject: ledger.actor(subject).did, keyHolder });

  it('is by whoever holds the key: the custodian takes nothing back that a person holds', () => {
    const made = world();
    link(made, 'zoe', 'custodian');
    link(made, 'yan', 'proxy');
    for (const sender of ['north-gateway', 'pia', 'north', 'kay']) {
      expect(change(made, sender, 'ana', 'custodian').code).toBe('not-the-key-holder');
      expect(change(made, sender, 'yan', 'custodian').code).toBe('not-the-key-holder');
    }
    for (const sender of ['south-gateway', 'ana', 'kay'])
      expect(change(made, sender, 'zoe', 'subject').code).toBe('not-the-key-holder');
    expect(change(made, 'ana', 'ana', 'subject').code).toBe('key-holder-unchanged');
    expect(change(made, 'pia', 'ben', 'subject').code).toBe('subject-not-linked');
    expect(change(made, 'ana', 'ana', 'custodian').ok).toBe(true);
    expect(linkOf(made.ledger.state, domain, made.ledger.actor('ana').key)?.keyHolder).toBe('custodian');
    expect(historyOf(made, 'ana').at(-1)).toMatchObject({
      type: 'key-holder-changed',
      before: 'subject',
      keyHolder: 'custodian',
      by: made.ledger.actor('ana').did,
    });
  });

  it('hands over no key that whoever had it could still use', () => {
    const made = world();
    link(made, 'zoe', 'custodian');
    link(made, 'yan', 'proxy');
    for (const [sender, subject, keyHolder] of [
      ['north-gateway', 'zoe', 'subject'],
      ['pia', 'zoe', 'proxy'],
      ['zoe', 'zoe', 'subject'],
      ['yan', 'yan', 'subject'],
    ] as const)
      expect(change(made, sender, subject, keyHolder).code).toBe('key-not-changed');
    const { rotate } = identities(made);
    expect(rotate('zoe anew', 'zoe').ok).toBe(true);
    expect(change(made, 'north-gateway', 'zoe', 'subject').ok).toBe(true);
    // A hand-over is of one change of the key: after the next holder, it takes the next.
    expect(change(made, 'zoe', 'zoe', 'custodian').ok).toBe(true);
    expect(change(made, 'north-gateway', 'zoe', 'subject').code).toBe('key-not-changed');
    rotate('zoe once more', 'zoe');
    expect(change(made, 'north-gateway', 'zoe', 'subject').ok).toBe(true);
    expect(historyOf(made, 'zoe').map((entry) => entry['keyHolder'])).toEqual([
      'custodian',
      'subject',
      'custodian',
      'subject',
    ]);
  });

  it('is not forgotten by an unlink: a key that was changed before it was linked again can be handed over', () => {
    const made = world();
    link(made, 'zoe', 'custodian');
    identities(made).rotate('zoe anew', 'zoe');
    unlink(made, 'pia', { subject: made.ledger.actor('zoe').did });
    link(made, 'zoe', 'custodian');
    expect(change(made, 'pia', 'zoe', 'subject').ok).toBe(true);
  });
});
