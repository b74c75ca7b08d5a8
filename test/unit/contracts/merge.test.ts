import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { describeEntry, describeLink, linkOf, subjectsOf } from '../../../src/contracts/index.ts';
import { Draw } from './draw.ts';
import { hex, hourMs, policy, type World, world } from './support.ts';

const domain = 'north-records';

function known(made: World, subject: string, keyHolder = 'custodian'): void {
  const { ledger } = made;
  const payload = { domain, subject: ledger.actor(subject).did, chart: hex(`chart ${subject}`), keyHolder };
  expect(ledger.submit('north-gateway', 'enrolment.link', payload).ok).toBe(true);
}

function pair(made: World, surviving: string, absorbed: string) {
  const did = (name: string) => made.ledger.actor(name).did;
  return { domain, surviving: did(surviving), absorbed: did(absorbed), reason: hex('registered twice') };
}

function merge(made: World, surviving: string, absorbed: string, sender = 'north-gateway') {
  return made.ledger.submit(sender, 'enrolment.merge', pair(made, surviving, absorbed));
}

function unmerge(made: World, surviving: string, absorbed: string, sender = 'north-gateway') {
  return made.ledger.submit(sender, 'enrolment.unmerge', pair(made, surviving, absorbed));
}

function namesOf(made: World, subject: string, among: readonly string[]): string[] {
  const { ledger } = made;
  const keys = subjectsOf(ledger.state, domain, ledger.actor(subject).key).map(toHex);
  return keys.map((key) => among.find((name) => ledger.actor(name).keyHex === key) ?? key);
}

function shownLink(made: World, subject: string): Record<string, unknown> | undefined {
  const link = linkOf(made.ledger.state, domain, made.ledger.actor(subject).key);
  return link && describeLink(link);
}

/** Ana holds her key; the emergency room knew her as zoe, whose key the hospital holds. */
function registeredTwice(domainPolicy: Record<string, unknown> = policy): World {
  const made = world(domainPolicy);
  known(made, 'zoe');
  return made;
}

/** As {@link World.grant}, for anybody whom the domain north-records knows. */
function grant(made: World, subject: string, provision: Record<string, unknown>): void {
  expect(made.ledger.submit(subject, 'consent.grant', { domain, provision }).ok).toBe(true);
}

