import { expect, test } from 'vitest';
import { present, type Random, toHex } from '../../../src/base/index.ts';
import { type BlockCertificate, type Tip, tipOf } from '../../../src/consensus/index.ts';
import { seededRandom, TestCluster, type TestNode } from './cluster.ts';
import { genesisTip } from './forge.ts';

/** Everything that must hold over a whole run, from what the nodes said and did. */
class Witness {
  readonly #leaders = new Map<number, string>();
  readonly #certified = new Map<number, string>();
  readonly #acks = new Map<string, { readonly term: number; readonly height: number; readonly hash: string }[]>();
  readonly #tips = new Map<string, Tip>();
  readonly #committedCounts = new Map<TestNode, number>();

  look(cluster: TestCluster): void {
    for (const node of cluster.nodes) {
      expect(node.evidence, 'evidence never names an honest node').toEqual([]);
      const blamed = node.complaints.filter((complaint) => !complaint.endsWith('no node of the configuration'));
      expect(blamed, 'an honest peer is never blamed').toEqual([]);
      if (node.isRunning) this.#lookAt(node);
      for (const { block, certificate } of node.committed.slice(this.#committedCounts.get(node) ?? 0)) {
        const known = this.#certified.get(block.height);
        expect(known === undefined || known === toHex(block.hash), 'one certified hash a height').toBe(true);
        this.#certified.set(block.height, toHex(block.hash));
        this.#isDurable(cluster, certificate);
      }
      this.#committedCounts.set(node, node.committed.length);
    }
  }

  message(from: TestNode, term: number, height: number, hash: string): void {
    const acks = this.#acks.get(from.id) ?? [];
    for (const ack of acks) {
      expect(ack.term !== term || ack.height !== height || ack.hash === hash, 'nobody acks two blocks').toBe(true);
    }
    acks.push({ term, height, hash });
    this.#acks.set(from.id, acks);
  }

  #lookAt(node: TestNode): void {
    const { role, term } = node.status;
    const durable = node.disk.chain.at(-1);
    const durableTip = durable === undefined ? genesisTip : tipOf(durable);
    if (role === 'leader') {
      const known = this.#leaders.get(term);
      expect(known === undefined || known === node.id, 'one leader a term').toBe(true);
      this.#leaders.set(term, node.id);
    }
    const before = this.#tips.get(node.id);
    if (before !== undefined) {
      const rose =
        durableTip.term > before.term || (durableTip.term === before.term && durableTip.height >= before.height);
      expect(rose, 'tips never fall').toBe(true);
    }
    this.#tips.set(node.id, durableTip);
  }

  #isDurable(cluster: TestCluster, { ack, signatures }: BlockCertificate): void {
    for (const { signer } of signatures) {
      const stored = cluster.byId(signer).disk.chain[ack.height - 1];
      expect(stored !== undefined && toHex(stored.hash) === toHex(ack.blockHash), 'signers hold what they signed').toBe(
        true,
      );
    }
  }
}

/** Two groups at random, or one link cut, or all whole. */
function repartition(cluster: TestCluster, random: Random): void {
  const kind = random.below(4);
  if (kind === 0) cluster.heal();
  else if (kind === 1) {
    const [one, other] = [random.below(cluster.nodes.length), random.below(cluster.nodes.length)];
    cluster.passes = (from, to) => from !== cluster.node(one) || to !== cluster.node(other);
  } else {
    const indexes = cluster.nodes.map((_, index) => index);
    const group = indexes.filter(() => random.below(2) === 0);
    cluster.partition(
      group,
      indexes.filter((index) => !group.includes(index)),
    );
  }
}

/** Some step that the ledger would take: a voter stays, and a removed node never returns. */
function change(leader: TestNode, random: Random, removed: Set<number>): void {
  const { forge, nodes } = leader.cluster;
  const present = leader.raft.configuration.nodes.map(({ id, role }) => [forge.indexOf(id), role] as const);
  const voters = present.filter(([, role]) => role === 'voter').map(([index]) => index);
  const learners = present.filter(([, role]) => role === 'learner').map(([index]) => index);
  const outside = [...nodes.keys()].filter(
    (index) => !removed.has(index) && !present.some(([known]) => known === index),
  );
  const steps = [
    ...outside.map((index) => ['add', index] as const),
    ...learners.flatMap((index) => [['promote', index] as const, ['promote', index] as const]),
    ...learners.map((index) => ['remove', index] as const),
    ...(voters.length > 1 ? voters.flatMap((index) => [['demote', index] as const, ['remove', index] as const]) : []),
  ];
  const [step, index] = steps[random.below(steps.length)] ?? [];
  if (step === undefined || (random.below(4) !== 0 && (step === 'remove' || step === 'demote'))) return;
  if (leader.change(step, index) !== undefined && step === 'remove') removed.add(index);
}

