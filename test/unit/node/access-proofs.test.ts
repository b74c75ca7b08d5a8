import { describe, expect, it } from 'vitest';
import type { AccessProofPage } from '../../../src/api/index.ts';
import { fromHex, present } from '../../../src/base/index.ts';
import { verifyLoggedAccess } from '../../../src/contracts/index.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { accessProofs } from '../../../src/node/front/access-proofs.ts';
import type { Ask, Asked } from '../../../src/node/queries/query.ts';
import { sentenceOf } from '../../../src/node/rules.ts';
import { ChainAnswers } from '../../../src/node/service/chain-answers.ts';
import { CommitWaiters } from '../../../src/node/service/commit-waiters.ts';
import { StateAnswers } from '../../../src/node/service/state-answers.ts';
import { Chain, who } from './replay/support.ts';

const { did, publicKey } = who('ana');

function askOf({ ledger, store }: Chain, beforeStream: () => Promise<void> = async () => undefined): Ask {
  const waiters = new CommitWaiters(systemClock, (id) => ledger.receipt(id));
  const chain = new ChainAnswers({ ledger, store, waiters, archive: undefined, sentenceOf });
  const state = new StateAnswers(ledger, () => 0);
  const asked: Pick<Asked, 'accessLog' | 'stream'> = {
    accessLog: (input) => state.accessLog(input),
    async stream(input) {
      await beforeStream();
      return chain.stream(input);
    },
  };
  // Kind and input were paired by `Ask`.
  return (async (kind: keyof typeof asked, input: never) => asked[kind](input)) as unknown as Ask;
}

function verdicts({ size, root, proofs }: AccessProofPage): boolean[] {
  const bytes = (text: string): Uint8Array => present(fromHex(text), 'hexadecimal');
  return proofs.map(({ entry, place, path }) =>
    verifyLoggedAccess({ entry: bytes(entry), place, size, root: bytes(root), path: path.map(bytes) }),
  );
}

describe('proofs of a subject’s access log', () => {
  it('prove each entry of whatever length, where it was recorded', async () => {
    const chain = await Chain.begin();
    const places: string[] = [];
    for (const count of [1, 2, 5, 1]) {
      const { receipt } = await chain.one(chain.batch(Array.from({ length: count }, () => chain.access())));
      places.push(...Array.from({ length: count }, () => `${receipt.height}/${receipt.index}`));
      const page = await accessProofs(askOf(chain), did, publicKey, { from: 0, limit: 100 });
      expect(page).toMatchObject({ subject: did, at: receipt.height, size: places.length });
      expect(page.proofs.map(({ place }) => place)).toEqual([...places.keys()]);
      expect(page.proofs.map(({ height, index }) => `${height}/${index}`)).toEqual(places);
      expect(verdicts(page)).toEqual(places.map(() => true));
    }
    const page = await accessProofs(askOf(chain), did, publicKey, { from: 3, limit: 2 });
    expect(page.proofs.map(({ place }) => place)).toEqual([3, 4]);
    expect(verdicts({ ...page, proofs: page.proofs.map((proof) => ({ ...proof, place: proof.place + 1 })) })).toEqual([
      false,
      false,
    ]);
  });

  it('are of the log as it was when it was asked for, also when it grows meanwhile', async () => {
    const chain = await Chain.begin();
    await chain.one(chain.batch([chain.access(), chain.access(), chain.access()]));
    const grow = async (): Promise<void> => void (await chain.one(chain.access()));
    const page = await accessProofs(askOf(chain, grow), did, publicKey, { from: 1, limit: 100 });
    expect([page.size, page.proofs.length]).toEqual([3, 2]);
    expect(verdicts(page)).toEqual([true, true]);
  });

  it('are not there for an entry that is not', async () => {
    const chain = await Chain.begin();
    const ask = (from: number) => accessProofs(askOf(chain), did, publicKey, { from, limit: 1 });
    await expect(ask(0)).rejects.toMatchObject({ code: 'not-found' });
    await chain.one(chain.access());
    await expect(ask(1)).rejects.toMatchObject({ code: 'not-found' });
    expect((await ask(0)).proofs).toHaveLength(1);
  });
});