describe('a merge', () => {
  it('gives the surviving subject the chart of the other; both histories show it, and its end', () => {
    const made = registeredTwice();
    const before = [shownLink(made, 'ana'), shownLink(made, 'zoe')];
    expect(merge(made, 'ana', 'zoe').ok).toBe(true);
    const { ledger } = made;
    expect(shownLink(made, 'ana')?.['absorbed']).toEqual([ledger.actor('zoe').did]);
    expect(shownLink(made, 'zoe')?.['mergedInto']).toBe(ledger.actor('ana').did);
    expect(namesOf(made, 'ana', ['ana', 'zoe'])).toEqual(['ana', 'zoe']);
    expect(namesOf(made, 'zoe', ['ana', 'zoe'])).toEqual(['zoe', 'ana']);
    expect(unmerge(made, 'ana', 'zoe').ok).toBe(true);
    expect([shownLink(made, 'ana'), shownLink(made, 'zoe')]).toEqual(before);
    expect(namesOf(made, 'zoe', ['ana', 'zoe'])).toEqual(['zoe']);
    for (const name of ['ana', 'zoe']) {
      const shown = ledger.stream(`enrolment:${ledger.actor(name).keyHex}`).map((entry) => describeEntry(entry));
      expect(shown.map((entry) => entry['type'])).toEqual(['subject-linked', 'subjects-merged', 'subjects-unmerged']);
      expect(shown[1]).toMatchObject({ ...pair(made, 'ana', 'zoe'), by: ledger.actor('north-gateway').did });
    }
  });

  it('lets a denial of either hold for both, and a permit for whoever granted it alone', () => {
    const made = registeredTwice();
    const decision = (subject: string, change = {}) => made.access({ subject, ...change }).output?.['decision'];
    grant(made, 'zoe', { type: 'permit' });
    merge(made, 'ana', 'zoe');
    expect([decision('ana'), decision('zoe')]).toEqual(['deny', 'permit']);
    grant(made, 'ana', { type: 'permit' });
    expect([decision('ana'), decision('zoe')]).toEqual(['permit', 'permit']);
    grant(made, 'zoe', { type: 'deny', actors: [made.ledger.actor('kay').did] });
    expect([decision('ana'), decision('zoe')]).toEqual(['deny', 'deny']);
    expect(decision('ana', { agent: 'eve', role: 'emergency-physician' })).toBe('permit');
    unmerge(made, 'ana', 'zoe');
    expect([decision('ana'), decision('zoe')]).toEqual(['permit', 'deny']);
  });

  it("honours the other's denial of break-glass, and says of a permit whose it is", () => {
    const made = registeredTwice();
    grant(made, 'zoe', { type: 'deny', purposes: ['BTG'] });
    merge(made, 'ana', 'zoe');
    made.breakGlass();
    const emergency = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true };
    expect(made.access(emergency).output?.['decision']).toBe('deny');
    unmerge(made, 'ana', 'zoe');
    expect(made.access(emergency).output?.['decision']).toBe('permit-break-glass');
  });

  it('counts a weak denial of the other, where the domain permits what nobody denied', () => {
    const made = registeredTwice({ ...policy, implicit: 'permit', openCategories: true });
    grant(made, 'zoe', { type: 'permit', categories: ['imaging'] });
    const decision = (category: string) => made.access({ category }).output?.['decision'];
    expect([decision('imaging'), decision('results')]).toEqual(['permit', 'permit']);
    merge(made, 'ana', 'zoe');
    // What zoe permits is not what ana permits, but what zoe left out ana has left out, too.
    expect([decision('imaging'), decision('results')]).toEqual(['permit', 'deny']);
  });

  it('takes the agreement of a person who holds the key, once and in time', () => {
    const made = registeredTwice();
    const { ledger } = made;
    const agree = (until: number) =>
      ledger.submit('ana', 'enrolment.agreeToMerge', { domain, surviving: ledger.actor('zoe').did, until });
    expect(merge(made, 'zoe', 'ana').code).toBe('merge-not-agreed');
    expect(agree(ledger.nowMs).code).toBe('agreement-period');
    expect(agree(ledger.nowMs + 31 * 24 * hourMs).code).toBe('agreement-period');
    expect(agree(ledger.nowMs + hourMs).ok).toBe(true);
    ledger.nowMs += hourMs;
    expect(merge(made, 'zoe', 'ana').code).toBe('merge-not-agreed');
    expect(agree(ledger.nowMs + hourMs).ok).toBe(true);
    expect(merge(made, 'zoe', 'ana').ok).toBe(true);
    expect(unmerge(made, 'zoe', 'ana', 'ana').ok).toBe(true);
    expect(merge(made, 'zoe', 'ana').code).toBe('merge-not-agreed');
  });

  it('does not take an agreement for another one, or from before an unlink', () => {
    const made = registeredTwice();
    const { ledger } = made;
    known(made, 'yan');
    const zoe = ledger.actor('zoe').did;
    const agree = () =>
      ledger.submit('ana', 'enrolment.agreeToMerge', { domain, surviving: zoe, until: ledger.nowMs + hourMs });
    agree();
    expect(merge(made, 'yan', 'ana').code).toBe('merge-not-agreed');
    const { did } = ledger.actor('ana');
    ledger.submit('north-gateway', 'enrolment.unlink', { domain, subject: did, reason: hex('moved') });
    expect(agree().code).toBe('subject-not-linked');
    known(made, 'ana', 'subject');
    expect(merge(made, 'zoe', 'ana').code).toBe('merge-not-agreed');
  });

  it('is the act of a gateway or a privacy officer of the custodian', () => {
    const made = registeredTwice();
    const { ledger } = made;
    for (const sender of ['south-gateway', 'north', 'kay', 'ana', 'zoe'])
      expect(merge(made, 'ana', 'zoe', sender).code).toBe('not-of-the-custodian');
    ledger.submit('south', 'credential.issue', { agent: ledger.actor('sol').did, role: 'privacy-officer' });
    expect(merge(made, 'ana', 'zoe', 'sol').code).toBe('not-of-the-custodian');
    expect(merge(made, 'ana', 'zoe', 'pia').ok).toBe(true);
    expect(unmerge(made, 'ana', 'zoe', 'sol').code).toBe('not-of-the-merge');
    for (const sender of ['pia', 'ana', 'zoe', 'north-gateway']) {
      expect(unmerge(made, 'ana', 'zoe', sender).ok, sender).toBe(true);
      merge(made, 'ana', 'zoe');
    }
  });

  it('makes no chain, no cycle, and nobody one with themselves or with who is not known', () => {
    const made = registeredTwice();
    known(made, 'yan');
    known(made, 'xia');
    expect(merge(made, 'zoe', 'zoe').code).toBe('merge-with-itself');
    expect(merge(made, 'zoe', 'ben').code).toBe('subject-not-linked');
    expect(merge(made, 'nobody', 'zoe').code).toBe('subject-not-linked');
    expect(unmerge(made, 'yan', 'zoe').code).toBe('not-merged');
    expect(merge(made, 'yan', 'zoe').ok).toBe(true);
    expect(merge(made, 'yan', 'zoe').code).toBe('merge-chain');
    expect(merge(made, 'zoe', 'yan').code).toBe('merge-chain');
    expect(merge(made, 'zoe', 'xia').code).toBe('merge-chain');
    expect(merge(made, 'xia', 'yan').code).toBe('merge-chain');
    expect(merge(made, 'xia', 'zoe').code).toBe('merge-chain');
    expect(unmerge(made, 'zoe', 'yan').code).toBe('not-merged');
    expect(unmerge(made, 'xia', 'zoe').code).toBe('not-merged');
    const unlink = (subject: string) =>
      made.ledger.submit('north-gateway', 'enrolment.unlink', {
        domain,
        subject: made.ledger.actor(subject).did,
        reason: hex('moved'),
      });
    expect([unlink('yan').code, unlink('zoe').code]).toEqual(['subject-merged', 'subject-merged']);
  });

  it('has room for eight, and for as many consents as one person can have', () => {
    const made = registeredTwice();
    for (let place = 0; place < 8; place++) {
      known(made, `twin ${place}`);
      expect(merge(made, 'ana', `twin ${place}`).ok).toBe(true);
    }
    expect(merge(made, 'ana', 'zoe').code).toBe('too-many-merged');
    for (let place = 0; place < 7; place++) unmerge(made, 'ana', `twin ${place}`);
    for (let place = 0; place < 60; place++) grant(made, 'ana', { type: 'permit' });
    for (let place = 0; place < 21; place++) grant(made, 'zoe', { type: 'deny' });
    expect(merge(made, 'ana', 'zoe').code).toBe('too-many-consents');
    grant(made, 'twin 7', { type: 'permit' });
    for (let place = 0; place < 3; place++) grant(made, 'ana', { type: 'permit' });
    const more = (sender: string, kind = 'consent.grant') =>
      made.ledger.submit(sender, kind, { domain, provision: { type: 'deny' } });
    expect([more('ana').code, more('twin 7').code]).toEqual(['too-many-consents', 'too-many-consents']);
    for (let place = 0; place < 16; place++) expect(more('twin 7', 'consent.refuse').ok).toBe(true);
    expect(more('ana', 'consent.refuse').code).toBe('too-many-consents');
    // All of them fit one entry of the log.
    expect(made.access().ok).toBe(true);
  });
});

