import { describe, expect, it } from 'vitest';
import { present } from '../../src/base/index.ts';
import { type BlockReference, type Recovery, tipOf } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { type Disk, Forge } from '../unit/consensus/forge.ts';
import { expectOneChain, untilCommits } from '../unit/consensus/membership.ts';

/** Scenario 68: every node is restored from a backup, and members sign what becomes of the ledger. */

/** Nodes 0 to 2 ran the ledger and were copied at three heights; 3 to 5 are keys that nobody has seen. */
interface Loss {
  readonly forge: Forge;
  /** Of nodes 0, 1 and 2, the first the highest. */
  readonly copies: readonly Disk[];
  /** What the nodes had when they were lost. */
  readonly lost: readonly Disk[];
}

function copyOf(disk: Disk): Disk {
  const { chain, termCertificates, promises } = disk;
  return { ...disk, chain: [...chain], termCertificates: new Map(termCertificates), promises: new Map(promises) };
}

function loseEverything(): Loss {
  const forge = new Forge(3, 0, 3);
  const cluster = new TestCluster(3, { forge });
  const leader = cluster.elect(0);
  const copies: Disk[] = [];
  for (const index of [2, 1, 0, undefined]) {
    for (let count = 0; count < 4; count++) {
      leader.seal();
      // Acks of peers reach the disk with the batch after them.
      cluster.tick(12);
    }
    if (index !== undefined) copies[index] = copyOf(cluster.node(index).disk);
  }
  return { forge, copies, lost: [0, 1, 2].map((index) => copyOf(cluster.node(index).disk)) };
}

/** What is left of a copy once the recovery is applied to it, for a node with a fresh key. */
function recovered(copy: Disk, recovery: Recovery): Disk {
  const { certificate: _, ...disk } = copyOf(copy);
  const { base } = recovery;
  return {
    ...disk,
    chain: disk.chain.slice(0, base.height),
    hardState: { term: base.term + 1 },
    committedHeight: Math.min(disk.committedHeight, base.height),
    promises: new Map(),
    baseHeight: 1,
    recovery,
  };
}

function certifiedTip({ chain, committedHeight }: Disk): BlockReference {
  return present(chain[committedHeight - 1], 'a block is certified');
}

function recover({ forge, copies, lost }: Loss, former: readonly Disk[] = lost): TestCluster {
  const base = tipOf(certifiedTip(present(copies[0], 'a copy')));
  const recovery = forge.recovery(base, [3, 4, 5]);
  return new TestCluster(3, { forge, disks: [...former, ...copies.map((copy) => recovered(copy, recovery))] });
}

const running = (cluster: TestCluster, indexes: readonly number[]): TestNode[] =>
  indexes.map((index) => cluster.node(index));

