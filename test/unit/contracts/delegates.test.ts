import { describe, expect, it } from 'vitest';
import { delegationOf, describeEntry } from '../../../src/contracts/index.ts';
import { dayMs, type Identities, identities } from './identity-support.ts';
import { hex } from './support.ts';

function notices({ ledger }: Identities): unknown[] {
  return ledger.stream(`identity:${ledger.actor('ana').keyHex}`).map((entry) => describeEntry(entry));
}

describe('delegates', () => {
  it('act for the subject that named them until their end, or until it removes them', () => {
    const made = identities();
    const until = made.ledger.nowMs + dayMs;
    expect(
      made.ledger.submit('ana', 'identity.addDelegate', { delegate: made.did('pat'), kind: 'proxy', until }),
    ).toMatchObject({ ok: true });
    const acts = (atMs: number) =>
      delegationOf(made.ledger.state, made.ledger.actor('ana').key, made.ledger.actor('pat').key, atMs);
    expect(acts(made.ledger.nowMs)).toMatchObject({ kind: 'proxy', until });
    expect(acts(until - 1)).toBeDefined();
    expect(acts(until)).toBeUndefined();
    expect(made.ledger.submit('ana', 'identity.removeDelegate', { delegate: made.did('pat') }).ok).toBe(true);
    expect(acts(made.ledger.nowMs)).toBeUndefined();
    expect(notices(made).map((entry) => (entry as { type: string }).type)).toEqual([
      'delegate-added',
      'delegate-removed',
    ]);
  });

  it('are named by the subject alone, once, with an end ahead', () => {
    const made = identities();
    const add = (sender: string, change: object) =>
      made.ledger.submit(sender, 'identity.addDelegate', { delegate: made.did('pat'), kind: 'proxy', ...change }).code;
    expect(add('kay', { subject: made.did('ana') })).toBe('not-to-name');
    expect(add('stranger', {})).toBe('not-to-name');
    expect(add('ana', { until: made.ledger.nowMs })).toBe('delegation-end');
    expect(add('ana', { kind: 'parent' })).toBe('parent-without-end');
    expect(add('ana', { delegate: made.did('ana') })).toBe('servant-not-fresh');
    expect(add('ana', { delegate: made.did('kay') })).toBe('servant-not-fresh');
    expect(add('ana', {})).toBeUndefined();
    expect(add('ana', {})).toBe('delegate-known');
    expect(add('ben', {})).toBe('servant-not-fresh');
  });

  it('leave when they want, and are nobody for an identity that was deactivated', () => {
    const made = identities();
    made.ledger.submit('ana', 'identity.addDelegate', { delegate: made.did('pat'), kind: 'proxy' });
    const remove = (sender: string) =>
      made.ledger.submit(sender, 'identity.removeDelegate', {
        subject: made.did('ana'),
        delegate: made.did('pat'),
      }).code;
    expect(remove('kay')).toBe('not-to-remove');
    expect(remove('north-gateway')).toBe('not-to-remove');
    expect(remove('pat')).toBeUndefined();
    expect(remove('pat')).toBe('delegate-unknown');
    made.ledger.submit('ana', 'identity.addDelegate', { delegate: made.did('pat'), kind: 'proxy' });
    made.ledger.submit('ana', 'identity.deactivate', { ifVersion: 0 });
    const { state, nowMs, actor } = made.ledger;
    expect(delegationOf(state, actor('ana').key, actor('pat').key, nowMs)).toBeUndefined();
  });
});

describe('a minor', () => {
  /** Mia, whose key the custodian holds. */
  function minor(): Identities & { name(sender: string, change?: object): string | undefined; end: number } {
    const made = identities();
    const { ledger, did } = made;
    const link = { domain: 'north-records', subject: did('mia'), chart: hex('chart mia'), keyHolder: 'custodian' };
    expect(ledger.submit('north-gateway', 'enrolment.link', link)).toMatchObject({ ok: true });
    ledger.submit('north', 'credential.issue', { agent: did('pia'), role: 'privacy-officer' });
    const end = ledger.nowMs + 5 * 365 * dayMs;
    const name = (sender: string, change: object = {}) =>
      ledger.submit(sender, 'identity.addDelegate', {
        subject: did('mia'),
        domain: 'north-records',
        delegate: did('mum'),
        kind: 'parent',
        until: end,
        ...change,
      }).code;
    return { ...made, name, end };
  }

  const parent = ({ ledger }: Identities, atMs: number) =>
    delegationOf(ledger.state, ledger.actor('mia').key, ledger.actor('mum').key, atMs);

  it('has a parent until a date, named by the custodian where the link says that the minor does not hold the key', () => {
    for (const sender of ['north-gateway', 'pia']) {
      const made = minor();
      expect(made.name(sender)).toBeUndefined();
      expect(parent(made, made.end - 1)).toMatchObject({ kind: 'parent', until: made.end, domain: 'north-records' });
      expect(parent(made, made.end)).toBeUndefined();
    }
  });

  it('whoever holds the own key names for themselves; no other custodian, no agent, no proxy, nothing endless', () => {
    const made = minor();
    expect(made.name('north-gateway', { subject: made.did('ana') })).toBe('not-to-name');
    expect(made.name('south-gateway')).toBe('not-to-name');
    expect(made.name('south-gateway', { domain: 'south-records' })).toBe('not-to-name');
    expect(made.name('kay')).toBe('not-to-name');
    expect(made.name('north-gateway', { kind: 'proxy' })).toBe('not-to-name');
    expect(made.name('north-gateway', { until: made.ledger.nowMs + 22 * 366 * dayMs })).toBe('delegation-end');
  });

  it('can end it, and so can the custodian that named the parent', () => {
    for (const sender of ['mia', 'mum', 'pia', 'north-gateway']) {
      const made = minor();
      made.name('pia');
      const named = { subject: made.did('mia'), delegate: made.did('mum') };
      expect(made.ledger.submit('south-gateway', 'identity.removeDelegate', named).code).toBe('not-to-remove');
      expect(made.ledger.submit(sender, 'identity.removeDelegate', named).ok, sender).toBe(true);
      expect(parent(made, made.ledger.nowMs)).toBeUndefined();
    }
  });
});