describe('whatever is linked, unlinked, merged and unmerged', () => {
  const people = ['ana', 'zoe', 'yan', 'xia'] as const;

  it('who counts for whom is symmetric, an unmerge leaves what was before, no merge widens, and histories only grow', () => {
    const agents = [{ agent: 'kay' }, { agent: 'eve', role: 'emergency-physician' }];
    const play = (seed: number): void => {
      const draw = new Draw(seed);
      const made = world({ ...policy, implicit: draw.from(['permit', 'deny']) });
      const { ledger } = made;
      const decisions = () =>
        people.flatMap((subject) => agents.map((change) => made.access({ subject, ...change }).output?.['decision']));
      const shown = () => people.map((name) => JSON.stringify(shownLink(made, name)));
      const stream = (name: string) => ledger.stream(`enrolment:${ledger.actor(name).keyHex}`).map(toHex);
      for (const subject of people.slice(1)) known(made, subject);
      for (let round = 0; round < 25; round++) {
        const [one, other] = [draw.from(people), draw.from(people)];
        const histories = people.map(stream);
        const act = draw.below(5);
        if (act === 0) {
          const actor = draw.from([{}, { actors: ['role:clinician'] }]);
          const provision = { type: draw.from(['permit', 'deny']), ...actor };
          ledger.submit(one, 'consent.grant', { domain, provision });
        } else if (act === 1) {
          const reason = hex('moved');
          ledger.submit('north-gateway', 'enrolment.unlink', { domain, subject: ledger.actor(one).did, reason });
        } else if (act === 2) {
          const { did } = ledger.actor(one);
          const keyHolder = one === 'ana' ? 'subject' : 'custodian';
          ledger.submit('north-gateway', 'enrolment.link', { domain, subject: did, chart: hex(one), keyHolder });
        } else if (act === 3) unmerge(made, one, other);
        else {
          const [links, permitted] = [shown(), decisions()];
          if (merge(made, one, other).ok) {
            for (const [place, decision] of decisions().entries())
              if (decision === 'permit') expect(permitted[place]).toBe('permit');
            if (draw.once(2)) {
              unmerge(made, one, other);
              expect(shown()).toEqual(links);
              expect(decisions()).toEqual(permitted);
            }
          }
        }
        for (const subject of people) {
          const counted = namesOf(made, subject, people);
          expect(counted[0]).toBe(shownLink(made, subject) === undefined ? undefined : subject);
          for (const name of counted) expect(namesOf(made, name, people)).toContain(subject);
        }
        for (const [place, name] of people.entries())
          expect(stream(name).slice(0, histories[place]?.length)).toEqual(histories[place]);
      }
    };
    fc.assert(fc.property(fc.noShrink(fc.integer()), play), { numRuns: 12 });
  });
});
