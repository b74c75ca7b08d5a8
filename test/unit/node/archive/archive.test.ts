import { describe, expect, test } from 'vitest';
import { AssentError, present, toHex } from '../../../../src/base/index.ts';
import {
  decodeBlockCertificate,
  decodeTermCertificate,
  verifyBlockCertificate,
  verifyTermCertificate,
} from '../../../../src/consensus/index.ts';
import { verifySignature } from '../../../../src/crypto/index.ts';
import { ArchiveReader, checkHeaderSignature, openBlock, transactionIdOf } from '../../../../src/ledger/index.ts';
import { consensusConfiguration } from '../../../../src/node/replica/index.ts';
import type { ChainAnswers } from '../../../../src/node/service/chain-answers.ts';
import { type ArchiveStore, MemoryArchiveStore, prefixRange } from '../../../../src/storage/index.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { genesis, type TestCluster, type TestNode } from '../snapshots/harness.ts';
import { answersOf, archivingCluster, chunksOf, commitSome, filesOf, grownOld } from './support.ts';

const perChunk = 80;

/** An archive whose disk has no room while `isFull`. */
class FullArchiveStore extends MemoryArchiveStore {
  isFull = true;
  refused = 0;

  override async put(...call: Parameters<ArchiveStore['put']>): Promise<void> {
    if (this.isFull) {
      this.refused += 1;
      throw new AssentError('archive-full', 'There is no room for another file.');
    }
    await super.put(...call);
  }
}

async function untilArchived(cluster: TestCluster, chunks: number, nodes: readonly TestNode[]): Promise<void> {
  await cluster.until(() => nodes.every((node) => !node.isUp || chunksOf(node) >= chunks), `${chunks} chunks`);
}

/** Prunes as much as may go, while the cluster goes on. */
async function pruned(cluster: TestCluster, node: TestNode, keepBlocks = 0): Promise<number> {
  const asked = present(node.keeper, 'it keeps an archive').prune({ keepBlocks });
  let through: number | undefined;
  void asked.then((outcome) => {
    through = outcome.prunedThrough;
  });
  await cluster.until(() => through !== undefined, 'it is pruned');
  return present(through, 'it is pruned');
}

function isSwept(node: TestNode, through: number): boolean {
  return through > 0 && (node.keeper?.sweptThrough ?? 0) >= through;
}

async function keysOf(node: TestNode, prefix: Parameters<typeof prefixRange>[0]): Promise<number> {
  return (await node.disk.store.range({ ...prefixRange(prefix), limit: 10_000 })).length;
}

