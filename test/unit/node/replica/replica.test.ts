import { describe, expect, it } from 'vitest';
import {
  ackMessage,
  type Message,
  type Tip,
  tipOf,
  voteMessage,
  voteRequestMessage,
} from '../../../../src/consensus/index.ts';
import { encodeNodeId } from '../../../../src/crypto/index.ts';
import {
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { clockBehindMsMax, type Outcome } from '../../../../src/node/replica/index.ts';
import { periods } from '../../../../src/node/replica/periods.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { alice } from '../../ledger/fixture.ts';
import {
  blockCertificate,
  genesis,
  leader,
  leaderId,
  other,
  otherId,
  PlayedChain,
  self,
  start,
  TestedNode,
  termCertificate,
} from './hand-peers.ts';

let salts = 0;

function put(value: number, validUntil: number): VerifiedTransaction {
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setUint32(0, ++salts);
  const payload = [1, 'a', Uint8Array.of(value)];
  const body = encodeTransactionBody({ kind: 'sim.put', sender: alice.publicKey, salt, validUntil, payload });
  const signature = alice.sign(transactionMessage(genesis.ledgerId, body));
  return VerifiedTransaction.vouchedFor(
    new UnverifiedTransaction(encodeSignedTransaction(body, signature)),
    alice.publicKey,
  );
}

type Append = Extract<Message, { type: 'append' }>;

function append(term: number, previous: Tip, rest: Partial<Append>): Append {
  return { type: 'append', term, sequence: 1, previous, blocks: [], ...rest };
}

describe('a follower', () => {
  it("refuses a term's first block that is too old for its clock, though the block brings the term", async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    const certificate = termCertificate(1, start);
    const block = chain.seal(start, 1, 1_000_001, { justification: { term: certificate } });
    node.clock.now = 1_000_001 + clockBehindMsMax + 1;
    node.hear(chain, append(1, start, { blocks: [block], termCertificate: certificate }));
    node.sync();
    expect([node.refusal, node.replica.status().tip.height, node.faults]).toEqual(['clock-behind', 0, []]);
  });

  it('takes a chain that a certificate covers while its blocks are refused for their time, and calls it no divergence', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    const certificate = termCertificate(1, start);
    const first = chain.seal(start, 1, 1_000_001, {
      justification: { term: certificate },
      transactions: [put(1, 1_200_000)],
    });
    const second = chain.seal(tipOf(first), 1, 1_000_002);
    const third = chain.seal(tipOf(second), 1, 1_000_003);
    // The first waits for its signature; behind it the second is refused for its age, once its turn comes.
    node.hear(chain, append(1, start, { blocks: [first], termCertificate: certificate }));
    node.clock.now = 1_000_002 + clockBehindMsMax + 1;
    node.hear(chain, append(1, tipOf(first), { blocks: [second] }));
    node.hear(chain, append(1, tipOf(second), { blocks: [third], certificate: blockCertificate(third) }));
    node.answerSignatures();
    node.rest();
    expect(node.faults).toEqual([]);
    expect([node.refusal, node.ledger.applied.height]).toEqual([undefined, 3]);
  });

  it('executes a block again that it had left for another leader of the same chain', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    const certificate = termCertificate(1, start);
    const block = chain.seal(start, 1, 1_000_001, {
      justification: { term: certificate },
      transactions: [put(2, 1_200_000)],
    });
    const next = termCertificate(2, tipOf(block));
    const second = chain.seal(tipOf(block), 2, 1_000_002, { justification: { term: next } });
    node.hear(chain, append(1, start, { blocks: [block], termCertificate: certificate }));
    // The signature is still being checked when the term ends.
    node.hear(chain, append(2, start, { blocks: [block, second], termCertificate: next }));
    node.answerSignatures();
    node.hear(chain, append(2, tipOf(second), { certificate: blockCertificate(second) }));
    node.sync();
    node.hear(chain, append(2, tipOf(second), { certificate: blockCertificate(second) }));
    node.rest();
    expect([node.faults, node.ledger.applied.height]).toEqual([[], 2]);
  });

  it('survives a disk that stands still while a peer raises the term in every message', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    node.passTripwire(chain);
    const askForVote = (term: number): void => {
      const statement = { term, candidate: otherId, tip: start, configurationHash: genesis.configuration.hash };
      const signature = other.sign(voteRequestMessage(genesis.ledgerId, statement));
      node.hear(chain, { type: 'vote-request', statement, signature }, otherId);
    };
    for (let term = 1; term < 6000; term++) askForVote(term);
    expect(node.faults).toEqual([]);
    expect(node.disk.inFlight).toBeGreaterThan(0);
    node.sync();
    const next = node.replica.status().term + 1;
    askForVote(next);
    node.sync();
    expect(node.replica.status().term).toBe(next);
    expect([node.faults, node.badFrames]).toEqual([[], []]);
  });

  it('never stops over a frame, whatever is in it', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    const random = new SeededRandom(7);
    const certificate = termCertificate(1, start);
    const block = chain.seal(start, 1, 1_000_001, {
      justification: { term: certificate },
      transactions: [put(3, 1_200_000)],
    });
    const frames = [
      append(1, start, { blocks: [block], termCertificate: certificate, certificate: blockCertificate(block) }),
      { type: 'heartbeat', term: 1, round: 1, termCertificate: certificate, certificate: blockCertificate(block) },
      { type: 'branch-reply', previous: start, blocks: [block], tip: tipOf(block) },
      { type: 'pre-vote-request', term: 2, round: 1, tip: tipOf(block) },
    ] as const satisfies readonly Message[];
    for (let round = 0; round < 3000; round++) {
      const frame = chain.encode(frames[random.below(frames.length)] as Message);
      for (let change = random.below(3); change >= 0; change--) frame[random.below(frame.length)] = random.below(256);
      const channel = (['heartbeat', 'replication', 'forwarding'] as const)[random.below(3)] ?? 'heartbeat';
      node.hearFrame(channel, random.below(4) === 0 ? frame.subarray(0, random.below(frame.length)) : frame);
      if (random.below(8) === 0) node.answerSignatures();
      if (random.below(8) === 0) node.sync();
      if (random.below(8) === 0) node.ticks(1);
    }
    expect(node.faults).toEqual([]);
    expect(node.badFrames.length).toBeGreaterThan(1000);
  });
});

