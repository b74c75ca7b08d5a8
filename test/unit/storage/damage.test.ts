import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AssentError, present, uint64Bytes, utf8 } from '../../../src/base/index.ts';
import { type DataDirectory, type Operation, openDataDirectory, prefixedKey } from '../../../src/storage/index.ts';
import { decodeHead, headKey } from '../../../src/storage/journal-records.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { identity, put, randomHistory, remove, stateOf } from './support.ts';

/** Places at which a file is damaged, each in a fresh copy. */
const places = 200;

interface Written {
  readonly path: string;
  readonly contents: readonly ReadonlyMap<string, string>[];
  readonly lastMarked: number;
}

/** A directory as a node leaves it: batch n of the history is journal batch n; every `markEvery`th carries a mark. */
async function writeHistory(
  seed: number,
  options: { batches: number; valueBytesMax: number; markEvery: number },
): Promise<Written> {
  const path = join(temporaryDirectory(), 'node');
  const { batches, contents } = randomHistory(new SeededRandom(seed), options);
  const directory = await openDataDirectory(path, identity);
  let lastMarked = 0;
  for (const [index, operations] of batches.entries()) {
    const marked = (index + 1) % options.markEvery === 0;
    if (marked) lastMarked = index + 1;
    await new Promise<void>((resolve, reject) =>
      directory.journal.append(operations, marked ? utf8(`mark ${index + 1}`) : undefined, (error) =>
        error === undefined ? resolve() : reject(error),
      ),
    );
  }
  await directory.close();
  return { path, contents, lastMarked };
}

function damagedCopy(written: Written, damage: (path: string) => void): string {
  const copy = join(temporaryDirectory(), 'copy');
  mkdirSync(copy);
  cpSync(written.path, copy, { recursive: true });
  damage(copy);
  return copy;
}

function filesOf(path: string, pattern: RegExp): string[] {
  const folder = join(path, 'database');
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .sort();
}

function flipByte(file: string, offset: number, bits: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] as number) ^ bits;
  writeFileSync(file, bytes);
}

/**
 * What a start says. `whole`: all is there; `unmarked end`: batches after the newest mark are gone, cleanly; anything
 * else that opens is a silent gap, and fails the test.
 */
async function start(path: string, written: Written, context: string): Promise<string> {
  let directory: DataDirectory;
  try {
    directory = await openDataDirectory(path, identity);
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    return error.code;
  }
  try {
    const { journal, store } = directory;
    if (journal.lost) return 'lost';
    expect(await stateOf(store), context).toEqual(written.contents[journal.lastNumber]);
    expect(journal.lastNumber, context).toBeGreaterThanOrEqual(written.lastMarked);
    return journal.lastNumber === written.contents.length - 1 ? 'whole' : 'unmarked end';
  } finally {
    await directory.close();
  }
}

/** Starts twice: LevelDB rewrites its log at the first start, and the second must not be fooled by that. */
async function startTwice(path: string, written: Written, context: string): Promise<string> {
  const first = await start(path, written, context);
  expect(await start(path, written, `${context}, second start`), context).toBe(first);
  return first;
}

async function outcomesOf(
  written: Written,
  damage: (path: string, place: number) => string,
  count: number = places,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  for (let place = 0; place < count; place++) {
    let what = '';
    const copy = damagedCopy(written, (path) => {
      what = damage(path, place);
    });
    const outcome = await startTwice(copy, written, what);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    rmSync(copy, { recursive: true });
  }
  return outcomes;
}

function flipLogByte(seed: number): (path: string, place: number) => string {
  const random = new SeededRandom(seed);
  return (path, place) => {
    const log = present(filesOf(path, /\.log$/).at(-1), 'a log');
    const offset = random.below(statSync(log).size);
    const bits = 1 + random.below(255);
    flipByte(log, offset, bits);
    return `place ${place}: byte ${offset} of the log xor ${bits}`;
  };
}

test(`one flipped byte in LevelDB's log, every batch marked: ${places} places`, { timeout: 120_000 }, async () => {
  const written = await writeHistory(1, { batches: 80, valueBytesMax: 2000, markEvery: 1 });
  const outcomes = await outcomesOf(written, flipLogByte(11));
  // Nothing may pass for whole: every byte of the log belongs to a batch, but for the zeros that end a block.
  expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(['lost', 'storage-damaged']));
  expect((outcomes.get('lost') ?? 0) + (outcomes.get('storage-damaged') ?? 0)).toBeGreaterThan(places * 0.95);
  expect(outcomes.get('unmarked end')).toBeUndefined();
});