describe('all nodes are restored from backups of different heights (scenario 68)', () => {
  it('they refuse to vote, and say why', () => {
    const { forge, copies } = loseEverything();
    expect(copies.map(({ committedHeight }) => committedHeight)).toEqual([12, 8, 4]);
    const cluster = new TestCluster(3, { forge, disks: copies });
    cluster.tick(300);
    const [highest, ...others] = running(cluster, [0, 1, 2]);
    for (const { status } of others) {
      expect(status).toMatchObject({ role: 'recovering', withheld: 'contradicted' });
      expect(status.contradiction).toMatch(/holds an ack of this key/);
    }
    expect(highest?.status.role).not.toBe('leader');
    for (const { disk } of cluster.nodes.slice(0, 3)) expect(disk.chain.length).toBeLessThanOrEqual(12);
  });

  it('only the signed statement brings the ledger back, under a new generation, on the highest certified block', () => {
    const loss = loseEverything();
    const cluster = recover(loss);
    const leader = untilCommits(cluster, [3, 4, 5]);
    cluster.tick(20);
    const base = certifiedTip(present(loss.copies[0], 'a copy'));
    for (const node of running(cluster, [3, 4, 5])) {
      expect(node.status.configuration).toMatchObject({ generation: 1 });
      expect(node.status.certifiedHeight).toBeGreaterThan(base.height);
      const [first, second] = node.disk.chain.slice(base.height);
      expect(first?.parentHash).toEqual(base.hash);
      expect(first?.justification).toMatchObject({ recovery: expect.anything(), configuration: { generation: 1 } });
      expect(second?.justification.recovery).toBeUndefined();
      expect(node.complaints).toEqual([]);
    }
    expect(leader.status.certifiedHeight).toBeGreaterThan(base.height);
    expectOneChainOf(cluster, [3, 4, 5]);

    // It lives on through restarts, of a minority and of all.
    for (const node of running(cluster, [3, 4, 5])) node.restart();
    untilCommits(cluster, [3, 4, 5]);
    cluster.node(3).crash();
    untilCommits(cluster, [4, 5]);
    expectOneChainOf(cluster, [3, 4, 5]);
  });

  it('a node of the former generation that comes back disturbs nobody, and gets nowhere', () => {
    const loss = loseEverything();
    const cluster = recover(loss);
    untilCommits(cluster, [3, 4, 5]);
    const termBefore = Math.max(...running(cluster, [3, 4, 5]).map(({ status }) => status.term));
    const tipsBefore = running(cluster, [0, 1, 2]).map(({ status }) => status.tip.height);
    // It knows where the others are, and shows them all that it has.
    for (const node of running(cluster, [0, 1, 2])) {
      node.seeds = [3, 4, 5].map((index) => cluster.forge.id(index));
      node.restart();
    }
    cluster.tick(300);
    untilCommits(cluster, [3, 4, 5]);
    expect(Math.max(...running(cluster, [3, 4, 5]).map(({ status }) => status.term))).toBeLessThanOrEqual(
      termBefore + 1,
    );
    for (const [index, node] of running(cluster, [0, 1, 2]).entries()) {
      expect(node.status.configuration.generation).toBe(0);
      expect(node.status.tip.height).toBeGreaterThanOrEqual(tipsBefore[index] ?? 0);
    }
    expectOneChainOf(cluster, [3, 4, 5]);
  });

  it('a former node that signs nothing any more is shown its removal, once it knows whom to ask', () => {
    const loss = loseEverything();
    const cluster = recover(loss, loss.copies);
    untilCommits(cluster, [3, 4, 5]);
    const node = cluster.node(1);
    const founding = present(cluster.node(3).disk.chain[12], 'the block above the base');
    const { height, term, hash: blockHash } = founding;
    const configuration = present(founding.justification.configuration, 'it founds one');
    node.raft.learnConfigurations([{ height, term, blockHash, configuration }]);
    cluster.until('it learns that it was removed', () => node.status.removedAtHeight !== undefined);
    expect(node.status.removedAtHeight).toBe(13);
  });

  it('a certificate of what was abandoned is not followed', () => {
    const loss = loseEverything();
    const cluster = recover(loss);
    untilCommits(cluster, [3, 4, 5]);
    const { certificate } = present(loss.lost[0], 'what was lost');
    const node = cluster.node(4);
    const { certifiedHeight, term } = node.status;
    const abandoned = present(certificate, 'it was certified');
    expect(abandoned.ack.height).toBeGreaterThan(12);
    const message = { type: 'heartbeat', term, round: 99, certificate: abandoned } as const;
    const from = running(cluster, [3, 5]).find(({ id }) => id === node.status.leader) ?? cluster.node(3);
    const complaint = node.step(from.id, {
      ...message,
      certificate: { ...abandoned, ack: { ...abandoned.ack, height: 500 } },
    });
    expect(complaint).toBe('the certificate does not verify');
    expect(node.status.certifiedHeight).toBe(certifiedHeight);
  });

  it('a node with a fresh key and nothing else takes the chain from the others', () => {
    const { forge, copies, lost } = loseEverything();
    const base = tipOf(certifiedTip(present(copies[0], 'a copy')));
    const recovery = forge.recovery(base, [3, 4, 5]);
    const [first, second] = copies.map((copy) => recovered(copy, recovery));
    const disks = [...lost, present(first, 'a copy'), present(second, 'a copy'), forge.disk()];
    const cluster = new TestCluster(3, { forge, disks });
    cluster.node(5).seeds = [forge.id(3), forge.id(4)];
    cluster.node(5).restart();
    untilCommits(cluster, [3, 4, 5]);
    cluster.node(4).crash();
    untilCommits(cluster, [3, 5]);
    expect(cluster.node(5).status.configuration.generation).toBe(1);
    expectOneChainOf(cluster, [3, 5]);
  });
});

/** What is committed in the new generation is the same everywhere, and nobody is accused. */
function expectOneChainOf(cluster: TestCluster, indexes: readonly number[]): void {
  const { forge } = cluster;
  const part = Object.create(cluster, { nodes: { value: running(cluster, indexes) } }) as TestCluster;
  expect(part.forge).toBe(forge);
  expectOneChain(part);
}
