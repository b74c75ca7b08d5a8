import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, present, toHex } from '../../../src/base/index.ts';
import { countOf, idsInForce, inForceOf } from '../../../src/contracts/consent/in-force.ts';
import { bytesOfRecords, consentOf } from '../../../src/contracts/consent/state.ts';
import { world } from './support.ts';

const domain = 'north-records';

const act = fc.record({
  kind: fc.constantFrom('grant', 'refuse', 'amend', 'revoke', 'supersede'),
  which: fc.nat(),
  purposes: fc.subarray(['TREAT', 'HPAYMT', 'HRESCH', 'CLINTRCH', 'HOPERAT'], { minLength: 1 }),
});

it('whatever a person does, the list of what is in force is whole, and says how many bytes its records have', () => {
  fc.assert(
    fc.property(fc.nat({ max: 26 }), fc.array(act, { minLength: 1, maxLength: 14 }), (grantedBefore, acts) => {
      const { ledger, grant } = world();
      const { key } = ledger.actor('ana');
      let inForce = Array.from({ length: grantedBefore }, () => grant({ type: 'permit' }));
      const submit = (kind: string, payload: Record<string, unknown>): string => {
        const result = ledger.submit('ana', kind, payload);
        expect(result).toMatchObject({ ok: true });
        return result.ok ? `${(result.output as { consent?: string }).consent}` : '';
      };
      for (const { kind, which, purposes } of acts) {
        const consent = inForce[which % Math.max(1, inForce.length)];
        const provision = { type: kind === 'refuse' ? 'deny' : 'permit', purposes };
        const left = inForce.filter((id) => id !== consent);
        if (kind === 'refuse') inForce.push(submit('consent.refuse', { domain, provision }));
        else if (kind === 'grant' || consent === undefined)
          inForce.push(submit('consent.grant', { domain, provision }));
        else if (kind === 'supersede')
          inForce = [...left, submit('consent.supersede', { domain, supersedes: [consent], provision })];
        else if (kind === 'revoke') {
          submit('consent.revoke', { consent });
          inForce = left;
        } else {
          const ifVersion = present(
            consentOf(ledger.state, present(fromHex(consent), 'it is hex')),
            'it is in force',
          ).version;
          submit('consent.amend', { consent, ifVersion, provision });
        }
        const ids = idsInForce(ledger.state, key, domain);
        expect(ids.map(toHex)).toEqual(inForce);
        const after = inForceOf(ledger.state, key, domain);
        expect(ledger.state.get(`consent/earlier/${toHex(key)}/${domain}/${after.pages}`)).toBeUndefined();
        expect([countOf(after), after.bytes]).toEqual([inForce.length, bytesOfRecords(ledger.state, ids)]);
        expect(after.ids.length).toBe(32 * Math.min(inForce.length, ((inForce.length + 7) % 8) + 1));
      }
    }),
    { numRuns: 60 },
  );
});

it('all that is in force ends, page after page', () => {
  const { ledger, grant } = world();
  const { key } = ledger.actor('ana');
  const page = (number: number): string => `consent/earlier/${toHex(key)}/${domain}/${number}`;
  const granted = Array.from({ length: 25 }, () => grant({ type: 'permit' }));
  const supersedes = granted.slice(3, 18);
  const result = ledger.submit('ana', 'consent.supersede', { domain, supersedes, provision: { type: 'permit' } });
  expect(result).toMatchObject({ ok: true });
  const left = idsInForce(ledger.state, key, domain).map(toHex);
  expect(left.slice(0, -1)).toEqual([...granted.slice(0, 3), ...granted.slice(18)]);
  expect(ledger.state.get(page(0))).toBeDefined();
  for (const consent of left.reverse()) expect(ledger.submit('ana', 'consent.revoke', { consent }).ok).toBe(true);
  expect([idsInForce(ledger.state, key, domain), ledger.state.get(page(0))]).toEqual([[], undefined]);
});

it('no consent in force, no bytes', () => {
  const { ledger, grant } = world();
  const { key } = ledger.actor('ana');
  const consent = grant({ type: 'permit' });
  const { ids, bytes } = inForceOf(ledger.state, key, domain);
  expect([ids, bytes > 100]).toEqual([fromHex(consent), true]);
  expect(ledger.submit('ana', 'consent.revoke', { consent }).ok).toBe(true);
  expect(inForceOf(ledger.state, key, domain)).toEqual({ ids: new Uint8Array(), pages: 0, bytes: 0 });
});
