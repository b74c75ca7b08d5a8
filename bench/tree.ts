import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, latin1Bytes, present, utf8 } from '../src/base/index.ts';
import { randomBytes } from '../src/crypto/index.ts';
import { sha256Latin1 } from '../src/crypto/portable.ts';
import { verifyState } from '../src/ledger/portable.ts';
import { hashOf } from '../src/ledger/state/nodes.ts';
import { pageReader, TreeParts } from '../src/ledger/state/parts.ts';
import { proveState } from '../src/ledger/state/prove.ts';
import { stateSpaces } from '../src/ledger/state/state-space.ts';
import { type StateChange, updateTree } from '../src/ledger/state/tree.ts';
import { type DataDirectory, type Operation, openDataDirectory } from '../src/storage/index.ts';
import { diskConditions, machineConditions } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';
import { percentilesOf } from './statistics.ts';

const sizes = [10_000, 100_000, 1_000_000] as const;
const blockChanges = 512;
const growBlockChanges = 5000;
const proofs = 500;
const space = stateSpaces[0];

/** What a node hashes for one node of the tree: 65 bytes. */
const hashedBytes = 65;

/**
 * The state tree on disk: blocks of changes, half of them of keys that are there, on trees of three sizes; each block is
 * hashed once and what it writes is synced in one batch. Beside it what the machine hashes, in the same run.
 */
export const tree: Bench = async ({ seconds, progress, signal }) => {
  const path = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  try {
    const conditions = `blocks of ${blockChanges} changes, half of them of new keys, CPU time of one thread, ${diskConditions(path)}, ${machineConditions()}`;
    const directory = await openDataDirectory(join(path, 'data'), {
      ledgerId: randomBytes(32),
      nodeKey: randomBytes(32),
    });
    try {
      const grown = new GrownTree(directory);
      const rows: Row[] = [];
      const row = (name: string, value: number, unit: string): void => {
        rows.push({ name: `tree/${name}`, value: rounded(value), unit, conditions });
      };
      for (const size of sizes) {
        progress(`${size} leaves …`);
        while (grown.size < size) {
          signal.throwIfAborted();
          await grown.block(growBlockChanges, 0);
        }
        const hashesPerSecond = hashRate();
        const { changesPerSecond, blockMs } = await updatesFor(grown, seconds / sizes.length);
        const proved = proofsOf(grown);
        row(`${size}/changes`, changesPerSecond, '1/s per core');
        row(`${size}/block-p50`, blockMs.p50, 'ms');
        row(`${size}/block-p99`, blockMs.p99, 'ms');
        row(`${size}/hashes-a-change`, hashesPerSecond / changesPerSecond, 'times as long as one hash');
        row(`${size}/proof`, proved.makeUs, 'µs to make');
        row(`${size}/proof-verified`, proved.verifyUs, 'µs to verify');
        row(`${size}/proof-length`, proved.siblings, 'hashes');
      }
      row('memory', process.memoryUsage().heapUsed / 2 ** 20, 'MiB of heap, the whole process');
      return rows;
    } finally {
      await directory.close();
    }
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
};

/** A tree of a node: its root in memory, its pages in the store. Key *n* was last changed in block `#changedAt[n]`. */
class GrownTree {
  readonly #directory: DataDirectory;
  readonly #parts = TreeParts.empty(space);
  readonly #changedAt: number[] = [];
  #root: ReturnType<typeof updateTree>['root'];
  #height = 0;

  constructor(directory: DataDirectory) {
    this.#directory = directory;
  }

  get size(): number {
    return this.#changedAt.length;
  }

  /** One block; answers the milliseconds of this thread's own time that it took. */
  async block(added: number, changed: number): Promise<number> {
    const height = ++this.#height;
    const numbers = new Set(Array.from({ length: changed }, () => this.anyKey()));
    for (let count = 0; count < added; count++) numbers.add(this.size + count);
    const changes = [...numbers].map((number): StateChange => {
      this.#changedAt[number] = height;
      const key = keyOf(number);
      return { key, keyHash: sha256Latin1(key), valueHash: sha256Latin1(valueTextOf(number, height)) };
    });
    const before = process.threadCpuUsage();
    const update = updateTree(this.#root, changes, this.#read);
    const operations = this.#parts.commit(height, update);
    const { user, system } = process.threadCpuUsage(before);
    this.#root = update.root;
    await append(this.#directory, operations);
    this.#parts.settle(this.#root);
    return (user + system) / 1000;
  }

  anyKey(): number {
    return Math.floor(Math.random() * this.size);
  }

  prove(number: number): ReturnType<typeof proveState> {
    return proveState(this.#root, keyOf(number), this.#read);
  }

  verify(number: number, proof: ReturnType<typeof proveState>): boolean {
    const value = utf8(valueTextOf(number, present(this.#changedAt[number], 'it is there')));
    return verifyState(latin1Bytes(hashOf(this.#root)), keyOf(number), value, proof);
  }

  readonly #read = (path: Uint8Array): Uint8Array | undefined => pageReader(this.#directory.store, space)(path);
}

function keyOf(number: number): string {
  return `bench/tree/${number}`;
}

function valueTextOf(number: number, height: number): string {
  return `value of ${number} as of block ${height}`;
}

function append({ journal }: DataDirectory, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(operations, undefined, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function updatesFor(
  grown: GrownTree,
  seconds: number,
): Promise<{ readonly changesPerSecond: number; readonly blockMs: ReturnType<typeof percentilesOf> }> {
  const samples: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  do samples.push(await grown.block(blockChanges / 2, blockChanges / 2));
  while (performance.now() < endMs);
  const totalMs = samples.reduce((sum, each) => sum + each, 0);
  return { changesPerSecond: (samples.length * blockChanges * 1000) / totalMs, blockMs: percentilesOf(samples) };
}

function proofsOf(grown: GrownTree): { makeUs: number; verifyUs: number; siblings: number } {
  const numbers = Array.from({ length: proofs }, () => grown.anyKey());
  const made = timed(() => numbers.map((number) => grown.prove(number)));
  const verified = timed(() =>
    numbers.every((number, place) => grown.verify(number, present(made.result[place], 'made'))),
  );
  assert(verified.result, 'every proof verifies');
  const siblings = made.result.reduce((sum, proof) => sum + proof.siblings.length, 0) / proofs;
  return { makeUs: (made.ms * 1000) / proofs, verifyUs: (verified.ms * 1000) / proofs, siblings };
}

function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const startMs = performance.now();
  const result = work();
  return { ms: performance.now() - startMs, result };
}

function hashRate(): number {
  const text = 'x'.repeat(hashedBytes);
  const count = 100_000;
  return (
    (count * 1000) /
    timed(() => {
      for (let index = 0; index < count; index++) sha256Latin1(text);
    }).ms
  );
}
