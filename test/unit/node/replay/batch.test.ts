import { describe, expect, it } from 'vitest';
import { explainedDecisionsMax } from '../../../../src/api/index.ts';
import { Replays } from '../../../../src/node/replay/replays.ts';
import { ruleVersions } from '../../../../src/node/rules.ts';
import { Chain, hex, policy, who } from './support.ts';

const permit = { type: 'permit', purposes: ['TREAT'] };

/** Thirty people, every third of whom permits; two accesses to each. */
async function withBatch(): Promise<{ readonly chain: Chain; readonly id: string }> {
  const chain = await Chain.begin();
  const people = Array.from({ length: 30 }, (_, number) => `person ${number}`);
  await chain.block(people.map((name) => chain.link('north', name)));
  await chain.block(people.filter((_, number) => number % 3 === 0).map((name) => chain.grant(permit, name)));
  const asked = people.flatMap((subject) =>
    ['first', 'second'].map((which) => chain.access({ subject, event: `${which} of ${subject}` })),
  );
  const { id } = await chain.one(chain.batch(asked));
  return { chain, id };
}

describe('a batch', () => {
  it('is explained with its decisions, the first of them or the one that is asked for', async () => {
    const { chain, id } = await withBatch();
    const explained = await chain.replays.explain(id, { view: 'full' });
    expect(explained).toMatchObject({ kind: 'access.recordBatch', agrees: true, decisionCount: 60 });
    expect(explained.decisions).toHaveLength(explainedDecisionsMax);
    const event = hex('second of person 29', 16);
    const one = await chain.replays.explain(id, { view: 'full', event });
    expect(one.decisions).toMatchObject([{ eventId: event, decision: 'deny', subject: who('person 29').did }]);
  });

  it('tells a requester of one event, and not of what others asked', async () => {
    const { chain, id } = await withBatch();
    await expect(chain.replays.explain(id, { view: 'requester' })).rejects.toMatchObject({ code: 'request-invalid' });
    const event = hex('first of person 3', 16);
    const { decisions, result } = await chain.replays.explain(id, { view: 'requester', event });
    expect(decisions).toMatchObject([{ eventId: event, decision: 'permit' }]);
    expect(result).toEqual({ ok: true });
  });

  it('is tried under another policy, entry by entry', async () => {
    const { chain } = await withBatch();
    const page = await chain.replays.whatIf('north-records', { policy: { ...policy, implicit: 'permit' } });
    expect(page).toMatchObject({ decisions: 60, mismatches: [] });
    expect(page.differences).toHaveLength(40);
  });

  it('is not begun anew for each value that it reads', async () => {
    const { chain, id } = await withBatch();
    let runs = 0;
    const replays = new Replays(chain.source, (name) => {
      const rules = ruleVersions()(name);
      if (rules === undefined) return undefined;
      const { executor } = rules;
      const executeTraced: typeof executor.executeTraced = (transaction, ...rest) => {
        runs += 1;
        return executor.executeTraced(transaction, ...rest);
      };
      return { ...rules, executor: { ...executor, executeTraced } };
    });
    await replays.explain(id, { view: 'full' });
    // It reads some two hundred values.
    expect(runs).toBeLessThan(10);
  });
});
