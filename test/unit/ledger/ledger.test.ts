import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { encodeBlock } from '../../../src/ledger/block.ts';
import { headerMessage } from '../../../src/ledger/header.ts';
import {
  decodeBlock,
  encodeHeader,
  type Ledger,
  ledgerLimits,
  openBlock,
  type ReceivedBlock,
  VerifiedBlock,
  type VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { MemoryStore } from '../../../src/storage/index.ts';
import { genesis, openLedger, proposer, put, signed, verified, write } from './fixture.ts';

const noJustification = new Uint8Array();

function seal(ledger: Ledger, parentHash: Uint8Array, timestamp: number, transactions: readonly VerifiedTransaction[]) {
  const leftOut: string[] = [];
  const sealed = ledger.seal(
    { parentHash, term: 1, timestamp, enactsChange: false, justification: () => noJustification },
    proposer.publicKey,
    transactions,
    (transaction, reason) => leftOut.push(`${transaction.kind} ${reason}`),
  );
  sealed.accept();
  return { block: decodeBlock(sealed.draft.sign(proposer).bytes), leftOut };
}

/** What a follower does with received bytes. */
function execute(ledger: Ledger, block: ReceivedBlock) {
  return ledger.execute(verifiedBlock(block), false);
}

function verifiedBlock(block: ReceivedBlock): VerifiedBlock {
  const transactions = block.transactions.map((transaction) => verified(transaction.bytes));
  return new VerifiedBlock(block, transactions);
}

/** As little at a time as there is. */
const never = (): boolean => false;

async function commit(ledger: Ledger, store: MemoryStore, block: ReceivedBlock): Promise<void> {
  await write(store, ledger.commit(block.hash).operations);
  ledger.settle(block.hash);
}

/** A block like `block` but for one field of its header, properly signed. */
function altered(block: ReceivedBlock, change: Partial<ReceivedBlock['header']>): ReceivedBlock {
  const headerBytes = encodeHeader({ ...block.header, ...change });
  const headerSignature = proposer.sign(headerMessage(genesis.ledgerId, headerBytes));
  return decodeBlock(
    encodeBlock({
      headerBytes,
      headerSignature,
      justification: block.justification,
      transactions: block.transactionBytes,
    }),
  );
}

describe('a follower', () => {
  it('reproduces every root that a leader states, block on block, before anything is committed', async () => {
    const leader = await openLedger();
    const follower = await openLedger();
    let parent = genesis.ledgerId;
    for (let height = 1; height <= 20; height++) {
      const transactions = [put(`k${height % 3}`, height), verified(signed('sim.delete', [1, `k${height % 4}`]))];
      const { block } = seal(leader.ledger, parent, 1_000_000 + height, transactions);
      expect(execute(follower.ledger, decodeBlock(block.bytes))).toEqual({ ok: true });
      parent = block.hash;
      if (height % 5 === 0) continue;
    }
    expect(follower.ledger.applied.height).toBe(0);
  });

  it.each([
    ['state-root', { stateRoot: new Uint8Array(32).fill(9) }],
    ['results-root', { resultsRoot: new Uint8Array(32).fill(9) }],
    ['history-root', { historyRoot: new Uint8Array(32).fill(9) }],
    ['configuration', { configurationHash: new Uint8Array(32).fill(9) }],
    ['ledger', { ledgerId: new Uint8Array(32).fill(9) }],
    ['parent-unknown', { parentHash: new Uint8Array(32).fill(9) }],
    ['height', { height: 2 }],
    ['timestamp', { timestamp: 1_000_000 }],
  ] as const)('refuses a block whose header is wrong in its %s', async (reason, change) => {
    const leader = await openLedger();
    const follower = await openLedger();
    const { block } = seal(leader.ledger, genesis.ledgerId, 1_000_001, [put('a', 1)]);
    expect(execute(follower.ledger, altered(block, change))).toEqual({ ok: false, reason });
    expect(execute(follower.ledger, block)).toEqual({ ok: true });
  });

  it('does not read a header of another block with these transactions, or with one left out, changed or in another place', async () => {
    const { ledger } = await openLedger();
    const [first, second, third] = [put('a', 1), put('b', 2), put('c', 3)];
    const { block } = seal(ledger, genesis.ledgerId, 1_000_001, [first, second]);
    const withThese = (transactions: readonly VerifiedTransaction[]) => () =>
      openBlock(encodeBlock({ ...block, transactions: transactions.map(({ bytes }) => bytes) }));
    expect(withThese([first, second])().hashHex).toBe(block.hashHex);
    for (const wrong of [[second, first], [first, third], [first], [first, second, second], []]) {
      expect(withThese(wrong)).toThrow(expect.objectContaining({ code: 'block-invalid' }));
    }
    expect(() => altered(block, { transactionsRoot: new Uint8Array(32).fill(9) })).toThrow(
      expect.objectContaining({ code: 'block-invalid' }),
    );
  });

  it('refuses a block that executes a transaction of its chain again, committed or not (protocol.md §3)', async () => {
    const { ledger, store } = await openLedger();
    const follower = await openLedger();
    const again = put('a', 1);
    const first = seal(ledger, genesis.ledgerId, 1_000_001, [again]).block;
    execute(follower.ledger, first);
    const { block, leftOut } = seal(ledger, first.hash, 1_000_002, [again, again]);
    expect(leftOut).toEqual(['sim.put already-executed', 'sim.put already-executed']);
    const forged = decodeBlock(
      encodeBlock({
        ...block,
        transactions: [again.bytes],
        headerBytes: encodeHeader({ ...block.header, transactionCount: 1, transactionsRoot: again.leaf }),
      }),
    );
    expect(execute(follower.ledger, forged)).toEqual({ ok: false, reason: 'already-executed' });
    await commit(follower.ledger, follower.store, first);
    expect(execute(follower.ledger, forged)).toEqual({ ok: false, reason: 'already-executed' });
    await commit(ledger, store, first);
    expect(seal(ledger, first.hash, 1_000_003, [again]).leftOut).toEqual(['sim.put already-executed']);
  });
});

describe('a leader', () => {
  it('leaves out what has no place, and gives refusals by a rule theirs', async () => {
    const { ledger } = await openLedger();
    const now = 1_100_000;
    const { block, leftOut } = seal(ledger, genesis.ledgerId, now, [
      put('a', 1, { validUntil: now - 1 }),
      put('a', 2, { validUntil: now + 600_001 }),
      put('a', 3, { validUntil: now }),
      put('a', 4, { validUntil: now + 600_000 }),
      verified(signed('nonsense', [1])),
      verified(signed('sim.put', [1, 'long', new Uint8Array(ledgerLimits.transactionBytesMax)])),
      verified(signed('sim.put', [1])),
      verified(signed('sim.delete', [1, 'nothing'])),
    ]);
    const form = ['nonsense kind-unknown', 'sim.put too-large', 'sim.put payload-invalid'];
    expect(leftOut).toEqual(['sim.put expired', 'sim.put too-far', ...form]);
    expect(block.header.transactionCount).toBe(3);
    const { receipts } = ledger.commit(block.hash);
    expect(receipts.map((receipt) => receipt.result.ok)).toEqual([true, true, false]);
  });

  it('drops the writes of a transaction that is refused', async () => {
    const { ledger, store } = await openLedger();
    const wrong = verified(signed('sim.compare', [1, 'a', Uint8Array.of(7), Uint8Array.of(8)]));
    const { block } = seal(ledger, genesis.ledgerId, 1_000_001, [put('a', 1), wrong]);
    await commit(ledger, store, block);
    expect(ledger.state.get('sim/value/a')).toEqual(Uint8Array.of(1));
  });
});

describe('the chain', () => {
  it('keeps a receipt for ever, and the same one', async () => {
    const { ledger, store } = await openLedger();
    const transaction = put('a', 1);
    const { block } = seal(ledger, genesis.ledgerId, 1_000_001, [transaction]);
    expect(ledger.receipt(transaction.id)).toBeUndefined();
    const { operations, receipts } = ledger.commit(block.hash);
    await write(store, operations);
    ledger.settle(block.hash);
    expect(ledger.receipt(transaction.id)).toEqual(receipts[0]);
    let parent = block.hash;
    // Its id's bucket is dropped by time; the receipt is not.
    for (const timestamp of [1_500_000, 2_500_000]) {
      const next = seal(ledger, parent, timestamp, []).block;
      await commit(ledger, store, next);
      parent = next.hash;
    }
    expect(ledger.state.get(`ledger/executed/${Math.floor(1_300_000 / 60_000)}`)).toBeUndefined();
    expect(ledger.receipt(transaction.id)).toEqual(receipts[0]);
  });

  it('goes on from the store as if it had never stopped', async () => {
    const store = new MemoryStore();
    const first = await openLedger(store);
    const other = await openLedger();
    let parent = genesis.ledgerId;
    let ledger = first.ledger;
    for (let height = 1; height <= 12; height++) {
      const { block } = seal(ledger, parent, 1_000_000 + height * 60_000, [
        put(`k${height}`, height, { validUntil: 1_000_000 + height * 60_000 + 5000 }),
      ]);
      expect(execute(other.ledger, block)).toEqual({ ok: true });
      await commit(ledger, store, block);
      const { Ledger: Reopened } = await import('../../../src/ledger/index.ts');
      const before = ledger.applied;
      ledger = new Reopened(store, genesis, ledger.executor);
      expect(toHex(ledger.applied.stateRoot)).toBe(toHex(before.stateRoot));
      expect(toHex(ledger.applied.history.root())).toBe(toHex(before.history.root()));
      parent = block.hash;
    }
  });

  it('never lets go of a block that it gave out for commit, and of a lost branch whenever it is told to', async () => {
    const { ledger, store } = await openLedger();
    const lost = seal(ledger, genesis.ledgerId, 1_000_001, [put('a', 1)]).block;
    const forgotten = seal(ledger, genesis.ledgerId, 1_000_002, [put('a', 2)]).block;
    const kept = seal(ledger, genesis.ledgerId, 1_000_003, [put('a', 3)]).block;
    const next = seal(ledger, kept.hash, 1_000_004, []).block;
    const { operations } = ledger.commit(kept.hash);
    ledger.discard(lost.hash);
    expect(() => ledger.discard(kept.hash)).toThrow('a certified block never leaves the chain');
    await write(store, operations);
    ledger.settle(kept.hash);
    expect(() => ledger.discard(kept.hash)).toThrow('a certified block never leaves the chain');
    // Nobody told it of this one: nothing can be built on it any more.
    expect([lost, forgotten, kept, next].map(({ hash }) => ledger.has(hash))).toEqual([false, false, true, true]);
  });

  it('shows what is certified before any of it is written, and what is applied only from the store', async () => {
    const { ledger, store } = await openLedger();
    const first = seal(ledger, genesis.ledgerId, 1_000_001, [put('a', 1)]).block;
    const second = seal(ledger, first.hash, 1_000_002, [put('a', 2)]).block;
    const third = seal(ledger, second.hash, 1_000_003, [put('a', 3)]).block;
    const shown = (): unknown[] =>
      [ledger.certified.state, ledger.state].map((state) => state.get('sim/value/a')?.join() ?? null);
    expect([ledger.certifiedHeight, shown()]).toEqual([0, [null, null]]);
    const [one, two] = [first, second].map(({ hash }) => {
      ledger.certify(hash);
      return ledger.certified.state.get('sim/value/a')?.join();
    });
    expect([ledger.certified.facts.hash, ledger.applied.height]).toEqual([second.hash, 0]);
    expect(() => ledger.discard(first.hash)).toThrow('a certified block never leaves the chain');
    expect(() => ledger.certify(first.hash)).toThrow('what is certified stays');
    await commit(ledger, store, first);
    expect([ledger.certifiedHeight, shown()]).toEqual([2, [two, one]]);
    await commit(ledger, store, second);
    await commit(ledger, store, third);
    expect([ledger.certifiedHeight, new Set(shown()).size]).toEqual([3, 1]);
    ledger.reload();
    expect([ledger.certifiedHeight, new Set(shown()).size]).toEqual([3, 1]);
  });

  it('executes and seals in slices what it does in one go, and shows nothing of it before the end', async () => {
    const [leader, follower] = [await openLedger(), await openLedger()];
    const transactions = [put('a', 1), put('b', 2), put('a', 3)];
    const sealing = leader.ledger.beginSeal(
      { parentHash: genesis.ledgerId, timestamp: 1_000_001 },
      transactions,
      () => undefined,
    );
    expect([0, 1, 2, 3].map(() => sealing.step(never))).toEqual([false, false, false, true]);
    const header = { term: 1, enactsChange: false, justification: () => noJustification };
    const { draft } = sealing.finish(header, proposer.publicKey);
    const { block } = seal(leader.ledger, genesis.ledgerId, 1_000_001, transactions);
    expect(draft.hash).toEqual(block.hash);
    const execution = follower.ledger.beginExecution(verifiedBlock(block), false);
    const steps = [0, 1, 2, 3].map(() => [follower.ledger.has(block.hash), execution.step(never)]);
    expect(steps).toEqual([
      [false, undefined],
      [false, undefined],
      [false, undefined],
      [false, { ok: true }],
    ]);
    expect(follower.ledger.has(block.hash)).toBe(true);
  });

  it('refuses what it has begun to execute when its parent leaves the chain, or another takes its place', async () => {
    const { ledger, store } = await openLedger();
    const leader = (await openLedger()).ledger;
    const parent = seal(leader, genesis.ledgerId, 1_000_001, []).block;
    const child = seal(leader, parent.hash, 1_000_002, [put('a', 1), put('a', 2)]).block;
    const sibling = seal(leader, genesis.ledgerId, 1_000_003, [put('a', 3), put('a', 4)]).block;
    expect(execute(ledger, parent)).toEqual({ ok: true });
    const [first, second] = [child, sibling].map((block) => ledger.beginExecution(verifiedBlock(block), false));
    expect([first?.step(never), second?.step(never)]).toEqual([undefined, undefined]);
    ledger.discard(parent.hash);
    expect(first?.step(never)).toEqual({ ok: false, reason: 'parent-unknown' });
    const winner = seal(leader, genesis.ledgerId, 1_000_004, []).block;
    expect(execute(ledger, winner)).toEqual({ ok: true });
    await commit(ledger, store, winner);
    expect(second?.step(never)).toEqual({ ok: false, reason: 'parent-unknown' });
  });

  it('forgets a branch that was left, and takes the other', async () => {
    const { ledger, store } = await openLedger();
    const left = seal(ledger, genesis.ledgerId, 1_000_001, [put('a', 1)]).block;
    const kept = seal(ledger, genesis.ledgerId, 1_000_002, [put('a', 2)]).block;
    ledger.discard(left.hash);
    expect(ledger.has(left.hash)).toBe(false);
    await commit(ledger, store, kept);
    expect(ledger.state.get('sim/value/a')).toEqual(Uint8Array.of(2));
  });
});
