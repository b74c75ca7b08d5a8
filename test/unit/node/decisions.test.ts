import { expect, it } from 'vitest';
import type { DecisionRequest, DecisionView } from '../../../src/api/index.ts';
import { verifySignature } from '../../../src/crypto/index.ts';
import { Decisions } from '../../../src/node/front/decisions.ts';
import { Submissions } from '../../../src/node/ingress/submissions.ts';
import { KnownState, StateFeed, type StateNews } from '../../../src/node/known-state/index.ts';
import type { Ask } from '../../../src/node/queries/query.ts';
import { createForms, rulesJson } from '../../../src/node/rules.ts';
import { Chain, treatment } from './replay/support.ts';

it('a local decision takes in all that the main thread has said before, and asks nothing that it knows', async () => {
  const chain = await Chain.begin();
  const news: StateNews[] = [];
  const feed = new StateFeed({ ledger: chain.ledger, nowMs: () => 0, send: (one) => news.push(one) });
  const known = new KnownState(() => 0);
  const found: boolean[] = [];
  const ask = (async (_kind: string, input: DecisionRequest) => feed.decide(input)) as unknown as Ask;
  const decisions = new Decisions({
    submissions: new Submissions({
      ledgerId: chain.ledger.ledgerId,
      forms: createForms(),
      verify: verifySignature,
      askSigners: () => expect.unreachable(),
      outputToJson: rulesJson.outputToJson,
      countMax: 1,
      bytesMax: 1,
      send: () => expect.unreachable(),
    }),
    reading: { consistency: 'local', readPoint: undefined, ask, begin: () => undefined },
    replays: chain.replays,
    known,
    catchUp: () => {
      for (const one of news.splice(0)) known.follow(one);
    },
    observe: (isKnown) => found.push(isKnown),
  });
  const question = treatment();
  const decide = async (): Promise<DecisionView> => JSON.parse(await decisions.answer(question)) as DecisionView;
  const { id } = await chain.one(chain.grant({ type: 'permit', purposes: ['TREAT'] }));
  const permitted = await decide();
  expect(permitted.decision).toBe('permit');
  const { receipt } = await chain.one(['ana', 'consent.revoke', { consent: id }]);
  expect(receipt.result.ok).toBe(true);
  expect(news).toHaveLength(1);
  expect(await decide()).toMatchObject({ decision: 'deny', height: permitted.height + 1 });
  expect(found).toEqual([false, true]);
});