describe('a submitter', () => {
  const outcomesOf = (node: TestedNode, transactions: readonly VerifiedTransaction[]): string[] => {
    const outcomes: string[] = [];
    const told = (outcome: Outcome): void => {
      outcomes.push(outcome.status === 'committed' ? 'committed' : outcome.error.code);
    };
    node.replica.submit(transactions, () => told);
    return outcomes;
  };

  it('hears that nothing happened only of a transaction that this node does not have', () => {
    const node = new TestedNode();
    const transaction = put(4, 1_200_000);
    const first = outcomesOf(node, [transaction]);
    // The node's elections have no other voter: soon it knows that nobody leads.
    for (let tick = 0; tick < 250; tick++) {
      node.ticks(1);
      node.sync();
    }
    expect(outcomesOf(node, [put(5, 1_200_000)])).toEqual(['no-quorum']);
    expect([first, outcomesOf(node, [transaction])]).toEqual([[], []]);
  });

  it('is answered by a replica that has stopped', () => {
    const node = new TestedNode();
    node.replica.stop();
    expect(outcomesOf(node, [put(6, 1_200_000), put(7, 1_200_000)])).toEqual(['shutting-down', 'shutting-down']);
  });

  it('hears of the commit once, by the certificate, and again when it asks again', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    const transaction = put(8, 1_200_000);
    const outcomes = outcomesOf(node, [transaction]);
    const certificate = termCertificate(1, start);
    const block = chain.seal(start, 1, 1_000_001, {
      justification: { term: certificate },
      transactions: [transaction],
    });
    node.hear(
      chain,
      append(1, start, { blocks: [block], termCertificate: certificate, certificate: blockCertificate(block) }),
      leaderId,
    );
    while (outcomes.length === 0) expect(node.disk.completeNext()).toBe(true);
    expect([outcomes, node.ledger.applied.height]).toEqual([['committed'], 0]);
    const again = outcomesOf(node, [transaction]);
    expect(again).toEqual([]);
    // There was a batch since the last look: another may come, in which the commit rides.
    node.ticks(periods.flush);
    node.sync();
    expect([again, node.ledger.applied.height]).toEqual([[], 0]);
    node.ticks(periods.flush);
    node.sync();
    expect([again, node.ledger.applied.height]).toEqual([['committed'], 1]);
    expect(outcomesOf(node, [transaction])).toEqual(['committed']);
    node.ticks(300);
    expect(outcomes).toEqual(['committed']);
  });

  it('of a leader hears of the commit before anything leaves for the peers', async () => {
    const chain = await PlayedChain.create();
    const node = new TestedNode();
    elect(node, chain);
    expect(node.replica.leader).toBe(encodeNodeId(self.publicKey));
    acknowledgeTip(node, chain);
    const told: [status: string, sent: number][] = [];
    node.replica.submit(
      [put(9, 1_200_000)],
      () =>
        ({ status }) =>
          told.push([status, node.sent.length]),
    );
    node.sync();
    const sentBefore = node.sent.length;
    acknowledgeTip(node, chain);
    expect(told).toEqual([['committed', sentBefore]]);
    expect(node.sent.slice(sentBefore).map(({ to, message }) => [to, message.type])).toEqual([[leaderId, 'append']]);
  });
});

