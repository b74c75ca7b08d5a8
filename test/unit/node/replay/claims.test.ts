import { expect, it } from 'vitest';
import { present, toHex } from '../../../../src/base/index.ts';
import { type ClaimedDecision, type ClaimsCheck, checkClaims } from '../../../../src/client/index.ts';
import { type ScopeOpening, sealProvisions } from '../../../../src/contracts/index.ts';
import { Chain } from './support.ts';

const hidden = { reference: 'Observation/1', confidentiality: 'R', sensitivity: ['HIV'] };
const plain = { reference: 'Observation/2', confidentiality: 'N', sensitivity: [] };

/** The gateway signs `said` about a consent that permits up to N; then it is looked at with these openings. */
async function check(said: number, record: typeof hidden | typeof plain, hasOpenings = true): Promise<ClaimsCheck> {
  const chain = await Chain.begin();
  const { openings, ...tree } = sealProvisions(
    {
      type: 'permit',
      purposes: ['TREAT'],
      labels: { confidentiality: ['N'], sensitivity: [] },
      provisions: [],
    } as never,
    () => new Uint8Array(32).fill(7),
  );
  const { id: consent } = await chain.one(['ana', 'consent.grant', { domain: 'north-records', ...tree }]);
  const results = [{ consent, version: 1, results: said, namesBreakGlass: false }];
  const { id } = await chain.one(chain.access({ results }));
  // What came later is no part of it.
  await chain.one(['ana', 'consent.revoke', { consent }]);
  await chain.one(['kay', 'consent.revoke', { consent }]);
  const { decisions } = await chain.replays.explain(id, { view: 'full' });
  const byCommitment = new Map<string, ScopeOpening>(openings.map((one) => [toHex(one.commitment), one]));
  return checkClaims(
    present(decisions[0], 'one was made') as unknown as ClaimedDecision,
    (commitment) => (hasOpenings ? byCommitment.get(commitment) : undefined),
    record,
  );
}

it('whoever holds the openings sees whether the gateway spoke the truth', async () => {
  expect(await check(4, hidden)).toMatchObject({ confirmed: [expect.any(String)], contradicted: [], unopened: [] });
  expect(await check(1, plain)).toMatchObject({ confirmed: [expect.any(String)], contradicted: [] });
  expect(await check(1, hidden)).toMatchObject({
    confirmed: [],
    contradicted: [{ said: ['permit'], found: ['weak-deny'] }],
  });
  expect(await check(4, plain)).toMatchObject({ contradicted: [{ said: ['weak-deny'], found: ['permit'] }] });
});

it('without them nothing is confirmed and nothing contradicted', async () => {
  expect(await check(1, hidden, false)).toMatchObject({
    confirmed: [],
    contradicted: [],
    unopened: [expect.any(String)],
  });
});

/** Eve broke the glass for allergies; the gateway says this of a record, and it is looked at with the openings. */
async function checkEmergency(said: object, record: object): Promise<ClaimsCheck> {
  const chain = await Chain.begin();
  const label = (code: string) => ({ confidentiality: [], sensitivity: [code] });
  const { openings, ...tree } = sealProvisions(
    {
      type: 'permit',
      purposes: ['TREAT'],
      provisions: [
        { type: 'deny', purposes: ['BTG'], labels: label('PSY'), provisions: [] },
        { type: 'deny', labels: label('HIV'), provisions: [] },
      ],
    } as never,
    () => new Uint8Array(32).fill(7),
  );
  const { id: consent } = await chain.one(['ana', 'consent.grant', { domain: 'north-records', ...tree }]);
  await chain.one(chain.breakGlass());
  const results = [{ consent, version: 1, results: 2, namesBreakGlass: false }];
  const emergency = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG' } as const;
  const { id } = await chain.one(chain.access({ ...emergency, results, inEmergencyCategory: true, ...said }));
  const { decisions } = await chain.replays.explain(id, { view: 'full' });
  const byCommitment = new Map<string, ScopeOpening>(openings.map((one) => [toHex(one.commitment), one]));
  const decision = present(decisions[0], 'one was made') as unknown as ClaimedDecision;
  return checkClaims(decision, (commitment) => byCommitment.get(commitment), record as typeof plain);
}

it('a gateway that opens what the glass was not broken for, or hides that a denial names break-glass, is seen', async () => {
  const allergy = { ...hidden, type: 'AllergyIntolerance' };
  const observation = { ...hidden, type: 'Observation' };
  expect(await checkEmergency({}, allergy)).toMatchObject({ contradicted: [], isOutsideGlass: false });
  expect(await checkEmergency({}, observation)).toMatchObject({ contradicted: [], isOutsideGlass: true });
  expect(await checkEmergency({ inEmergencyCategory: false }, observation)).toMatchObject({ isOutsideGlass: false });
  expect(await checkEmergency({}, { ...allergy, sensitivity: ['PSY'] })).toMatchObject({
    contradicted: [{ said: ['deny'], found: ['deny', 'names-break-glass'] }],
  });
});
