import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionsQuery } from '../../../../src/api/index.ts';
import { present } from '../../../../src/base/index.ts';
import { Chain, hex, type Asking as Said, who } from '../replay/support.ts';
import { type Asking, indexesOfTests, placeOf, plainRows } from './support.ts';

const indexed = indexesOfTests();

const permit = { type: 'permit', purposes: ['TREAT'] };

/** What random ledgers are made of; `past`: ids of consents so far. */
const makers: readonly ((chain: Chain, past: readonly string[]) => Said)[] = [
  (chain) => chain.grant(permit),
  (chain) => chain.grant(permit, 'ben', 'south-records'),
  // Refused: ben is not linked there.
  (chain) => chain.grant(permit, 'ben'),
  (chain) => chain.access(),
  (chain) => chain.access({ agent: 'eve', role: 'emergency-physician' }),
  (chain) => chain.access({ subject: 'ben' }),
  (chain, past) => {
    const results = past.slice(-1).map((consent) => ({ consent, version: 1, results: 8, namesBreakGlass: false }));
    return chain.access({ results });
  },
  (chain) =>
    chain.batch([
      chain.access(),
      chain.access({ subject: 'ben' }),
      chain.access({ agent: 'eve', role: 'emergency-physician' }),
    ]),
  (chain, past) =>
    chain.batch([
      chain.access({ results: past.map((consent) => ({ consent, version: 1, results: 15, namesBreakGlass: false })) }),
      chain.access(),
    ]),
  (chain) => chain.breakGlass(),
  (_, past) => ['ana', 'consent.revoke', { consent: past[0] ?? hex('none'), ifVersion: 1 }],
];

async function commit(chain: Chain, past: string[], block: readonly number[]): Promise<void> {
  const said = block.map((maker) => present(makers[maker], 'a maker')(chain, past));
  const receipts = await chain.block(said);
  for (const [place, { result, id }] of receipts.entries())
    if (result.ok && said[place]?.[1] === 'consent.grant' && said[place][0] === 'ana')
      past.push(Buffer.from(id).toString('hex'));
}

const blocks = fc.array(fc.array(fc.nat(makers.length - 1), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
});

interface Wanted {
  readonly subject?: string;
  readonly agent?: string;
  readonly organisation?: string;
  readonly kind?: string;
  readonly consent?: boolean;
  readonly from?: number;
  readonly blocks?: number;
  readonly order: TransactionsQuery['order'];
  readonly limit: number;
}

const wanted: fc.Arbitrary<Wanted> = fc.record(
  {
    subject: fc.constantFrom('ana', 'ben', 'kay'),
    agent: fc.constantFrom('kay', 'eve', 'north-gateway', 'ana', 'ben'),
    organisation: fc.constantFrom('north', 'north-records', 'south-records', 'nowhere'),
    kind: fc.constantFrom('access', 'access.record', 'access.recordBatch', 'consent', 'consent.grant', 'none'),
    consent: fc.boolean(),
    from: fc.nat(9),
    blocks: fc.integer({ min: 1, max: 6 }),
    order: fc.constantFrom('oldest-first', 'newest-first'),
    limit: fc.integer({ min: 1, max: 7 }),
  },
  { requiredKeys: ['order', 'limit'] },
);

/** The query, and the same as a filter over every row there is. */
function queryOf(chain: Chain, past: readonly string[], asked: Wanted): { query: Asking; places: string[] } {
  const timeOf = (height: number): number =>
    height > chain.ledger.applied.height
      ? chain.ledger.applied.timestamp + 1
      : present(chain.ledger.block(height), 'it is kept').header.timestamp;
  const { subject, agent, organisation, kind, order, limit } = asked;
  const consent = asked.consent === true ? past[0] : undefined;
  const from = asked.from === undefined ? undefined : timeOf(asked.from + 1);
  const to = asked.blocks === undefined ? undefined : timeOf((asked.from ?? 0) + 1 + asked.blocks);
  const isPeriod = from === undefined || to === undefined || from < to;
  const fields: [string, readonly string[]][] = [];
  if (subject !== undefined) fields.push([who(subject).did, ['subject']]);
  if (agent !== undefined) fields.push([who(agent).did, ['agent']]);
  if (organisation !== undefined) fields.push([organisation, ['organisation', 'domain']]);
  if (consent !== undefined) fields.push([consent, ['consent']]);
  const query = {
    ...{ order, limit },
    ...(subject && { subject: who(subject).did }),
    ...(agent && { agent: who(agent).did }),
    ...(organisation && { organisation }),
    ...(kind && { kind }),
    ...(consent && { consent }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && isPeriod && { to }),
  };
  const places = plainRows(chain)
    .filter((row) => kind === undefined || row.kind === kind || row.kind.startsWith(`${kind}.`))
    .filter((row) => fields.every(([value, names]) => names.some((name) => row.said.includes(`"${name}":"${value}"`))))
    .filter(({ timestamp }) => timestamp >= (query.from ?? 0) && timestamp < (query.to ?? Number.POSITIVE_INFINITY))
    .map(({ place }) => place);
  return { query, places: order === 'newest-first' ? places.reverse() : places };
}

