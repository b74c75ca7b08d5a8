import { beforeEach, describe, expect, it } from 'vitest';
import type { ProposalSlot } from '../../../../src/consensus/index.ts';
import type { Ledger, VerifiedTransaction } from '../../../../src/ledger/index.ts';
import { Sealer } from '../../../../src/node/replica/sealer.ts';
import { type Outcome, TransactionPool } from '../../../../src/node/replica/transaction-pool.ts';
import { genesis, openLedger, proposer, put, signed, verified } from '../../ledger/fixture.ts';
import { HandClock, seal, sealed } from './fixture.ts';

function slot(parent: ProposalSlot['parent'] = { term: 0, height: 0, hash: genesis.ledgerId }): ProposalSlot {
  return { term: 1, parent, justification: {}, nowMs: clock.now, mandatory: false, mayChange: false };
}

let ledger: Ledger;
let pool: TransactionPool;
let clock: HandClock;
let sealer: Sealer;
/** How much processor time passes from one look at it to the next. */
let workStepMs: number;
beforeEach(async () => {
  ({ ledger } = await openLedger());
  pool = new TransactionPool();
  clock = new HandClock();
  clock.now = 1_100_000;
  workStepMs = 0;
  let workedMs = 0;
  sealer = new Sealer({
    ledger,
    nodeKey: proposer,
    clock,
    workMs: () => {
      workedMs += workStepMs;
      return workedMs;
    },
    pool,
  });
});

function submit(transaction: VerifiedTransaction): Outcome[] {
  const outcomes: Outcome[] = [];
  pool.add(transaction, (outcome) => outcomes.push(outcome));
  return outcomes;
}

describe('sealing', () => {
  it('finds what has a place behind any number of transactions that have none', () => {
    const late = clock.now - 1;
    for (let index = 0; index < 400; index++) submit(put(`k${index}`, 1, { validUntil: late }));
    for (let index = 0; index < 400; index++) pool.add(put(`k${index}`, 1, { validUntil: 9_999_999_999 }));
    const good = put('a', 1);
    submit(good);
    expect(sealed(sealer, slot()).draft.transactions).toEqual([good]);
    // The late ones wait apart; those of another node that are early are its own affair.
    expect([pool.waiting, pool.parked, pool.size]).toEqual([1, 400, 401]);
  });

  it('takes as many as it may, in the order of their arrival', () => {
    const transactions = Array.from({ length: 300 }, (_, index) => put(`k${index}`, 1));
    for (const transaction of transactions) submit(transaction);
    expect(sealed(sealer, slot()).draft.transactions).toEqual(transactions.slice(0, 256));
  });

  it('takes fewer when they cost much of the processor, and more when they cost little', () => {
    for (let index = 0; index < 900; index++) submit(put(`k${index}`, 1));
    const next = (): number => sealed(sealer, slot()).draft.transactions.length;
    workStepMs = 8;
    expect([next(), next()]).toEqual([256, 256]);
    workStepMs = 40;
    next();
    expect(next()).toBeLessThan(256);
    workStepMs = 0.5;
    next();
    expect(next()).toBeGreaterThan(256);
  });

  it('says at once what can never have a place, whatever the chain', () => {
    const [unknown, wrong] = [submit(verified(signed('nonsense', [1]))), submit(verified(signed('sim.put', [1])))];
    expect(sealed(sealer, slot()).draft.transactions).toEqual([]);
    expect([unknown, wrong].map(([outcome]) => outcome?.status === 'refused' && outcome.error.code)).toEqual([
      'transaction-kind-unknown',
      'transaction-payload-invalid',
    ]);
  });

  it('seals in slices, and does not say that nothing happened to what is in one', () => {
    const transactions = Array.from({ length: 3 }, (_, index) => put(`k${index}`, 1));
    const listen = (): void => undefined;
    for (const transaction of transactions) pool.add(transaction, listen);
    const begun = sealer.begin(slot());
    expect(sealer.step(begun, () => false)).toBe(false);
    const [first, second] = transactions.map(({ idHex }) => pool.giveUp(idHex, listen));
    expect([first, second]).toEqual(['unknown', 'nothing-happened']);
    while (!sealer.step(begun, () => false));
    expect(sealer.finish(begun, slot(), false).draft.transactions[0]).toBe(transactions[0]);
  });

  it('gives a block a time above its parent, whatever the clock says', () => {
    clock.now = 500;
    expect(sealed(sealer, slot()).draft.header.timestamp).toBe(1_000_001);
    clock.now = 1_000_500;
    expect(sealed(sealer, slot()).draft.header.timestamp).toBe(1_000_500);
  });
});

describe('when to seal', () => {
  it('waits while two blocks are on their way, so that transactions gather', () => {
    expect(sealer.hasWork(0, genesis.ledgerId)).toBe(false);
    submit(put('a', 1));
    expect([0, 1, 2].map((uncommitted) => sealer.hasWork(uncommitted, genesis.ledgerId))).toEqual([true, true, false]);
  });

  it('seals for time when a window has passed, a second after the block before at the earliest', () => {
    const parent = seal(ledger, genesis.ledgerId, clock.now).hash;
    clock.now += 500;
    submit(put('a', 1, { validUntil: clock.now - 1 }));
    sealed(sealer, slot({ term: 1, height: 1, hash: parent }));
    expect([sealer.timeBlockDue(parent), sealer.hasWork(0, parent)]).toEqual([false, false]);
    clock.now += 500;
    expect([sealer.timeBlockDue(parent), sealer.hasWork(0, parent)]).toEqual([true, true]);
    pool.expire(clock.now);
    expect([sealer.timeBlockDue(parent), sealer.hasWork(0, parent)]).toEqual([false, false]);
  });

  it('seals an empty block a minute while a deadline is open, and none after it', () => {
    const deadline = verified(signed('sim.deadline', [1, 'a', 1_165_000], { validUntil: 1_200_000 }));
    const opened = seal(ledger, genesis.ledgerId, 1_100_000, [deadline]).hash;
    clock.now = 1_159_999;
    expect(sealer.deadlineBlockDue(opened)).toBe(false);
    clock.now = 1_160_000;
    expect(sealer.deadlineBlockDue(opened)).toBe(true);
    const before = seal(ledger, opened, 1_160_000).hash;
    expect(sealer.deadlineBlockDue(before)).toBe(false);
    clock.now = 1_220_000;
    expect(sealer.deadlineBlockDue(before)).toBe(true);
    const after = seal(ledger, before, 1_220_000).hash;
    clock.now = 1_300_000;
    expect(sealer.deadlineBlockDue(after)).toBe(false);
    expect(sealer.deadlineBlockDue(genesis.ledgerId)).toBe(false);
  });
});
