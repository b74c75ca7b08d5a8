import { beforeEach, describe, expect, it } from 'vitest';
import { encodeNodeId, type NodeId } from '../../../../src/crypto/index.ts';
import { encodeCanonical, type Ledger, type UnverifiedTransaction } from '../../../../src/ledger/index.ts';
import { Forwarder } from '../../../../src/node/replica/forwarder.ts';
import { decodeForwarded, encodeForwarded } from '../../../../src/node/replica/forwarding.ts';
import { TransactionPool } from '../../../../src/node/replica/transaction-pool.ts';
import { openLedger, proposer, put, signed, verified, write } from '../../ledger/fixture.ts';
import { HandClock, HandVerifier, seal } from './fixture.ts';

const leader: NodeId = encodeNodeId(proposer.publicKey);

let ledger: Ledger;
let pool: TransactionPool;
let verifier: HandVerifier;
let forwarder: Forwarder;
let taken: UnverifiedTransaction[];
let room: number;
beforeEach(async () => {
  const opened = await openLedger();
  ledger = opened.ledger;
  const done = put('done', 1);
  const block = seal(ledger, ledger.applied.hash, 1_000_500, [done]);
  await write(opened.store, ledger.commit(block.hash).operations);
  ledger.settle(block.hash);
  pool = new TransactionPool();
  verifier = new HandVerifier();
  taken = [];
  room = Number.POSITIVE_INFINITY;
  forwarder = new Forwarder({
    ledger,
    pool,
    clock: new HandClock(),
    verify: verifier.verify,
    send: (to, frame) => {
      if (to !== leader || room === 0) return false;
      room -= 1;
      taken.push(...decodeForwarded(frame));
      return true;
    },
    onVerified: () => undefined,
  });
});

describe('the forwarder of a leader', () => {
  it('takes what verifies and could have a place, and asks about nothing else', () => {
    const good = put('a', 1);
    const known = put('b', 1);
    pool.add(known, () => undefined);
    forwarder.receive(
      decodeForwarded(
        encodeForwarded([
          good,
          known,
          verified(signed('nonsense', [1])),
          verified(signed('sim.put', [1])),
          put('early', 1, { validUntil: 9_999_999_999 }),
          put('late', 1, { validUntil: 1_000_499 }),
        ]),
      ),
    );
    expect(verifier.asked).toBe(1);
    verifier.answer();
    expect([...pool.candidates()].map(({ idHex }) => idHex)).toEqual([known.idHex, good.idHex]);
  });

  it('drops what does not verify, and more than it may ask about at a time', () => {
    forwarder.receive(decodeForwarded(encodeForwarded([put('a', 1)])));
    verifier.answer(false);
    expect(pool.size).toBe(0);
    const many = Array.from({ length: 1000 }, (_, index) => put(`k${index}`, 1));
    for (let round = 0; round < 8; round++) forwarder.receive(decodeForwarded(encodeForwarded(many)));
    expect(verifier.asked).toBe(4000);
    verifier.answer();
    expect(pool.size).toBe(1000);
  });

  it.each([
    ['no list', Uint8Array.of(0xc0)],
    ['another version', encodeCanonical([2, []])],
    ['a list of texts', encodeCanonical([1, ['a']])],
    ['a transaction that is none', encodeCanonical([1, [Uint8Array.of(1)]])],
    ['nothing', new Uint8Array()],
  ])('refuses a frame with %s', (_what, frame) => {
    expect(() => decodeForwarded(frame)).toThrow(expect.objectContaining({ name: 'AssentError' }));
  });
});

describe('the forwarder of a follower', () => {
  it('hands on all that waits, once, and again when it is in no block after a while', () => {
    const transactions = Array.from({ length: 20 }, (_, index) => put(`k${index}`, index + 1));
    for (const transaction of transactions) pool.add(transaction, () => undefined);
    forwarder.forward(leader, 1);
    expect(taken.map(({ idHex }) => idHex)).toEqual(transactions.map(({ idHex }) => idHex));
    forwarder.forward(leader, 40);
    expect(taken).toHaveLength(20);
    forwarder.forward(leader, 41);
    expect(taken).toHaveLength(40);
  });

  it('tries again at once what the transport did not take', () => {
    pool.add(put('a', 1), () => undefined);
    room = 0;
    forwarder.forward(leader, 1);
    expect(taken).toEqual([]);
    room = 1;
    forwarder.forward(leader, 1);
    expect(taken).toHaveLength(1);
  });
});