describe('the index of transactions', () => {
  it('finds what a filter over all blocks finds, page by page, in either order', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.array(wanted, { minLength: 8, maxLength: 8 }), async (content, questions) => {
        const chain = await Chain.begin();
        const past: string[] = [];
        for (const block of content) await commit(chain, past, block);
        const index = indexed(chain);
        for (const question of questions) {
          const { query, places } = queryOf(chain, past, question);
          expect((await index.all(query)).map(placeOf)).toEqual(places);
        }
        await index.indexer.stop();
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('is complete and has nothing twice while blocks are added', async () => {
    const chain = await Chain.begin();
    const past: string[] = [];
    for (let block = 0; block < 6; block++) await commit(chain, past, [0, 3, 7]);
    const index = indexed(chain);
    const agent = who('kay').did;
    const before = (await index.all({ agent })).map(placeOf);
    const add = (): Promise<void> => commit(chain, past, [3]);
    const back = await index.all({ agent, order: 'newest-first', limit: 3 }, add);
    expect(back.map(placeOf)).toEqual(before.toReversed());
    let added = 0;
    const on = await index.all({ agent, limit: 3 }, async () => {
      if (added++ < 4) await add();
    });
    expect(on.map(placeOf)).toEqual((await index.all({ agent })).map(placeOf));
    expect(on.length).toBeGreaterThan(before.length + 4);
  });

  it('shows each access of a batch, with what it came to', async () => {
    const chain = await Chain.begin();
    await chain.block([chain.grant(permit)]);
    await chain.block([chain.batch([chain.access(), chain.access({ subject: 'ben' }), chain.access()])]);
    const { rows, next, isWhole } = await indexed(chain).page({ agent: who('kay').did, kind: 'access' });
    expect(rows.map(({ number, access, names }) => ({ number, access, subjects: names.subjects }))).toEqual([
      { number: 0, access: { decision: 'permit', entry: 0 }, subjects: [who('ana').did] },
      { number: 2, access: { decision: 'permit', entry: 1 }, subjects: [who('ana').did] },
    ]);
    expect({ next, isWhole }).toEqual({ next: undefined, isWhole: true });
  });

  it('knows whose consent and whose credential it is that is named by its id alone', async () => {
    const chain = await Chain.begin();
    const { id: consent } = await chain.one(chain.grant(permit));
    const revoked = await chain.one(['ana', 'consent.revoke', { consent, ifVersion: 1 }]);
    const { id: credential } = await chain.one(chain.credential('north', 'lea', 'clinician'));
    const suspended = await chain.one(['north', 'credential.suspend', { credential }]);
    const index = indexed(chain);
    const idsOf = async (query: Asking): Promise<string[]> => (await index.all(query)).map(({ id }) => id);
    expect(await idsOf({ subject: who('ana').did, kind: 'consent' })).toEqual([consent, revoked.id]);
    expect(await idsOf({ consent })).toEqual([consent, revoked.id]);
    expect(await idsOf({ organisation: 'north-records', consent })).toEqual([consent, revoked.id]);
    expect(await idsOf({ agent: who('lea').did, organisation: 'north' })).toEqual([credential, suspended.id]);
  });

  it('refuses a cursor that is none of this query', async () => {
    const chain = await Chain.begin();
    for (let block = 0; block < 3; block++) await chain.block([chain.access(), chain.grant(permit)]);
    const index = indexed(chain);
    const query = { kind: 'access', from: 1 };
    const cursor = present((await index.page({ ...query, limit: 1 })).next, 'there are more');
    expect((await index.page({ ...query, limit: 2, cursor })).rows).toHaveLength(2);
    const others: Asking[] = [
      { kind: 'consent', from: 1 },
      { kind: 'access' },
      { ...query, to: chain.nextMs },
      { ...query, order: 'newest-first' },
      { ...query, agent: who('kay').did },
    ];
    for (const other of others)
      await expect(index.page({ ...other, cursor })).rejects.toMatchObject({ code: 'request-invalid' });
    for (let digit = 0; digit < cursor.length; digit++) {
      const changed = cursor.slice(0, digit) + (cursor[digit] === '0' ? '1' : '0') + cursor.slice(digit + 1);
      await expect(index.page({ ...query, cursor: changed })).rejects.toMatchObject({ code: 'request-invalid' });
    }
  });
});
