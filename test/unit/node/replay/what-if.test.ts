import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WhatIfPage } from '../../../../src/api/index.ts';
import { readDomainPolicy } from '../../../../src/contracts/index.ts';
import { type DecidingRules, underPolicy } from '../../../../src/node/replay/deciding-rules.ts';
import { type SliceLimits, whatIf } from '../../../../src/node/replay/what-if.ts';
import { ruleVersions } from '../../../../src/node/rules.ts';
import { MemoryStore } from '../../../../src/storage/index.ts';
import { Chain, policy, startMs } from './support.ts';

const permit = { type: 'permit', purposes: ['TREAT'] };
const domain = 'north-records';

async function all(
  chain: Chain,
  candidate: object,
  period: { from?: number; until?: number } = {},
  limits?: SliceLimits,
): Promise<Omit<WhatIfPage, 'next'> & { readonly pages: number }> {
  const question = {
    domain,
    candidate: (recorded: DecidingRules) => underPolicy(recorded, domain, readDomainPolicy(candidate)),
    ...period,
  };
  let next: number | undefined;
  let sum: WhatIfPage | undefined;
  let pages = 0;
  do {
    const page: WhatIfPage = await whatIf(
      chain.source,
      ruleVersions(),
      { ...question, ...(next !== undefined && { next }) },
      limits,
    );
    const blocks = page.blocks && { from: sum?.blocks?.from ?? page.blocks.from, to: page.blocks.to };
    sum = {
      ...page,
      ...((blocks ?? sum?.blocks) && { blocks: blocks ?? sum?.blocks }),
      decisions: page.decisions + (sum?.decisions ?? 0),
      differences: [...(sum?.differences ?? []), ...page.differences],
      mismatches: [...(sum?.mismatches ?? []), ...page.mismatches],
    } as WhatIfPage;
    pages += 1;
    next = page.next;
  } while (next !== undefined);
  const { next: _next, ...rest } = sum as WhatIfPage;
  return { ...rest, pages };
}

