import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/base/index.ts';
import {
  anchorItemsMax,
  builtInContracts,
  describeEntry,
  describeRecord,
  recordOf,
} from '../../../src/contracts/index.ts';
import { encodeCanonical } from '../../../src/contracts/ledger-types.ts';
import { hex, world } from './support.ts';

const item = (label: string, source = label) => {
  return { eventId: hex(`event ${label}`, 16), source: hex(`source ${source}`), canonical: hex(`canonical ${label}`) };
};

describe('record.anchor', () => {
  it('anchors a batch, and skips what is anchored already: also within the batch, also from an older one', () => {
    const { ledger } = world();
    const ana = ledger.actor('ana');
    const anchor = (items: object[]) =>
      ledger.submit('north-gateway', 'record.anchor', { domain: 'north-records', subject: ana.did, items });
    expect(anchor([item('a'), item('b'), item('a')]).output).toEqual({ anchored: 2, skipped: 1, conflicting: 0 });
    expect(anchor([item('b'), item('c')]).output).toEqual({ anchored: 1, skipped: 1, conflicting: 0 });
    expect(anchor([item('a'), item('b'), item('c')]).output).toEqual({ anchored: 0, skipped: 3, conflicting: 0 });
    const timeline = ledger.stream(`timeline:${ana.keyHex}`).map((entry) => describeEntry(entry));
    const stored = recordOf(ledger.state, ledger.actor('north-gateway').key, fromHex(item('c').eventId) as Uint8Array);
    expect(stored && describeRecord(stored)).toEqual({
      domain: 'north-records',
      subject: ana.did,
      source: item('c').source,
      canonical: item('c').canonical,
      at: ledger.nowMs,
    });
    expect(timeline).toEqual(
      ['a', 'b', 'c'].map((label) => {
        return { type: 'record-anchored', domain: 'north-records', at: ledger.nowMs, ...item(label) };
      }),
    );
  });

  it('does not take another source under a used event id for the same', () => {
    const { ledger } = world();
    const anchor = (items: object[]) =>
      ledger.submit('north-gateway', 'record.anchor', { domain: 'north-records', items });
    anchor([item('a')]);
    expect(anchor([item('a', 'other')]).output).toEqual({ anchored: 0, skipped: 0, conflicting: 1 });
    expect(ledger.stream('records:north-records')).toHaveLength(1);
  });

  it('does not take what is about another person, or another canonical form, for anchored already', () => {
    const { ledger } = world();
    ledger.submit('north-gateway', 'enrolment.link', {
      domain: 'north-records',
      subject: ledger.actor('zoe').did,
      chart: hex('chart zoe'),
      keyHolder: 'subject',
    });
    const anchor = (change: object, subject?: string) =>
      ledger.submit('north-gateway', 'record.anchor', {
        domain: 'north-records',
        ...(subject === undefined ? {} : { subject: ledger.actor(subject).did }),
        items: [{ ...item('a'), ...change }],
      }).output;
    expect(anchor({}, 'ana')).toMatchObject({ anchored: 1 });
    expect(anchor({}, 'zoe')).toMatchObject({ skipped: 0, conflicting: 1 });
    expect(anchor({})).toMatchObject({ skipped: 0, conflicting: 1 });
    expect(anchor({ canonical: hex('other') }, 'ana')).toMatchObject({ skipped: 0, conflicting: 1 });
    expect(anchor({}, 'ana')).toMatchObject({ skipped: 1, conflicting: 0 });
  });

  it('keeps event ids apart by sender', () => {
    const { ledger } = world();
    const anchor = (gateway: string, domain: string) =>
      ledger.submit(gateway, 'record.anchor', { domain, items: [item('a')] });
    expect(anchor('north-gateway', 'north-records').output?.['anchored']).toBe(1);
    expect(anchor('south-gateway', 'south-records').output?.['anchored']).toBe(1);
  });

  it.each<[string, string, object, string]>([
    ['another custodian', 'south-gateway', {}, 'not-the-gateway'],
    ['a clinician', 'kay', {}, 'not-the-gateway'],
    ['an unknown domain', 'north-gateway', { domain: 'west' }, 'domain-unknown'],
  ])('refuses %s', (_, sender, change, code) => {
    const { ledger } = world();
    const payload = { domain: 'north-records', items: [item('a')], ...change };
    expect(ledger.submit(sender, 'record.anchor', payload).code).toBe(code);
  });

  it('refuses a subject that the custodian has not linked', () => {
    const { ledger } = world();
    const subject = ledger.actor('ben').did;
    const payload = { domain: 'north-records', subject, items: [item('a')] };
    expect(ledger.submit('north-gateway', 'record.anchor', payload).code).toBe('subject-not-linked');
  });

  it('takes a full batch within 64 KiB and the limits, and no more', () => {
    const { ledger } = world();
    const items = Array.from({ length: anchorItemsMax }, (_, place) => item(`${place}`));
    const payload = { domain: 'north-records', subject: ledger.actor('ana').did, items };
    expect(encodeCanonical(builtInContracts.payloadFromJson('record.anchor', payload)).length).toBeLessThan(60 * 1024);
    expect(ledger.submit('north-gateway', 'record.anchor', payload).output?.['anchored']).toBe(anchorItemsMax);
    const more = { ...payload, items: [...items, item('more')] };
    expect(() => ledger.submit('north-gateway', 'record.anchor', more)).toThrow('at items');
  });
});