describe('archives', () => {
  test('are the same on every node, whoever led and whenever each wrote its own', async () => {
    const cluster = await archivingCluster();
    const [first, second, third] = cluster.voters as [TestNode, TestNode, TestNode];
    await commitSome(cluster, perChunk / 2);
    for (let change = 0; change < 3; change++) {
      const leader = present(cluster.leader, 'a leader');
      cluster.crash(leader, new SeededRandom(change));
      await commitSome(cluster, perChunk / 2);
      await cluster.start(leader);
      await commitSome(cluster, 5);
    }
    await untilArchived(cluster, 2, cluster.voters);
    // What is remembered of a file is its own: a view would keep the file, or a block.
    for (const { parentHash, lastHash, digest } of first.keeper?.archive.records ?? [])
      expect([parentHash, lastHash, digest].map(({ buffer }) => buffer.byteLength)).toEqual([32, 32, 32]);
    const terms = new Set<number>();
    for (let height = 1; height < first.ledger.applied.height; height++)
      terms.add(present(first.ledger.block(height), 'it is kept').header.term);
    expect(terms.size).toBeGreaterThan(2);
    const files = await filesOf(first);
    expect(files.size).toBeGreaterThanOrEqual(3);
    for (const node of [second, third]) {
      const others = await filesOf(node);
      for (const name of files.keys())
        if (others.has(name)) expect(others.get(name) === files.get(name), name).toBe(true);
      expect(Math.abs(others.size - files.size)).toBeLessThanOrEqual(1);
    }
    expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('prove themselves from genesis on, with the signatures beside them', async () => {
    const cluster = await archivingCluster();
    const [node] = cluster.voters as [TestNode];
    await commitSome(cluster, perChunk + 5);
    await untilArchived(cluster, 1, [node]);
    const reader = await ArchiveReader.open(present(node.archiveStore, 'a store'), genesis.ledgerId);
    const [range] = reader.ranges;
    const chunk = await reader.chunk(present(range, 'a chunk'));
    const blocks = [...chunk.verify(genesis.ledgerId)].filter((block) => block !== undefined);
    const signatures = present(await reader.signatures(present(range, 'a chunk')), 'signatures');
    const configuration = consensusConfiguration(genesis.configuration);
    for (const [index, block] of blocks.entries()) {
      const headerSignature = present(signatures.headerSignatures[index], 'one of each');
      checkHeaderSignature({ ...block, headerSignature }, genesis.ledgerId, verifySignature);
    }
    const certified = signatures.blockCertificates.map((bytes) => decodeBlockCertificate(bytes));
    expect(certified.length).toBeGreaterThan(0);
    for (const certificate of certified) {
      expect(toHex(certificate.ack.blockHash)).toBe(blocks[certificate.ack.height - 1]?.hashHex);
      expect(verifyBlockCertificate(certificate, configuration, genesis.ledgerId, verifySignature)).toBe(true);
    }
    for (const bytes of signatures.termCertificates)
      expect(
        verifyTermCertificate(decodeTermCertificate(bytes), configuration, genesis.ledgerId, verifySignature),
      ).toBe(true);
  });

  test('wait for room on a full disk, say so, and lose nothing', async () => {
    const cluster = await archivingCluster();
    const [full, well] = cluster.voters as [TestNode, TestNode];
    cluster.crash(full);
    const store = new FullArchiveStore();
    full.archiveStore = store;
    await cluster.start(full);
    await commitSome(cluster, perChunk + 5);
    await untilArchived(cluster, 1, [well]);
    await cluster.until(() => full.keeper?.status().problem?.code === 'archive-full', 'it says so');
    const keeper = present(full.keeper, 'a keeper');
    await expect(Promise.race([keeper.prune({}), cluster.until(() => false, 'never', 400)])).rejects.toMatchObject({
      code: 'archive-full',
    });
    await commitSome(cluster, 3);
    expect(full.ledger.applied.height).toBeGreaterThan(perChunk);
    // It is not asked at every look.
    expect(store.refused).toBeLessThan(20);
    store.isFull = false;
    await untilArchived(cluster, 1, [full]);
    await cluster.until(() => keeper.status().problem === null, 'all is well');
    expect([...(await filesOf(full))]).toEqual([...(await filesOf(well))].slice(0, (await filesOf(full)).size));
    expect(full.faults).toEqual([]);
  });

  test('take in no file of another chain of the same ledger', { timeout: 60_000 }, async () => {
    const other = await archivingCluster();
    const [author] = other.voters as [TestNode];
    await commitSome(other, perChunk + 5);
    await untilArchived(other, 1, [author]);
    const cluster = await archivingCluster();
    const [node] = cluster.voters as [TestNode];
    cluster.crash(node);
    const store = new FullArchiveStore();
    store.isFull = false;
    const source = present(author.archiveStore, 'a store');
    for (const name of await source.list()) await store.put(name, present(await source.get(name), 'it is listed'));
    store.isFull = true;
    node.archiveStore = store;
    await cluster.start(node);
    await commitSome(cluster, perChunk + 5);
    await cluster.until(() => node.ledger.applied.height > perChunk, 'it follows');
    node.keeper?.lookAgain();
    await cluster.until(() => node.keeper?.status().problem !== null, 'it says so', 400);
    await cluster.until(() => store.refused > 0, 'it wants to write its own');
    expect(chunksOf(node)).toBe(0);
    store.isFull = false;
    await untilArchived(cluster, 1, [node]);
    const name = (await store.list()).filter((file) => file.endsWith('.chunk'))[0] ?? '';
    expect(await store.get(name)).not.toEqual(await source.get(name));
    expect(node.faults).toEqual([]);
  });

  test('are not begun anew in a place from which the files are gone', async () => {
    const cluster = await archivingCluster();
    const [node] = cluster.voters as [TestNode];
    await commitSome(cluster, perChunk + 5);
    await untilArchived(cluster, 1, [node]);
    cluster.crash(node);
    const kept = node.archiveStore;
    node.archiveStore = new MemoryArchiveStore();
    await cluster.start(node);
    await commitSome(cluster, 5);
    await cluster.until(() => node.keeper?.status().problem?.code === 'archive-failed', 'it says so');
    expect(await node.archiveStore.list()).toEqual([]);
    cluster.crash(node);
    node.archiveStore = kept;
    await cluster.start(node);
    await commitSome(cluster, 5);
    await cluster.until(() => node.keeper?.status().problem === null, 'all is well');
  });
});

describe('a node that began with a snapshot', () => {
  test('takes in the archive of another, and then answers everything', { timeout: 300_000 }, async () => {
    const cluster = await archivingCluster();
    const ids = (await commitSome(cluster, perChunk / 2)).map(({ idHex }) => idHex);
    await commitSome(cluster, 1000, 8);
    await untilArchived(cluster, 1, cluster.voters);
    const [source] = cluster.voters as [TestNode];
    const { learner } = cluster;
    const given = new MemoryArchiveStore();
    learner.archiveStore = given;
    await cluster.start(learner);
    await cluster.until(() => learner.ledger.originHeight > 0, 'it begins with a snapshot');
    await commitSome(cluster, 1, 8);
    await cluster.until(() => learner.ledger.applied.height >= source.ledger.applied.height, 'it follows');
    const answers = answersOf(cluster, learner);
    const id = present(ids[0], 'an id');
    await expect(answers.place({ id, timeoutMs: 0 })).rejects.toMatchObject({ code: 'history-not-kept' });
    await expect(answers.block({ reference: '1' })).rejects.toMatchObject({ code: 'history-not-kept' });
    // Its own archive begins with the next chunk that it has whole: what is before comes from elsewhere.
    await commitSome(cluster, 1010, 8);
    await commitSome(cluster, perChunk + 5);
    await cluster.until(() => chunksOf(learner) > 0 && chunksOf(source) > 2, 'it archives');
    const own = present(learner.keeper?.status(), 'a status');
    expect(own.from % 1024).toBe(0);
    expect(own.from).toBeGreaterThan(learner.ledger.originHeight);
    const store = present(source.archiveStore, 'a store');
    const names = (await store.list()).filter((name) => name.startsWith('blocks-'));
    const [forged] = names.filter((name) => name.endsWith('.chunk'));
    for (const name of names) {
      const bytes = present(await store.get(name), 'it is listed');
      if (name === forged) bytes[3000] = (bytes[3000] as number) ^ 1;
      if (!(await given.has(name))) await given.put(name, bytes);
    }
    learner.keeper?.lookAgain();
    await cluster.until(
      () => learner.keeper?.status().problem?.code === 'archive-damaged',
      'it refuses the damaged one',
    );
    await given.put(present(forged, 'a chunk'), present(await store.get(present(forged, 'a chunk')), 'a chunk'));
    learner.keeper?.lookAgain();
    await cluster.until(() => learner.keeper?.status().from === 1, 'it takes in the rest');
    expect(learner.keeper?.status().problem).toBeNull();
    const asks = { height: 1, from: 0, ids: [] };
    expect(await answers.results(asks)).toEqual([]);
    for (const one of ids) {
      const known = await answersOf(cluster, source).place({ id: one, timeoutMs: 0 });
      expect(await answers.place({ id: one, timeoutMs: 0 })).toEqual(known);
      const reference = String(known.height);
      expect(await answers.block({ reference })).toEqual(await answersOf(cluster, source).block({ reference }));
    }
    // The block of its snapshot, too, has its results now.
    const origin = learner.ledger.originHeight;
    const { transactionBytes } = openBlock(await answers.block({ reference: String(origin) }));
    const results = await answers.results({
      height: origin,
      from: 0,
      ids: transactionBytes.map((bytes) => transactionIdOf(bytes)),
    });
    expect(results).not.toContain(null);
    expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });
});

describe('pruning', () => {
  /** A node with chunks that are old enough to go. */
  async function old(): Promise<{ cluster: TestCluster; node: TestNode; ids: string[] }> {
    const cluster = await archivingCluster();
    const items = await commitSome(cluster, 2 * perChunk + 5);
    // Many small blocks: what is kept at least is kept beside the chunks that go.
    await commitSome(cluster, 1100, 8);
    await untilArchived(cluster, 2, cluster.voters);
    await grownOld(cluster);
    return { cluster, node: cluster.voters[0] as TestNode, ids: items.map(({ idHex }) => idHex) };
  }

  test('gives up what is archived, and answers it from the archive', { timeout: 120_000 }, async () => {
    const { cluster, node, ids } = await old();
    const answers = answersOf(cluster, node);
    const before = {
      blocks: await Promise.all([1, 2, 50].map((height) => answers.block({ reference: String(height) }))),
      headers: await answers.headers({ from: 1, limit: 16 }),
      places: await Promise.all(ids.map((id) => answers.place({ id, timeoutMs: 0 }))),
    };
    const resultsOf = async (from: ChainAnswers, place: (typeof before.places)[number], id: string): Promise<unknown> =>
      from.results({ height: place.height, from: place.index, ids: [Uint8Array.from(Buffer.from(id, 'hex'))] });
    const results = await resultsOf(answers, present(before.places[3], 'a place'), present(ids[3], 'an id'));
    const through = await pruned(cluster, node);
    expect(through).toBeGreaterThan(perChunk);
    await cluster.until(() => node.keeper !== undefined && isSwept(node, through), 'it is swept');
    expect(node.ledger.firstBlockHeight).toBe(through + 1);
    expect(await keysOf(node, 'block')).toBe(node.ledger.applied.height - through);
    expect(await keysOf(node, 'blockHash')).toBe(node.ledger.applied.height - through + 1);
    expect(node.ledger.receipt(Uint8Array.from(Buffer.from(ids[0] ?? '', 'hex')))).toBeUndefined();
    expect(await answers.place({ id: ids[0] ?? '', timeoutMs: 0 })).toEqual(before.places[0]);
    expect(await Promise.all(ids.map((id) => answers.place({ id, timeoutMs: 0 })))).toEqual(before.places);
    for (const [index, reference] of [1, 2, 50].entries()) {
      const bytes = await answers.block({ reference: String(reference) });
      expect(toHex(bytes)).toBe(toHex(before.blocks[index] as Uint8Array));
      expect(await answers.block({ reference: openBlock(bytes).hashHex })).toEqual(bytes);
    }
    expect(await answers.headers({ from: 1, limit: 16 })).toEqual(before.headers);
    expect(await answers.headers({ from: through - 3, limit: 8 })).toHaveLength(8);
    expect(await resultsOf(answers, present(before.places[3], 'a place'), present(ids[3], 'an id'))).toEqual(results);
    // Nothing is unknown that could be known, and the rest is.
    await expect(answers.place({ id: 'ab'.repeat(32), timeoutMs: 0 })).rejects.toMatchObject({
      code: 'transaction-unknown',
    });
    await expect(answers.block({ reference: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'block-unknown' });
    await expect(answers.valueAt({ height: 5, key: 'sim/k1' })).rejects.toMatchObject({ code: 'history-not-kept' });
    // It goes on, also as the others' leader, and after a start.
    cluster.crash(node);
    await cluster.start(node);
    await commitSome(cluster, 3);
    await cluster.until(() => node.ledger.applied.height >= (cluster.leader?.ledger.applied.height ?? 0), 'it follows');
    expect(node.ledger.firstBlockHeight).toBe(through + 1);
    expect(await answersOf(cluster, node).place({ id: ids[0] ?? '', timeoutMs: 0 })).toEqual(before.places[0]);
    expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('is finished after a crash at any of its steps', { timeout: 180_000 }, async () => {
    const { cluster, node, ids } = await old();
    const place = await answersOf(cluster, node).place({ id: ids[0] ?? '', timeoutMs: 0 });
    let crashes = 0;
    for (let batches = 1; batches < 200; batches += 1 + crashes) {
      cluster.crashAfter = { node, batches };
      void node.keeper?.prune({}).catch(() => undefined);
      await cluster.until(() => !node.isUp || isSwept(node, node.ledger.prunedThrough), 'it crashes or is done');
      const isDone = node.isUp;
      cluster.crashAfter = undefined;
      if (isDone && node.ledger.prunedThrough > 0) break;
      crashes += 1;
      await cluster.start(node);
      expect(await answersOf(cluster, node).place({ id: ids[0] ?? '', timeoutMs: 0 })).toEqual(place);
    }
    expect(crashes).toBeGreaterThan(3);
    expect(await keysOf(node, 'block')).toBe(node.ledger.applied.height - node.ledger.prunedThrough);
    expect(cluster.nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('gives up nothing whose file is not what was written', { timeout: 60_000 }, async () => {
    const { cluster, node } = await old();
    const store = present(node.archiveStore, 'a store');
    const [name] = (await store.list()).filter((file) => file.endsWith('.chunk'));
    const bytes = present(await store.get(name ?? ''), 'a chunk');
    bytes[2000] = (bytes[2000] as number) ^ 1;
    await store.put(name ?? '', bytes);
    await cluster.until(() => (node.keeper?.status().chunks ?? 0) > 0, 'it runs');
    cluster.crash(node);
    await cluster.start(node);
    await commitSome(cluster, 1, 8);
    let refused: unknown;
    void present(node.keeper, 'a keeper')
      .prune({})
      .catch((error: unknown) => {
        refused = error;
      });
    await cluster.until(() => refused !== undefined, 'it refuses');
    expect(refused).toMatchObject({ code: 'archive-damaged' });
    expect(node.ledger.prunedThrough).toBe(0);
  });

  test('keeps what is to be kept, and what is young', { timeout: 60_000 }, async () => {
    const cluster = await archivingCluster();
    const [node] = cluster.voters as [TestNode];
    await commitSome(cluster, perChunk + 5);
    await untilArchived(cluster, 1, [node]);
    const keeper = present(node.keeper, 'a keeper');
    let outcome: unknown;
    void keeper.prune({}).then((value) => {
      outcome = value;
    });
    await cluster.until(() => outcome !== undefined, 'an outcome');
    expect(outcome).toEqual({ prunedThrough: 0, bound: 'kept' });
    await commitSome(cluster, 1100, 8);
    outcome = undefined;
    void keeper.prune({}).then((value) => {
      outcome = value;
    });
    await cluster.until(() => outcome !== undefined, 'an outcome');
    expect(outcome).toEqual({ prunedThrough: 0, bound: 'recent' });
  });
});
