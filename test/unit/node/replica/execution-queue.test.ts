import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../../src/crypto/index.ts';
import { encodeBlock } from '../../../../src/ledger/block.ts';
import { headerMessage } from '../../../../src/ledger/header.ts';
import {
  encodeHeader,
  type Ledger,
  type OpenedBlock,
  openBlock,
  type ReceivedBlock,
  type VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { ExecutionQueue } from '../../../../src/node/replica/execution-queue.ts';
import { clockAheadMsMax, clockBehindMsMax } from '../../../../src/node/replica/index.ts';
import { genesis, openLedger, proposer, put } from '../../ledger/fixture.ts';
import { chainOf, HandClock, HandVerifier, inOneGo, referenceOf } from './fixture.ts';

const term = 1;

async function setUp() {
  const [leader, follower] = await Promise.all([openLedger(), openLedger()]);
  const verifier = new HandVerifier();
  const clock = new HandClock();
  const pool = new Map<string, VerifiedTransaction>();
  const queue = new ExecutionQueue({
    ledger: follower.ledger,
    verify: verifier.verify,
    // What the thread found wrong is wrong under every key.
    verifyNow: () => false,
    known: (idHex) => pool.get(idHex),
    clockMs: () => clock.nowMs(),
    onChecked: () => undefined,
  });
  const push = (block: OpenedBlock, certified = false): void =>
    queue.push({ block: referenceOf(block), certified }, block, term);
  return { leader: leader.ledger, follower: follower.ledger, verifier, clock, pool, queue, push };
}

/** All answers there are now, as height and verdict. */
function answers(queue: ExecutionQueue): (readonly [number, string])[] {
  const given: (readonly [number, string])[] = [];
  for (let next = inOneGo(queue); next !== undefined; next = inOneGo(queue)) {
    given.push([next.block.height, next.verdict.ok ? 'ok' : next.verdict.reason]);
  }
  return given;
}

function lateChain(leader: Ledger, clock: HandClock): readonly ReceivedBlock[] {
  const blocks = chainOf(leader, [[], [], []]);
  clock.now += clockBehindMsMax + 100;
  return blocks;
}

describe('the execution queue', () => {
  it('executes in the order of the requests, each block when its signatures are checked', async () => {
    const { leader, queue, verifier, push } = await setUp();
    for (const block of chainOf(leader, [[put('a', 1)], [], [put('a', 2), put('b', 3)]])) push(block);
    expect(answers(queue)).toEqual([]);
    verifier.answer();
    expect(answers(queue)).toEqual([
      [1, 'ok'],
      [2, 'ok'],
    ]);
    verifier.answer();
    expect(answers(queue)).toEqual([[3, 'ok']]);
    expect(queue.length).toBe(0);
  });

  it('checks only the signatures that this node has not checked: of the same bytes, not of the same id', async () => {
    const { leader, queue, verifier, pool, push } = await setUp();
    const [known, unknown, other] = [put('a', 1), put('b', 1), put('c', 1)];
    pool.set(known.idHex, known);
    pool.set(other.idHex, unknown);
    for (const block of chainOf(leader, [[known], [unknown, other]])) push(block);
    expect(answers(queue)).toEqual([[1, 'ok']]);
    expect(verifier.asked).toBe(2);
  });

  it('refuses a block with a wrong signature and what stands on it', async () => {
    const { leader, queue, verifier, push } = await setUp();
    for (const block of chainOf(leader, [[put('a', 1)], []])) push(block);
    inOneGo(queue);
    verifier.answer(false);
    expect(answers(queue)).toEqual([
      [1, 'signature-invalid'],
      [2, 'parent-unknown'],
    ]);
  });

  it('refuses a block whose transactions cannot be read, without a question', async () => {
    const { leader, queue, verifier, push } = await setUp();
    const [block] = chainOf(leader, [[put('a', 1)]]) as [ReceivedBlock];
    const headerBytes = encodeHeader({ ...block.header, transactionsRoot: leafHash(Uint8Array.of(1)) });
    const headerSignature = proposer.sign(headerMessage(genesis.ledgerId, headerBytes));
    const { justification } = block;
    push(openBlock(encodeBlock({ headerBytes, headerSignature, justification, transactions: [Uint8Array.of(1)] })));
    expect(answers(queue)).toEqual([[1, 'transaction-malformed']]);
    expect(verifier.asked).toBe(0);
  });

  it('judges the time of a block that is not certified: the future in any term, the past in the present one', async () => {
    const { leader, queue, clock } = await setUp();
    const [block] = chainOf(leader, [[]]) as [ReceivedBlock];
    const at = (now: number, currentTerm: number, certified: boolean): unknown => {
      clock.now = now;
      queue.push({ block: referenceOf(block), certified }, block, currentTerm);
      return inOneGo(queue)?.verdict;
    };
    const { timestamp } = block.header;
    const ahead = { ok: false, reason: 'clock-ahead' };
    const behind = { ok: false, reason: 'clock-behind' };
    expect(at(timestamp - clockAheadMsMax - 1, term, false)).toEqual(ahead);
    expect(at(timestamp - clockAheadMsMax - 1, term + 1, false)).toEqual(ahead);
    expect(at(timestamp + clockBehindMsMax + 1, term, false)).toEqual(behind);
    for (const accepted of [
      at(timestamp - clockAheadMsMax, term, false),
      at(timestamp + clockBehindMsMax, term, false),
      at(timestamp + clockBehindMsMax + 1, term + 1, false),
      at(timestamp + clockBehindMsMax + 1, term, true),
      at(timestamp - clockAheadMsMax - 1, term, true),
    ]) {
      expect(accepted).toEqual({ ok: true });
    }
  });

  it('voids a request when the block is asked for again as certified: its parent then comes first', async () => {
    const { leader, queue, clock, push } = await setUp();
    const [first, second, third] = lateChain(leader, clock) as [ReceivedBlock, ReceivedBlock, ReceivedBlock];
    push(first);
    push(second);
    push(third, true);
    expect(inOneGo(queue)?.verdict).toEqual({ ok: false, reason: 'clock-behind' });
    // The core found that a certificate covers all three.
    for (const block of [first, second, third]) push(block, true);
    expect(queue.length).toBe(3);
    expect(answers(queue)).toEqual([
      [1, 'ok'],
      [2, 'ok'],
      [3, 'ok'],
    ]);
  });

  it('keeps what it knows of signatures when a block is asked for again', async () => {
    const { leader, queue, verifier, push } = await setUp();
    const [first, second] = chainOf(leader, [[put('a', 1)], [put('b', 1)]]) as [ReceivedBlock, ReceivedBlock];
    push(first);
    push(second);
    inOneGo(queue);
    expect(verifier.asked).toBe(2);
    verifier.answer();
    verifier.answer(false);
    push(first, true);
    push(second, true);
    expect(answers(queue)).toEqual([
      [1, 'ok'],
      [2, 'signature-invalid'],
    ]);
    expect(verifier.asked).toBe(0);
  });

  it('answers nothing for a block that was abandoned, whenever its signatures come, and something if it comes anew', async () => {
    const { leader, queue, verifier, follower, push } = await setUp();
    const [first, second] = chainOf(leader, [[put('a', 1)], [put('b', 1)]]) as [ReceivedBlock, ReceivedBlock];
    push(first);
    push(second);
    inOneGo(queue);
    queue.abandon(second.hash);
    queue.abandon(first.hash);
    verifier.answer();
    verifier.answer();
    expect([answers(queue), queue.length]).toEqual([[], 0]);
    expect(follower.has(first.hash)).toBe(false);
    push(first);
    expect(answers(queue)).toEqual([]);
    verifier.answer();
    expect(answers(queue)).toEqual([[1, 'ok']]);
  });

  it('asks for a bounded number of signatures at a time', async () => {
    const { leader, queue, verifier, push } = await setUp();
    const blocks = chainOf(
      leader,
      Array.from({ length: 6 }, (_, block) => Array.from({ length: 900 }, (_, index) => put(`k${index}`, block + 1))),
    );
    for (const block of blocks) push(block);
    const given: (readonly [number, string])[] = [];
    let askedMax = 0;
    while (queue.length > 0) {
      given.push(...answers(queue));
      askedMax = Math.max(askedMax, verifier.asked);
      verifier.answer();
    }
    expect(given.map(([height]) => height)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(askedMax).toBeLessThanOrEqual(4096);
    expect(askedMax).toBeGreaterThan(900);
  });
});