function run(seed: number, size: number, steps: number, outsiders = 0): TestCluster {
  const random = seededRandom(seed);
  const cluster = new TestCluster(size, { seed, outsiders });
  const removed = new Set<number>();
  const witness = new Witness();
  const lossPercent = random.below(30);
  const crashPercent = random.below(100);
  const partitionEvery = 50 + random.below(400);
  for (let step = 0; step < steps; step++) {
    const node = cluster.node(random.below(size + outsiders));
    const action = random.below(100);
    if (action < 60 && cluster.wire.length > 0) {
      const [envelope] = cluster.wire.splice(random.below(Math.min(cluster.wire.length, 20)), 1);
      const sent = present(envelope, 'a message was there');
      if (sent.message.type === 'append-reply') {
        for (const { statement } of sent.message.acks) {
          witness.message(cluster.byId(sent.from), statement.term, statement.height, toHex(statement.blockHash));
        }
      }
      if (random.below(100) >= lossPercent) cluster.deliver(sent);
      if (random.below(100) < 5) cluster.wire.push(sent);
    } else if (action < 80) {
      if (node.isRunning) node.tick();
    } else if (action < 88) {
      if (node.isRunning && outsiders > 0 && random.below(3) === 0) change(node, random, removed);
      if (node.isRunning) node.seal();
    } else if (action < 92) {
      node.holdsWrites = random.below(2) === 0;
      if (!node.holdsWrites && node.isRunning) node.sync();
    } else if (action < 95) {
      if (node.isRunning) node.sync(1);
    } else if (action < 98) {
      node.holdsVerdicts = random.below(2) === 0;
      if (node.isRunning) node.answer();
    } else if (random.below(100) < crashPercent) {
      if (node.isRunning) node.crash();
      else node.restart();
    }
    if (cluster.wire.length > 400) cluster.wire.splice(0, 200);
    if (step % partitionEvery === 0) repartition(cluster, random);
    witness.look(cluster);
  }
  cluster.heal();
  for (const node of cluster.nodes) {
    node.holdsWrites = false;
    node.holdsVerdicts = false;
    if (!node.isRunning) node.restart();
    node.sync();
    node.answer();
  }
  cluster.settle();
  const goal = Math.max(...cluster.nodes.map((node) => node.status.tip.height)) + 3;
  cluster.until(
    `seed ${seed}: every node commits again`,
    () => {
      cluster.leader?.seal();
      cluster.settle();
      witness.look(cluster);
      const members = cluster.leader?.raft.configuration.nodes.map(({ id }) => id);
      return members?.every((id) => cluster.byId(id).status.committedHeight >= goal) === true;
    },
    3000,
  );
  const members = new Set(cluster.leader?.raft.configuration.nodes.map(({ id }) => id));
  cluster.until(
    `seed ${seed}: every removed node knows it`,
    () =>
      [...removed].every((index) => {
        const { id, status } = cluster.node(index);
        return members.has(id) || status.removedAtHeight !== undefined;
      }),
    1000,
  );
  return cluster;
}

const seeds = Number(process.env['SEEDS'] ?? 20);
const steps = Number(process.env['STEPS'] ?? 2000);

for (const size of [1, 2, 3]) {
  test(`${size} nodes and 3 more, while the configuration changes`, () => {
    for (let seed = 1; seed <= seeds; seed++) run(seed * 10 + size, size, steps, 3);
  });
}

for (const size of [1, 2, 3, 4, 5]) {
  test(`${size} nodes under loss, repetition, reordering, slow disks and crashes`, () => {
    for (let seed = 1; seed <= seeds; seed++) run(seed * 10 + size, size, steps);
  });
}