describe('what if a domain had another policy', () => {
  it('lists each decision that would differ, with both outcomes and why', async () => {
    const chain = await Chain.begin();
    const without = await chain.one(chain.access());
    await chain.one(chain.grant(permit));
    await chain.one(chain.access());
    await chain.one(chain.grant({ type: 'deny' }, 'ben', 'south-records'));
    const page = await all(chain, { ...policy, implicit: 'permit' });
    expect(page).toMatchObject({ domain, decisions: 2, mismatches: [], blocks: { from: 1, to: 6 }, head: 6 });
    expect(page.differences).toMatchObject([
      {
        id: without.id,
        height: 3,
        index: 0,
        entry: { type: 'access-recorded', domain, decision: 'deny' },
        recorded: { decision: 'deny', reason: 'implicit-policy', determining: [] },
        candidate: { decision: 'permit', reason: 'implicit-policy', determining: [] },
      },
    ]);
  });

  it('says what fails at the gate, and which consent decided', async () => {
    const chain = await Chain.begin();
    const { id: consent } = await chain.one(chain.grant(permit));
    await chain.one(chain.access());
    const { differences } = await all(chain, { ...policy, roles: [{ role: 'clinician', purposes: ['HRESCH'] }] });
    expect(differences).toMatchObject([
      {
        recorded: { decision: 'permit', determining: [consent] },
        candidate: { decision: 'deny', reason: 'gate', gate: { element: 'purpose', expected: 'HRESCH', got: 'TREAT' } },
      },
    ]);
  });

  it('tells of a glass that could not have been broken, and of what it then permitted', async () => {
    const chain = await Chain.begin();
    await chain.one(chain.breakGlass());
    const btg = { agent: 'eve', role: 'emergency-physician', purpose: 'BTG', inEmergencyCategory: true } as const;
    await chain.one(chain.access(btg));
    const { emergency: _emergency, ...strict } = policy;
    const { differences, decisions } = await all(chain, strict);
    expect(decisions).toBe(2);
    expect(differences).toMatchObject([
      { entry: { type: 'glass-broken' }, candidate: { refused: { code: expect.any(String) } } },
      { recorded: { decision: 'permit-break-glass' }, candidate: { decision: 'deny' } },
    ]);
  });

  it('leaves the state as it was recorded: each decision is looked at alone, at its own place in its block', async () => {
    const chain = await Chain.begin();
    await chain.block([
      chain.access(),
      chain.grant(permit),
      chain.access(),
      chain.grant({ type: 'deny' }),
      chain.access(),
    ]);
    const { differences } = await all(chain, { ...policy, implicit: 'permit' });
    expect(differences).toMatchObject([{ height: 3, index: 0, candidate: { decision: 'permit' } }]);
  });

  it('looks at each decision of a batch, and tells of one that would not even be recorded', async () => {
    const chain = await Chain.begin();
    await chain.one(chain.grant(permit));
    const open = { ...policy, openCategories: true };
    await chain.one(['north', 'enrolment.domain', { domain, policy: open, ifVersion: 1 }]);
    const { id } = await chain.one(chain.batch([chain.access(), chain.access({ purpose: 'HRESCH' })]));
    await chain.one(chain.batch([chain.access()], 'allergies'));
    const researching = [...policy.roles, { role: 'clinician', purposes: ['HRESCH'] }];
    const page = await all(chain, { ...policy, implicit: 'permit', roles: researching });
    expect(page).toMatchObject({ decisions: 3, mismatches: [] });
    expect(page.differences).toMatchObject([
      {
        id,
        entry: { batchPlace: 1 },
        recorded: { decision: 'deny', reason: 'gate', gate: { element: 'purpose' } },
        candidate: { decision: 'permit', reason: 'implicit-policy' },
      },
      { entry: { batchPlace: 0 }, candidate: { refused: { code: 'category-not-open' } } },
    ]);
    const same = await all(chain, open);
    expect(same).toMatchObject({ decisions: 3, differences: [], mismatches: [] });
  });

  it('takes the decisions of the period: from its beginning to before its end', async () => {
    const chain = await Chain.begin();
    for (let count = 0; count < 5; count++) await chain.one(chain.access());
    const open = { ...policy, implicit: 'permit' };
    const time = (height: number): number => chain.ledger.block(height)?.header.timestamp ?? 0;
    const heights = async (from: number, until: number): Promise<number[]> =>
      (await all(chain, open, { from, until })).differences.map(({ height }) => height);
    expect(await heights(time(4), time(6))).toEqual([4, 5]);
    expect(await heights(time(4) + 1, time(6) + 1)).toEqual([5, 6]);
    expect(await heights(0, startMs * 2)).toEqual([3, 4, 5, 6, 7]);
    expect(await heights(time(7) + 1, startMs * 2)).toEqual([]);
    expect((await all(chain, open, { from: time(7) + 1 })).blocks).toBeUndefined();
  });

  it('has no difference under the policy that was recorded, and the same in slices of any size', async () => {
    const step = fc.constantFrom('access', 'permit', 'deny', 'link');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }),
        fc.record({ decisionsMax: fc.integer({ min: 1, max: 3 }), blocksMax: fc.integer({ min: 1, max: 3 }) }),
        async (blocks, limits) => {
          const chain = await Chain.begin();
          let subjects = 0;
          for (const steps of blocks)
            await chain.block(
              steps.map((name) => {
                if (name === 'access') return chain.access();
                if (name === 'link') return chain.link('south', `subject ${subjects++}`);
                return chain.grant(name === 'permit' ? permit : { type: 'deny' });
              }),
            );
          const { pages: _pages, ...same } = await all(chain, policy);
          expect(same).toMatchObject({ differences: [], mismatches: [] });
          const open = { ...policy, implicit: 'permit' };
          const { pages: whole, ...once } = await all(chain, open);
          const { pages, ...sliced } = await all(chain, open, {}, limits);
          expect(sliced).toEqual(once);
          expect(whole).toBe(1);
          expect(pages).toBeGreaterThanOrEqual(Math.ceil(chain.ledger.applied.height / limits.blocksMax));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('reports what does not come out as it was recorded', async () => {
    const store = new MemoryStore();
    const chain = await Chain.begin(store);
    const asked = await chain.one(chain.access());
    await chain.forge(asked.receipt, { ok: false, code: 'request-expired', rule: 'request-is-current', sentence: '' });
    const page = await all(Chain.reopen(store), policy);
    expect(page).toMatchObject({
      decisions: 1,
      differences: [],
      mismatches: [{ id: asked.id, recorded: { ok: false }, recomputed: { ok: true, output: { decision: 'deny' } } }],
    });
  });

  it('does not take what is no policy', async () => {
    const chain = await Chain.begin();
    expect(() => chain.replays.whatIf(domain, { policy: { implicit: 'perhaps' } })).toThrow(
      expect.objectContaining({ code: 'request-invalid', message: expect.stringContaining('policy.implicit') }),
    );
  });
});
