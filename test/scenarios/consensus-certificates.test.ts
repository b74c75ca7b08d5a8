import { describe, expect, test } from 'vitest';
import { present, utf8 } from '../../src/base/index.ts';
import {
  type AckStatement,
  ackOf,
  type BlockReference,
  type Message,
  type SignedAck,
  tipOf,
  verifyBlockCertificate,
} from '../../src/consensus/index.ts';
import { sha256 } from '../../src/crypto/portable.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { Forge, fastVerify, genesisTip, ledgerId } from '../unit/consensus/forge.ts';

/** A leader, node 0, with one sealed block whose acks never arrived. */
function waitingLeader(size = 3, learners = 0): { cluster: TestCluster; leader: TestNode; block: BlockReference } {
  const cluster = new TestCluster(size, { learners });
  const leader = cluster.elect(0);
  leader.holdsWrites = true;
  cluster.passes = () => false;
  const block = present(leader.seal(), 'the leader seals');
  cluster.settle();
  return { cluster, leader, block };
}

function replyWith(leader: TestNode, acks: readonly SignedAck[]): Message {
  return { type: 'append-reply', term: leader.status.term, sequence: 0, acks, durable: genesisTip };
}

/** A follower, node 2, of node 0 in term 1, with these blocks, and the message that brought them. */
function follower(forge: Forge, blocks: readonly BlockReference[]): { cluster: TestCluster; node: TestNode } {
  const cluster = new TestCluster(3, { forge });
  cluster.settle();
  const node = cluster.node(2);
  node.step(forge.id(0), {
    type: 'append',
    term: 1,
    sequence: 1,
    termCertificate: forge.termCertificate(1, 0, genesisTip, [0, 1]),
    previous: genesisTip,
    blocks,
  });
  cluster.wire = [];
  return { cluster, node };
}

