import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../../src/base/index.ts';
import { ruleSet } from '../../../../src/contracts/index.ts';
import { decodeCanonical, encodeCanonical } from '../../../../src/ledger/index.ts';
import { Replays } from '../../../../src/node/replay/replays.ts';
import { MemoryStore, prefixedKey } from '../../../../src/storage/index.ts';
import { Chain, policy, startMs, treatment, who } from './support.ts';

interface Decision {
  readonly decision: string;
  readonly reason: string;
  readonly consents: readonly { readonly consent: string; readonly results: string[]; readonly determining: boolean }[];
  readonly gatewayFound: { readonly results: readonly object[] };
}

const permit = { type: 'permit', purposes: ['TREAT'] };

describe('a transaction explained', () => {
  it('says what each rule saw at its place, whatever came after', async () => {
    const chain = await Chain.begin();
    const granted = await chain.one(chain.grant(permit));
    const asked = await chain.one(chain.access());
    const consent = granted.id;
    await chain.one(['ana', 'consent.revoke', { consent }]);
    await chain.one(chain.access());
    const explained = await chain.replays.explain(asked.id, { view: 'full' });
    expect(explained).toMatchObject({ id: asked.id, kind: 'access.record', height: 4, index: 0, agrees: true });
    expect(explained.at).toBe(asked.receipt.timestamp);
    expect(explained.result).toMatchObject({ ok: true, output: { decision: 'permit' } });
    expect(explained.rules.map(({ verdict }) => new Set([verdict]))).not.toContainEqual(new Set(['refused']));
    expect(explained.rules.find(({ rule }) => rule === 'event-is-consistent')?.reads).toMatchObject([{ found: false }]);
    expect(explained.writes.some((key) => key.startsWith('access/event/'))).toBe(true);
    const [decision] = explained.decisions as unknown as Decision[];
    expect(decision).toMatchObject({ decision: 'permit', consents: [{ consent, determining: true }] });
    const revoked = await chain.replays.explain(granted.id, { view: 'full' });
    expect(revoked).toMatchObject({ agrees: true, decisions: [] });
  });

  it('counts what came before it in its own block, and nothing that came after', async () => {
    const chain = await Chain.begin();
    const receipts = await chain.block([
      chain.access(),
      chain.grant(permit),
      chain.access(),
      chain.grant({ type: 'deny' }),
      chain.access(),
    ]);
    const decisions = [];
    for (const { id } of receipts) {
      const explained = await chain.replays.explain(toHex(id), { view: 'full' });
      expect(explained).toMatchObject({ height: 3, agrees: true });
      for (const one of explained.decisions as unknown as Decision[])
        decisions.push(`${one.decision} by ${one.reason} of ${one.consents.length}`);
    }
    expect(decisions).toEqual(['deny by implicit-policy of 0', 'permit by permit of 1', 'deny by deny of 2']);
  });

  it('names the rule that refused, and those that were not reached', async () => {
    const chain = await Chain.begin();
    const refused = await chain.one(['ben', 'consent.grant', { domain: 'north-records', provision: permit }]);
    const { rules, result, writes, agrees } = await chain.replays.explain(refused.id, { view: 'full' });
    expect(result).toMatchObject({ ok: false });
    expect({ agrees, writes }).toEqual({ agrees: true, writes: [] });
    const decided = rules.findIndex(({ verdict }) => verdict === 'refused');
    expect(rules[decided]?.rule).toBe(result.rule);
    expect(rules.slice(0, decided).every(({ verdict }) => verdict === 'permitted')).toBe(true);
    expect(rules.slice(decided + 1).length).toBeGreaterThan(0);
    expect(rules.slice(decided + 1).every(({ verdict }) => verdict === 'not-reached')).toBe(true);
  });

  it('shows what the gateway found in sealed clauses as its word', async () => {
    const chain = await Chain.begin();
    const sealed = 'ab'.repeat(32);
    const { id: consent } = await chain.one(chain.grant({ ...permit, sealed }));
    const results = [{ consent, version: 1, results: 4, namesBreakGlass: false }];
    const asked = await chain.one(chain.access({ results }));
    const [decision] = (await chain.replays.explain(asked.id, { view: 'full' })).decisions as unknown as Decision[];
    expect(decision?.gatewayFound.results).toEqual([
      { consent, version: 1, results: ['weak-deny'], namesBreakGlass: false },
    ]);
    expect(decision).toMatchObject({ decision: 'deny', reason: 'weak-deny' });
  });

  it('of a retry, which decides nothing, has no decision', async () => {
    const chain = await Chain.begin();
    await chain.one(chain.access({ event: 'once' }));
    const retry = await chain.one(chain.access({ event: 'once' }));
    const explained = await chain.replays.explain(retry.id, { view: 'full' });
    expect(explained).toMatchObject({ agrees: true, decisions: [], result: { output: { duplicate: true } } });
  });

  it('says so where the disk has another result than the rules give', async () => {
    const store = new MemoryStore();
    const chain = await Chain.begin(store);
    const asked = await chain.one(chain.access());
    await chain.forge(asked.receipt, { ok: false, code: 'too-many-consents', rule: 'subject-has-room', sentence: '' });
    const explained = await Chain.reopen(store).replays.explain(asked.id, { view: 'full' });
    expect(explained).toMatchObject({
      agrees: false,
      result: { ok: false, code: 'too-many-consents' },
      recomputed: { ok: true, output: { decision: 'deny' } },
    });
  });

  it('is not told of what is not there, or not kept', async () => {
    const chain = await Chain.begin();
    const unknown = chain.replays.explain('00'.repeat(32), { view: 'full' });
    await expect(unknown).rejects.toMatchObject({ code: 'transaction-unknown' });
    const asked = await chain.one(chain.access());
    const appliedKey = prefixedKey('meta', utf8('applied'));
    const record = decodeCanonical(chain.store.get(appliedKey) as Uint8Array) as unknown[];
    const value = encodeCanonical([...record.slice(0, -1), chain.ledger.applied.height] as never);
    await new Promise<void>((resolve) => chain.store.write([{ type: 'put', key: appliedKey, value }], () => resolve()));
    const later = Chain.reopen(chain.store).replays.explain(asked.id, { view: 'full' });
    await expect(later).rejects.toMatchObject({ code: 'history-not-kept' });
  });
});

