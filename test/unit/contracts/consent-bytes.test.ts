import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/base/index.ts';
import { bytesOfRecords, consentOf, idsOf, inForceOf } from '../../../src/contracts/consent/state.ts';
import { world } from './support.ts';

const domain = 'north-records';

const act = fc.record({
  kind: fc.constantFrom('grant', 'refuse', 'amend', 'revoke', 'supersede'),
  which: fc.nat(),
  purposes: fc.subarray(['TREAT', 'HPAYMT', 'HRESCH', 'CLINTRCH', 'HOPERAT'], { minLength: 1 }),
});

it('whatever a person does, the list of what is in force says how many bytes its records have', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 14 }), (acts) => {
      const { ledger } = world();
      const { key } = ledger.actor('ana');
      for (const { kind, which, purposes } of acts) {
        const ids = idsOf(inForceOf(ledger.state, key, domain));
        const id = ids[which % Math.max(1, ids.length)];
        const consent = id && toHex(id);
        const provision = { type: kind === 'refuse' ? 'deny' : 'permit', purposes };
        const ifVersion = id && consentOf(ledger.state, id)?.version;
        if (kind === 'refuse') ledger.submit('ana', 'consent.refuse', { domain, provision });
        else if (kind === 'grant' || id === undefined) ledger.submit('ana', 'consent.grant', { domain, provision });
        else if (kind === 'amend') ledger.submit('ana', 'consent.amend', { consent, ifVersion, provision });
        else if (kind === 'revoke') ledger.submit('ana', 'consent.revoke', { consent });
        else ledger.submit('ana', 'consent.supersede', { domain, supersedes: [consent], provision });
        const after = inForceOf(ledger.state, key, domain);
        expect(after.bytes).toBe(bytesOfRecords(ledger.state, idsOf(after)));
      }
    }),
    { numRuns: 40 },
  );
});

it('no consent in force, no bytes', () => {
  const { ledger, grant } = world();
  const { key } = ledger.actor('ana');
  const consent = grant({ type: 'permit' });
  const { ids, bytes } = inForceOf(ledger.state, key, domain);
  expect([ids, bytes > 100]).toEqual([fromHex(consent), true]);
  expect(ledger.submit('ana', 'consent.revoke', { consent }).ok).toBe(true);
  expect(inForceOf(ledger.state, key, domain)).toEqual({ ids: new Uint8Array(), bytes: 0 });
});