describe('certificates', () => {
  test('54: acks of another ledger, term, height or configuration are refused', () => {
    const { cluster, leader, block } = waitingLeader();
    const { forge } = cluster;
    const statement = ackOf(block);
    const variants: readonly AckStatement[] = [
      { ...statement, term: statement.term + 1 },
      { ...statement, term: statement.term - 1 },
      { ...statement, height: statement.height + 1 },
      { ...statement, blockHash: sha256(utf8('another')) },
      { ...statement, configurationHash: sha256(utf8('another')) },
    ];
    for (const peer of [1, 2]) {
      const foreign = forge.ack(peer, statement, sha256(utf8('another ledger')));
      expect(leader.step(forge.id(peer), replyWith(leader, [foreign]))).toBe('the ack does not verify');
      for (const variant of variants) {
        leader.step(forge.id(peer), replyWith(leader, [forge.ack(peer, variant)]));
        // The signature of the variant under the right statement.
        const { signature } = forge.ack(peer, variant);
        leader.step(forge.id(peer), replyWith(leader, [{ statement, signature }]));
      }
    }
    expect(leader.status.certifiedHeight).toBe(0);
    for (const peer of [1, 2]) leader.step(forge.id(peer), replyWith(leader, [forge.ack(peer, statement)]));
    expect(leader.status.certifiedHeight).toBe(1);
  });

  test('54: a follower refuses the same replays inside a certificate', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const block = present(blocks[0], 'a block');
    const { node } = follower(forge, blocks);
    const good = forge.blockCertificate(block, [0, 1]);
    const statement = good.ack;
    const heartbeat = (certificate: typeof good): Message => ({ type: 'heartbeat', term: 1, round: 1, certificate });
    for (const signed of [
      { ...statement, term: 2 },
      { ...statement, height: 2 },
      { ...statement, blockHash: sha256(utf8('another')) },
      { ...statement, configurationHash: sha256(utf8('another')) },
    ]) {
      const { signatures } = forge.blockCertificate(block, [0, 1], signed);
      expect(node.step(forge.id(0), heartbeat({ ack: statement, signatures }))).toBe('the certificate does not verify');
    }
    expect(node.status.certifiedHeight).toBe(0);
    expect(node.step(forge.id(0), heartbeat(good))).toBeUndefined();
    expect(node.status.committedHeight).toBe(1);
  });

  test('55: duplicate, learner and unknown signers do not count', () => {
    const { cluster, leader, block } = waitingLeader(4, 1);
    const { forge } = cluster;
    const ack = forge.ack(1, ackOf(block));
    for (let repeat = 0; repeat < 3; repeat++) leader.step(forge.id(1), replyWith(leader, [ack, ack]));
    leader.step(forge.id(3), replyWith(leader, [forge.ack(3, ackOf(block))]));
    // A voter that hands in another voter's ack as its own.
    leader.step(forge.id(2), replyWith(leader, [ack]));
    expect(leader.status.certifiedHeight).toBe(0);
    expect(leader.step('stranger', replyWith(leader, [ack]))).toBe('no node of the configuration');
    leader.sync();
    expect(leader.status.certifiedHeight, 'the own ack counts after the own sync').toBe(1);
  });

  test('55: nor do they in a certificate', () => {
    const forge = new Forge(4, 1);
    const stranger = new Forge(9);
    const block = present(forge.branch(genesisTip, 1, 0, 1, [0, 1])[0], 'a block');
    const isValid = (certificate: ReturnType<typeof forge.blockCertificate>): boolean =>
      verifyBlockCertificate(certificate, forge.configuration, ledgerId, fastVerify);
    expect(isValid(forge.blockCertificate(block, [0, 1]))).toBe(true);
    expect(isValid(forge.blockCertificate(block, [0]))).toBe(false);
    expect(isValid(forge.blockCertificate(block, [0, 0]))).toBe(false);
    expect(isValid(forge.blockCertificate(block, [0, 3]))).toBe(false);
    expect(isValid(stranger.blockCertificate(block, [0, 8]))).toBe(false);
  });

  test('57: an old-term block with later-term acks is no certificate', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const block = present(blocks[0], 'a block');
    const { node } = follower(forge, blocks);
    const later = forge.blockCertificate(block, [0, 1], { ...ackOf(block), term: 2 });
    const second = forge.termCertificate(2, 1, tipOf(block), [0, 1]);
    node.step(forge.id(1), { type: 'heartbeat', term: 2, round: 1, termCertificate: second, certificate: later });
    expect(node.status.certifiedHeight).toBe(0);
    const next = forge.block(tipOf(block), 2, forge.id(1), { term: second, block: later });
    const previous = tipOf(block);
    node.step(forge.id(1), { type: 'append', term: 2, sequence: 1, previous, blocks: [next] });
    expect(node.status.refusal, 'nor does it justify a block').toBe('certificate-of-no-ancestor');
  });

  test('56: a leader whose first block does not extend the tip it claimed is refused, with proof', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const [one, two] = [present(blocks[0], 'a block'), present(blocks[1], 'a block')];
    const { node } = follower(forge, blocks);
    const termCertificate = forge.termCertificate(2, 1, tipOf(two), [0, 1]);
    const broken = forge.block(tipOf(one), 2, forge.id(1), { term: termCertificate });
    const append: Message = {
      type: 'append',
      term: 2,
      sequence: 1,
      termCertificate,
      previous: tipOf(one),
      blocks: [broken],
    };
    node.step(forge.id(1), append);
    expect(node.status.refusal).toBe('claim-broken');
    expect(node.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['broken-claim', forge.id(1)]]);
    expect(node.disk.chain).toEqual(blocks);
  });

  test('56: a block of a term that no majority gave is refused, also in the middle of a branch', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const { node } = follower(forge, blocks);
    const one = present(blocks[0], 'a block');
    const invented = forge.branch(tipOf(one), 2, 1, 1, [1]);
    const two = present(invented[0], 'a block');
    const own = forge.branch(tipOf(two), 3, 0, 1, [0, 1]);
    const termCertificate = forge.termCertificate(3, 0, tipOf(two), [0, 1]);
    const branch = [two, ...own];
    node.step(forge.id(0), {
      type: 'append',
      term: 3,
      sequence: 1,
      termCertificate,
      previous: tipOf(one),
      blocks: branch,
    });
    expect(node.status.refusal).toBe('term-certificate-invalid');
    expect(node.disk.chain).toEqual(blocks);
  });

  test('70: a second block of one height and term is not followed, and the proof names the leader', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const { cluster, node } = follower(forge, blocks);
    const first = present(blocks[0], 'a block');
    const rival = forge.branch(tipOf(first), 1, 0, 5, []);
    node.step(forge.id(0), { type: 'append', term: 1, sequence: 2, previous: tipOf(first), blocks: rival });
    expect(node.disk.chain).toEqual(blocks);
    expect(node.status.refusal).toBe('two-headers');
    expect(node.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['two-headers', forge.id(0)]]);
    const refusals = cluster.wire.flatMap(({ message }) => (message.type === 'append-reply' ? [message.refusal] : []));
    expect(refusals[0]?.reason, 'it says why').toBe('two-headers');
  });

  test('70: so it is at a height that is certified here', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const { node } = follower(forge, blocks);
    const [first, second] = [present(blocks[0], 'a block'), present(blocks[1], 'a block')];
    const certificate = forge.blockCertificate(second, [0, 1]);
    node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 1, certificate });
    const rival = forge.branch(tipOf(first), 1, 0, 5, []);
    node.step(forge.id(0), { type: 'append', term: 1, sequence: 2, previous: tipOf(first), blocks: rival });
    expect(node.disk.chain).toEqual(blocks);
    expect(node.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['two-headers', forge.id(0)]]);
  });

  test('52: a node that acks two blocks of one height is named by the leader', () => {
    const { cluster, leader, block } = waitingLeader(5);
    const { forge } = cluster;
    leader.step(forge.id(1), replyWith(leader, [forge.ack(1, ackOf(block))]));
    const other = { ...ackOf(block), blockHash: sha256(utf8('another')) };
    leader.step(forge.id(1), replyWith(leader, [forge.ack(1, other)]));
    expect(leader.evidence, 'one ack counted is enough: the second is not even looked at').toEqual([]);
    leader.step(forge.id(2), replyWith(leader, [forge.ack(2, other)]));
    leader.step(forge.id(2), replyWith(leader, [forge.ack(2, ackOf(block))]));
    expect(leader.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['two-acks', forge.id(2)]]);
  });

  test('53: a node that acks a block and then votes for a staler candidate is named', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const { node } = follower(forge, blocks);
    const two = present(blocks[1], 'a block');
    const certificate = forge.blockCertificate(two, [0, 1]);
    node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 1, certificate });
    expect(node.evidence).toEqual([]);
    const staler = tipOf(present(blocks[0], 'a block'));
    const termCertificate = forge.termCertificate(2, 1, staler, [0, 1]);
    node.step(forge.id(1), { type: 'heartbeat', term: 2, round: 1, termCertificate });
    expect(node.evidence.map(({ kind, culprit }) => `${kind} ${culprit}`).sort()).toEqual(
      [`ack-then-vote ${forge.id(0)}`, `ack-then-vote ${forge.id(1)}`].sort(),
    );
  });

  test('two term certificates of one term name who voted twice, and the first leader stays', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const { node } = follower(forge, blocks);
    const termCertificate = forge.termCertificate(1, 1, genesisTip, [1, 2]);
    node.step(forge.id(1), { type: 'heartbeat', term: 1, round: 1, termCertificate });
    expect(node.status.leader).toBe(forge.id(0));
    expect(node.evidence.map(({ kind, culprit }) => [kind, culprit])).toEqual([['two-votes', forge.id(1)]]);
  });

  test('nobody follows a leader without its term certificate', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const cluster = new TestCluster(3, { forge });
    cluster.settle();
    const node = cluster.node(2);
    node.step(forge.id(0), { type: 'append', term: 1, sequence: 1, previous: genesisTip, blocks });
    node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 1 });
    expect([node.disk.chain.length, node.status.leader]).toEqual([0, undefined]);
    const reply = cluster.wire.at(-1)?.message;
    expect(reply?.type === 'heartbeat-reply' && reply.needsTermCertificate).toBe(true);
    for (const votes of [[0], [0, 0]]) {
      const termCertificate = forge.termCertificate(1, 0, genesisTip, votes);
      node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 1, termCertificate });
    }
    expect(node.status.leader).toBeUndefined();
  });

  test('62: a branch that arrives in pieces replaces the tail only with a higher term at its end', () => {
    const forge = new Forge(5);
    const shared = forge.branch(genesisTip, 3, 1, 9, [0, 1, 2]);
    const nine = tipOf(present(shared.at(-1), 'a block'));
    const long = forge.branch(nine, 4, 0, 11, [0, 1, 2]);
    const acked = forge.branch(nine, 5, 3, 1, [1, 2, 3]);
    const held = present(acked[0], 'a block');
    const disk = forge.disk([...shared, ...acked], { term: 5, ack: ackOf(held) });
    const cluster = new TestCluster(5, {
      forge,
      disks: [forge.disk([...shared, ...long]), forge.disk(), forge.disk(), disk, forge.disk()],
    });
    cluster.settle();
    const node = cluster.node(3);
    const end = tipOf(present(long.at(-1), 'a block'));
    const termCertificate = forge.termCertificate(6, 0, end, [0, 1, 4]);
    const piece = (from: number, to: number): void => {
      const previous = from === 0 ? nine : tipOf(present(long[from - 1], 'a block'));
      const blocks = long.slice(from, to);
      node.step(forge.id(0), { type: 'append', term: 6, sequence: 1, termCertificate, previous, blocks });
    };
    piece(0, 6);
    piece(6, 11);
    expect(node.status.tip, 'the longer branch of the lower term waits').toEqual(tipOf(held));
    // The leader dies. A candidate with the long branch of term 4 gets no vote, nor does one of any lower tip.
    cluster.wire = [];
    for (let tick = 0; tick < 30; tick++) node.tick();
    cluster.wire = [];
    const statement = forge.request(9, 0, end);
    const [tipHeader, tipTermCertificate] = [end.hash, forge.termCertificate(4, 0, nine, [0, 1, 2])];
    const signature = forge.signRequest(statement, 0);
    node.step(forge.id(0), { type: 'vote-request', statement, signature, tipHeader, tipTermCertificate });
    const votes = cluster.wire.flatMap(({ message }) => (message.type === 'vote-reply' ? [message.signature] : []));
    expect(votes).toEqual([undefined]);
    const [first] = forge.branch(end, 6, 0, 1, [0, 1, 4]);
    expect(node.evidence).toEqual([]);
    // Had it lived, its own first block would have let the branch in, as one batch once all of it is executed.
    node.holdsVerdicts = true;
    node.step(forge.id(0), {
      type: 'append',
      term: 6,
      sequence: 2,
      termCertificate,
      previous: nine,
      blocks: [...long, present(first, 'a block')],
    });
    node.answer(11);
    expect(node.status.tip).toEqual(tipOf(held));
    node.answer();
    expect(node.disk.chain.map(({ term }) => term).at(-1)).toBe(6);
    expect(node.disk.chain.length).toBe(21);
    expect(node.evidence).toEqual([]);
  });

  test('63: a leader that crashed between sending a header and its own sync never leads that term again', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const { term } = leader.status;
    leader.holdsWrites = true;
    const lost = present(leader.seal(), 'the leader seals');
    cluster.settle();
    expect(cluster.node(1).disk.chain).toEqual([lost]);
    leader.holdsWrites = false;
    leader.restart();
    expect(leader.status.role).toBe('follower');
    cluster.until('node 0 or another leads and commits', () => {
      cluster.leader?.seal();
      cluster.settle();
      return cluster.nodes.every((node) => node.status.committedHeight >= 2);
    });
    expect(cluster.leader?.status.term).toBeGreaterThan(term);
    for (const node of cluster.nodes) {
      expect(node.evidence).toEqual([]);
      expect(node.disk.chain[0]).toEqual(lost);
    }
  });
});