describe('an explanation for the requester', () => {
  const denied = async (provision: object, results: readonly object[] = []): Promise<object> => {
    const chain = await Chain.begin();
    const { id: consent } = await chain.one(chain.grant(provision));
    const claims = results.map((claim) => ({ consent, version: 1, namesBreakGlass: false, ...claim }));
    const asked = await chain.one(chain.access({ results: claims }));
    const { id: _id, ...rest } = await chain.replays.explain(asked.id, { view: 'requester' });
    return rest;
  };

  it('is the same whether a label, a clause or nothing at all kept it from being permitted', async () => {
    const sealed = 'cd'.repeat(32);
    const byLabel = await denied({ ...permit, sealed }, [{ results: 4 }]);
    expect(byLabel).toEqual(await denied({ type: 'deny', sealed }, [{ results: 2 }]));
    expect(byLabel).toEqual(await denied({ ...permit, sealed }, []));
    expect(byLabel).toEqual(await denied({ type: 'deny' }));
    expect(byLabel).toEqual(await denied({ type: 'permit', purposes: ['HRESCH'] }));
    expect(JSON.stringify(byLabel)).not.toMatch(/consent\/|weak|implicit|indeterminate|determining/);
    expect(byLabel).toMatchObject({ result: { ok: true, output: { decision: 'deny' } }, writes: [] });
  });

  it('tells of the gate, which is its own doing', async () => {
    const chain = await Chain.begin();
    const asked = await chain.one(chain.access({ purpose: 'HRESCH' }));
    const { decisions } = await chain.replays.explain(asked.id, { view: 'requester' });
    expect(decisions).toMatchObject([{ decision: 'deny', agent: who('kay').did, gate: { element: 'purpose' } }]);
  });
});

describe('a decision in the past', () => {
  const question = treatment();

  it('is that of the block, at its time', async () => {
    const chain = await Chain.begin();
    const { id: consent } = await chain.one(chain.grant({ ...permit, period: { until: startMs + 200_000 } }));
    await chain.block([]);
    await chain.one(['ana', 'consent.revoke', { consent }]);
    const at = async (height: number): Promise<string> => {
      const view = await chain.replays.decideAt(height, { ...question, at: { height } });
      expect(view).toMatchObject({ height, at: chain.ledger.block(height)?.header.timestamp, advisory: true });
      return view.decision;
    };
    // The consent's time is over with the fourth block; with the fifth it is revoked.
    expect([await at(2), await at(3), await at(4), await at(5)]).toEqual(['deny', 'permit', 'deny', 'deny']);
    await expect(at(6)).rejects.toMatchObject({ code: 'block-unknown' });
    await expect(at(1)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('for the requester leaves out what is not its own', async () => {
    const chain = await Chain.begin();
    await chain.one(chain.grant({ ...permit, sealed: 'ee'.repeat(32) }));
    const full = await chain.replays.decideAt(3, { ...question, at: { height: 3 } });
    const redacted = await chain.replays.decideAt(3, { ...question, at: { height: 3 }, view: 'requester' });
    expect(full.decision).toBe('indeterminate');
    expect(redacted.decision).toBe('deny');
    expect(Object.keys(redacted.explanation as object)).not.toContain('consents');
  });
});

describe('a program that lacks the rules of that time', () => {
  it('says so, and replays nothing under others', async () => {
    const chain = await Chain.begin();
    const asked = await chain.one(chain.access());
    const { replays } = chain;
    await expect(replays.explain(asked.id, { view: 'full' })).resolves.toMatchObject({ agrees: true });
    const later = new Replays(chain.source, () => undefined);
    const lacking = { code: 'rule-set-unknown', message: expect.stringContaining(ruleSet) };
    await expect(later.explain(asked.id, { view: 'full' })).rejects.toMatchObject(lacking);
    await expect(later.whatIf('north-records', { policy })).rejects.toMatchObject(lacking);
    await expect(later.decideAt(2, { at: { height: 2 } })).rejects.toMatchObject(lacking);
  });
});