test(`one flipped byte in LevelDB's log, every third batch marked: ${places} places`, {
  timeout: 120_000,
}, async () => {
  const written = await writeHistory(2, { batches: 40, valueBytesMax: 4000, markEvery: 3 });
  const outcomes = await outcomesOf(written, flipLogByte(12));
  expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(['lost', 'storage-damaged']));
});

test(`LevelDB's log cut anywhere: ${places} places`, { timeout: 120_000 }, async () => {
  const written = await writeHistory(3, { batches: 40, valueBytesMax: 2000, markEvery: 1 });
  const random = new SeededRandom(13);
  const outcomes = await outcomesOf(written, (path, place) => {
    const log = present(filesOf(path, /\.log$/).at(-1), 'a log');
    const size = random.below(statSync(log).size);
    truncateSync(log, size);
    return `place ${place}: log cut to ${size}`;
  });
  // A cut in the last batch of all is mended from the mark file.
  expect((outcomes.get('lost') ?? 0) + (outcomes.get('whole') ?? 0)).toBe(places);
  expect(outcomes.get('whole') ?? 0).toBeLessThan(places / 20);
});

test("LevelDB's logs after rotation: old entries lie in tables, the newest in the log", {
  timeout: 120_000,
}, async () => {
  // Three write buffers of 16 MiB and some: flushed tables, and journal entries dropped by later batches.
  const path = join(temporaryDirectory(), 'node');
  const directory = await openDataDirectory(path, identity);
  const random = new SeededRandom(4);
  const filler = random.bytes(1024 * 1024);
  const contents: ReadonlyMap<string, string>[] = [new Map()];
  const batches = 64;
  for (let batch = 1; batch <= batches; batch++) {
    const operations = [put('batch', `${batch}`), remove(`key-${batch - 3}`), put(`key-${batch}`, `${batch}`)];
    filler[batch] = batch;
    // Under another prefix: the comparison of the content need not read it.
    const bulk: Operation = { type: 'put', key: prefixedKey('block', uint64Bytes(batch % 4)), value: filler };
    await new Promise<void>((resolve, reject) =>
      directory.journal.append([...operations, bulk], utf8(`mark ${batch}`), (error) =>
        error === undefined ? resolve() : reject(error),
      ),
    );
    const kept = [batch - 2, batch - 1, batch].filter((number) => number >= 1);
    contents.push(new Map([['batch', `${batch}`], ...kept.map((number) => [`key-${number}`, `${number}`] as const)]));
  }
  const { first } = present(decodeHead(present(directory.store.get(headKey), 'a head')), 'a head');
  expect(first).toBeGreaterThan(8);
  expect(first).toBeLessThan(batches - 40);
  await directory.close();
  expect(filesOf(path, /\.ldb$/).length).toBeGreaterThan(0);
  const written: Written = { path, contents, lastMarked: batches };
  expect(
    await start(
      damagedCopy(written, () => undefined),
      written,
      'undamaged',
    ),
  ).toBe('whole');
  const flip = flipLogByte(14);
  const outcomes = new Set<string>();
  for (let place = 0; place < 16; place++) {
    const copy = damagedCopy(written, (target) => flip(target, place));
    outcomes.add(await startTwice(copy, written, `place ${place}`));
    rmSync(copy, { recursive: true });
  }
  for (const outcome of outcomes) expect(['lost', 'storage-damaged']).toContain(outcome);
});

test(`one flipped byte in LevelDB's MANIFEST or CURRENT`, { timeout: 120_000 }, async () => {
  const written = await writeHistory(5, { batches: 10, valueBytesMax: 200, markEvery: 1 });
  const random = new SeededRandom(15);
  for (const pattern of [/^MANIFEST/, /^CURRENT$/]) {
    const outcomes = await outcomesOf(
      written,
      (path, place) => {
        const file = present(filesOf(path, pattern)[0], 'the file');
        const offset = random.below(statSync(file).size);
        flipByte(file, offset, 1 + random.below(255));
        return `place ${place}: byte ${offset}`;
      },
      50,
    );
    for (const outcome of outcomes.keys()) expect(['storage-damaged', 'storage-failed', 'whole']).toContain(outcome);
    expect(outcomes.get('storage-damaged')).toBeGreaterThan(45);
  }
});
