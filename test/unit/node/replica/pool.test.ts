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

  it('says a transaction expired once certified time has passed it, also when only a lost branch holds it', () => {
    const pool = new TransactionPool();
    const [waiting, placed, parked] = [listener(), listener(), listener()];
    const [inBlock, late] = [put('a', 2, { validUntil: 500 }), put('a', 3, { validUntil: 500 })];
    pool.add(put('a', 1, { validUntil: 500 }), waiting.listen);
    pool.add(inBlock, placed.listen);
    pool.add(late, parked.listen);
    pool.place('branch', [inBlock]);
    pool.park(late.idHex);
    pool.expire(500);
    expect(pool.size).toBe(3);
    pool.expire(501);
    pool.release('branch');
    pool.expire(502);
    for (const { outcomes } of [waiting, placed, parked]) expect(outcomes).toEqual(['window-expired']);
    expect([pool.size, pool.waiting, pool.parked]).toEqual([0, 0, 0]);
  });

  it('keeps what the leader is too late for out of the way, until another leads', () => {
    const pool = new TransactionPool();
    const [local, foreign] = [put('a', 1), put('a', 2)];
    pool.add(local, listener().listen);
    pool.add(foreign);
    pool.park(local.idHex);
    pool.park(foreign.idHex);
    expect([[...pool.candidates()], pool.waiting, pool.parked]).toEqual([[], 0, 2]);
    pool.leaderChanged();
    expect([...pool.candidates()].map((transaction) => transaction.idHex)).toEqual([local.idHex]);
    expect([pool.size, pool.waiting, pool.parked]).toEqual([1, 1, 0]);
  });

  it('lets others wait for a transaction that it has, up to a bound', () => {
    const pool = new TransactionPool({ ...poolLimits, transactionsMax: 1, listenersMax: 2 });
    const transaction = put('a', 1);
    const waiting = [listener(), listener(), listener()];
    expect(pool.join(transaction.idHex, listener().listen)).toBeUndefined();
    expect(pool.add(transaction)).toBe(true);
    expect(waiting.map(({ listen }) => pool.join(transaction.idHex, listen))).toEqual([true, true, false]);
    pool.commit(transaction.idHex, receipt);
    expect(waiting.map(({ outcomes }) => outcomes)).toEqual([['committed'], ['committed'], []]);
  });

  it('never says that nothing happens to a transaction which another node forwarded, and so still has', () => {
    const pool = new TransactionPool();
    const transaction = put('a', 1);
    const mine = listener();
    pool.add(transaction);
    pool.add(transaction, mine.listen);
    expect(pool.giveUp(transaction.idHex, mine.listen)).toBe('unknown');
    expect(pool.size).toBe(1);
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