/** The played nodes elect the tested one. */
function elect(node: TestedNode, chain: PlayedChain): void {
  node.passTripwire(chain);
  const isAsked = (): boolean => node.sent.some(({ message }) => message.type === 'pre-vote-request');
  for (let tick = 0; tick < 250 && !isAsked(); tick++) node.ticks(1);
  const { term, round } = sentLast(node, 'pre-vote-request');
  node.hear(chain, { type: 'pre-vote-reply', term, round, granted: true, tip: start });
  node.sync();
  const { statement } = sentLast(node, 'vote-request');
  const signature = leader.sign(voteMessage(genesis.ledgerId, statement));
  node.hear(chain, { type: 'vote-reply', term, statement, signature, tip: start });
  const { sequence } = sentLast(node, 'append');
  node.hear(chain, { type: 'append-reply', term, sequence, acks: [], durable: start });
  const clockMs = node.clock.now;
  const standing = { durable: start, committedHeight: 0, clockMs, needsTermCertificate: false };
  node.hear(chain, { type: 'heartbeat-reply', term, round: sentLast(node, 'heartbeat').round, ...standing });
  node.ticks(1);
  node.sync();
}

/** One of the played nodes answers the newest append: it has the leader's whole chain. */
function acknowledgeTip(node: TestedNode, chain: PlayedChain): void {
  const { term, height, hash } = node.replica.status().tip;
  const statement = { term, height, blockHash: hash, configurationHash: genesis.configuration.hash };
  const acks = [{ statement, signature: leader.sign(ackMessage(genesis.ledgerId, statement)) }];
  const { sequence } = sentLast(node, 'append');
  node.hear(chain, { type: 'append-reply', term, sequence, acks, durable: { term, height, hash } });
}

function sentLast<T extends Message['type']>(node: TestedNode, type: T): Extract<Message, { type: T }> {
  const found = node.sent.map(({ message }) => message).findLast((message) => message.type === type);
  return (found ?? expect.fail(`no ${type} was sent`)) as Extract<Message, { type: T }>;
}

it('tells who waits for a block to be everywhere what it knows when it stops, and who comes later at once', () => {
  const node = new TestedNode();
  const told: number[] = [];
  node.replica.waitEverywhere(1, () => told.push(1));
  expect(told).toEqual([]);
  node.replica.stop();
  node.replica.waitEverywhere(2, () => told.push(2));
  expect(told).toEqual([1, 2]);
});
