import { present, toHex } from '../../../../src/base/index.ts';
import type { VerifiedTransaction } from '../../../../src/ledger/index.ts';
import { ChainAnswers } from '../../../../src/node/service/chain-answers.ts';
import { CommitWaiters } from '../../../../src/node/service/commit-waiters.ts';
import { MemoryArchiveStore } from '../../../../src/storage/index.ts';
import { TestCluster, type TestNode, transaction } from '../snapshots/harness.ts';

/** So that some eighty blocks are a chunk. */
export const valueBytes = 55_000;
/** Transactions that are committed one after another, and never twice the same. */
let keys = 0;

export function nextPut(cluster: TestCluster, bytes: number = valueBytes): VerifiedTransaction {
  keys += 1;
  // Few keys: the state stays small, and each has a past.
  const payload = [1, `k${keys % 7}`, new Uint8Array(bytes).fill(1 + (keys & 0x7f))];
  return transaction('sim.put', payload, cluster.clock.now + 300_000);
}

/** Three voters that archive, each with its own store. */
export async function archivingCluster(): Promise<TestCluster> {
  const cluster = new TestCluster();
  for (const node of cluster.voters) {
    node.archiveStore = new MemoryArchiveStore();
    await cluster.start(node);
  }
  return cluster;
}

export async function commitSome(cluster: TestCluster, count: number, bytes?: number): Promise<VerifiedTransaction[]> {
  const items = Array.from({ length: count }, () => nextPut(cluster, bytes));
  await cluster.commit(items);
  return items;
}

export function chunksOf(node: TestNode): number {
  return node.keeper?.status().chunks ?? 0;
}

/** Every file of a node's archive but the signatures, as text. */
export async function filesOf(node: TestNode): Promise<Map<string, string>> {
  const store = present(node.archiveStore, 'it keeps an archive');
  const files = new Map<string, string>();
  for (const name of await store.list())
    if (!name.endsWith('.signatures')) files.set(name, toHex(present(await store.get(name), 'it is listed')));
  return files;
}

export function answersOf(cluster: TestCluster, { ledger, disk, keeper }: TestNode): ChainAnswers {
  const waiters = new CommitWaiters(cluster.clock, (id) => ledger.receipt(id));
  const sentenceOf = (code: string): string => `${code}.`;
  return new ChainAnswers({ ledger, store: disk.store, waiters, archive: keeper?.archive, sentenceOf });
}

/** Moves time on until what was committed so far may be pruned, and has a newer block. */
export async function grownOld(cluster: TestCluster): Promise<void> {
  for (let minutes = 0; minutes < 25; minutes += 5) {
    cluster.clock.now += 300_000;
    await commitSome(cluster, 1, 8);
  }
}
