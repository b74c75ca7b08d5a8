import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../../../src/ledger/index.ts';
import { type Outcome, poolLimits } from '../../../../src/node/replica/index.ts';
import { TransactionPool } from '../../../../src/node/replica/transaction-pool.ts';
import { put } from '../../ledger/fixture.ts';

const receipt: Receipt = {
  id: new Uint8Array(32),
  height: 1,
  index: 0,
  timestamp: 1,
  blockHash: new Uint8Array(32),
  result: { ok: true, output: null },
};

function listener(): { outcomes: string[]; listen: (outcome: Outcome) => void } {
  const outcomes: string[] = [];
  return {
    outcomes,
    listen: (outcome) => outcomes.push(outcome.status === 'committed' ? 'committed' : outcome.error.code),
  };
}

describe('the transaction pool', () => {
  it('refuses at its bounds and says so', () => {
    const pool = new TransactionPool({ ...poolLimits, transactionsMax: 2 });
    expect([put('a', 1), put('a', 2), put('a', 3)].map((transaction) => pool.add(transaction))).toEqual([
      true,
      true,
      false,
    ]);
    const bytes = new TransactionPool({ ...poolLimits, bytesMax: 200 });
    expect([put('a', 1), put('a', 2)].map((transaction) => bytes.add(transaction))).toEqual([true, false]);
  });

  it('tells every listener of one transaction, once', () => {
    const pool = new TransactionPool();
    const transaction = put('a', 1);
    const [first, second] = [listener(), listener()];
    pool.add(transaction, first.listen);
    pool.add(transaction, second.listen);
    pool.place('block', [transaction]);
    pool.commit(transaction.idHex, receipt);
    pool.commit(transaction.idHex, receipt);
    expect([first.outcomes, second.outcomes]).toEqual([['committed'], ['committed']]);
    expect(pool.size).toBe(0);
  });

  it("gives a block's transactions back when it is abandoned: local ones wait again, foreign ones are their origin's affair", () => {
    const pool = new TransactionPool();
    const [local, foreign] = [put('a', 1), put('a', 2)];
    pool.add(local, listener().listen);
    pool.add(foreign);
    pool.place('block', [local, foreign]);
    expect([...pool.candidates()]).toEqual([]);
    pool.release('block');
    expect([...pool.candidates()].map((transaction) => transaction.idHex)).toEqual([local.idHex]);
  });

  it('says a transaction expired only when certified time has passed it and no block of the chain holds it', () => {
    const pool = new TransactionPool();
    const [waiting, placed] = [listener(), listener()];
    const inBlock = put('a', 2, { validUntil: 500 });
    pool.add(put('a', 1, { validUntil: 500 }), waiting.listen);
    pool.add(inBlock, placed.listen);
    pool.place('block', [inBlock]);
    pool.expire(500);
    expect(waiting.outcomes).toEqual([]);
    pool.expire(501);
    expect([waiting.outcomes, placed.outcomes]).toEqual([['window-expired'], []]);
  });

  it('knows whether anything can still happen to a transaction that nobody waits for', () => {
    const pool = new TransactionPool();
    const [kept, handedOn] = [put('a', 1), put('a', 2)];
    const mine = listener();
    pool.add(kept, mine.listen);
    expect(pool.giveUp(kept.idHex, mine.listen)).toBe('nothing-happened');
    expect(pool.size).toBe(0);
    pool.add(handedOn, mine.listen);
    expect(pool.takeToForward(1, 0, 1000)).toHaveLength(1);
    expect(pool.giveUp(handedOn.idHex, mine.listen)).toBe('unknown');
  });

  it('forwards each transaction once per leader, and again when the transport or the leader lost it', () => {
    const pool = new TransactionPool();
    const transaction = put('a', 1);
    pool.add(transaction, listener().listen);
    expect(pool.takeToForward(1, -100, 1000)).toHaveLength(1);
    expect(pool.takeToForward(2, -99, 1000)).toHaveLength(0);
    pool.notForwarded([transaction]);
    expect(pool.takeToForward(3, -98, 1000)).toHaveLength(1);
    expect(pool.takeToForward(104, 4, 1000)).toHaveLength(1);
    pool.leaderChanged();
    expect(pool.takeToForward(105, 5, 1000)).toHaveLength(1);
  });
});
