import { describe, expect, it } from 'vitest';
import type { Consistency, DecisionRequest, DecisionView } from '../../../src/api/index.ts';
import { verifySignature } from '../../../src/crypto/index.ts';
import { Decisions } from '../../../src/node/front/decisions.ts';
import { Submissions } from '../../../src/node/ingress/submissions.ts';
import { KnownState, StateFeed, type StateNews } from '../../../src/node/known-state/index.ts';
import type { Ask } from '../../../src/node/queries/query.ts';
import { createForms, rulesJson } from '../../../src/node/rules.ts';
import { Chain, treatment } from './replay/support.ts';

/** An HTTP thread beside a chain: `said` is what the main thread has said and the thread has not taken in. */
async function begin(consistency: Consistency) {
  const chain = await Chain.begin();
  const said: StateNews[] = [];
  const feed = new StateFeed({ ledger: chain.ledger, nowMs: () => 0, send: (one) => said.push(one) });
  const known = new KnownState(() => 0);
  const found: boolean[] = [];
  const asked: string[] = [];
  const catchUp = (): void => {
    for (const one of said.splice(0)) known.follow(one);
  };
  const ask = (async (kind: string, input: DecisionRequest) => {
    asked.push(kind);
    if (kind !== 'certifiedHeight') return feed.decide(input);
    await thread.onAsked();
    // The news of a block come before an answer that counts it.
    catchUp();
    return chain.ledger.certifiedHeight;
  }) as unknown as Ask;
  const thread = {
    isLeased: (): boolean => expect.unreachable('nobody looks at the lease'),
    onAsked: async (): Promise<void> => undefined,
  };
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
    reading: { consistency, readPoint: undefined, ask, begin: () => undefined },
    replays: chain.replays,
    known,
    isLeased: () => thread.isLeased(),
    catchUp,
    observe: (isKnown) => found.push(isKnown),
  });
  const question = treatment();
  const { id } = await chain.one(chain.grant({ type: 'permit', purposes: ['TREAT'] }));
  return {
    thread,
    chain,
    said,
    asked,
    found,
    decide: async (): Promise<DecisionView> => JSON.parse(await decisions.answer(question)) as DecisionView,
    async revoke(): Promise<void> {
      const { receipt } = await chain.one(['ana', 'consent.revoke', { consent: id }]);
      expect(receipt.result.ok).toBe(true);
      expect(said).toHaveLength(1);
    },
  };
}

it('a local decision takes in all that the main thread has said before, and asks nothing that it knows', async () => {
  const { decide, revoke, found, asked } = await begin('local');
  const permitted = await decide();
  expect(permitted.decision).toBe('permit');
  await revoke();
  expect(await decide()).toMatchObject({ decision: 'deny', height: permitted.height + 1 });
  expect(found).toEqual([false, true]);
  expect(asked).toEqual(['decide']);
});

describe('a decision on what is in force', () => {
  it('asks nobody while the node holds a lease, and knows what had been said when the lease was looked at', async () => {
    const { thread, said, decide, revoke, found, asked } = await begin('in-force');
    thread.isLeased = () => true;
    const permitted = await decide();
    expect(permitted.decision).toBe('permit');
    await revoke();
    const revocation = said.splice(0);
    // The last moment at which it may have been in force before the lease was seen to hold.
    thread.isLeased = () => {
      said.push(...revocation);
      return true;
    };
    expect(await decide()).toMatchObject({ decision: 'deny', height: permitted.height + 1 });
    expect(found).toEqual([false, true]);
    expect(asked).toEqual(['decide']);
  });

  it('asks the main thread how far it must be where the node holds none, as a linearizable one does', async () => {
    for (const consistency of ['in-force', 'linearizable'] as const) {
      const { thread, decide, revoke, found, asked } = await begin(consistency);
      if (consistency === 'in-force') thread.isLeased = () => false;
      expect((await decide()).decision).toBe('permit');
      await revoke();
      expect((await decide()).decision).toBe('deny');
      expect(found).toEqual([false, true]);
      expect(asked).toEqual(['decide', 'certifiedHeight']);
    }
  });

  it('is made anew where the ledger began again at the same height before it could say how far it is', async () => {
    const { thread, chain, decide, revoke, asked } = await begin('linearizable');
    expect((await decide()).decision).toBe('permit');
    thread.onAsked = async () => {
      chain.ledger.reload();
      // Nobody is told of this block: since the ledger began again nothing was given out.
      await revoke();
    };
    expect((await decide()).decision).toBe('deny');
    expect(asked).toEqual(['decide', 'certifiedHeight', 'decide']);
  });
});
