import { expect, test } from 'vitest';
import { AssentError, InvariantError, present, uint64Bytes, utf8 } from '../../../src/base/index.ts';
import {
  Journal,
  type Operation,
  prefixedKey,
  prefixRange,
  redoBytesMax,
  type Store,
} from '../../../src/storage/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { SimulatedDisk } from '../../support/simulated-store.ts';
import { codeThrown, identity, openJournal, put, remove, stateOf } from './support.ts';

/** Of the writes in flight none reaches the disk. */
const nothingSurvives = { below: () => 0, bytes: (length: number) => new Uint8Array(length) };

function completeAll(disk: SimulatedDisk): void {
  while (disk.completeNext());
}

async function entryNumbers(store: Store): Promise<number[]> {
  const entries = await store.range({ ...prefixRange('journal'), limit: 10_000 });
  return entries.map(([key]) => Number(Buffer.from(key.subarray(1)).readBigUInt64BE()));
}

test('a new journal is empty, and opening it writes nothing', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  expect(journal.lastNumber).toBe(0);
  expect(journal.mark).toBeUndefined();
  expect(journal.lost).toBe(false);
  expect(disk.inFlight).toBe(0);
});

test('appends that come while a write is in flight share the next batch, in order', async () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  const done: string[] = [];
  for (const name of ['first', 'second', 'third', 'fourth'])
    journal.append([put('newest', name), put(name, '')], undefined, () => done.push(name));
  expect(disk.inFlight).toBe(1);
  expect(journal.waiting).toBe(3);
  disk.completeNext();
  expect(done).toEqual(['first']);
  expect(journal.lastNumber).toBe(1);
  expect((await stateOf(disk.store)).get('newest')).toBe('first');
  disk.completeNext();
  expect(done).toEqual(['first', 'second', 'third', 'fourth']);
  expect(journal.lastNumber).toBe(2);
  expect((await stateOf(disk.store)).get('newest')).toBe('fourth');
  expect(disk.inFlight).toBe(0);
});

test('what is deferred waits for the next append, for a flush or for the end, and keeps its place', async () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  const done: string[] = [];
  const defer = (name: string): void => journal.defer([put('newest', name)], () => done.push(name));
  defer('first');
  expect(disk.inFlight).toBe(0);
  journal.append([put('newest', 'second')], undefined, () => done.push('second'));
  expect(disk.inFlight).toBe(1);
  // Deferred while a batch is in flight: the end of that batch is no reason to write.
  defer('third');
  disk.completeNext();
  expect(done).toEqual(['first', 'second']);
  expect([journal.lastNumber, journal.waiting, disk.inFlight]).toEqual([1, 1, 0]);
  journal.flush();
  disk.completeNext();
  expect(done).toEqual(['first', 'second', 'third']);
  defer('fourth');
  const closed = journal.close();
  disk.completeNext();
  await closed;
  expect(done).toEqual(['first', 'second', 'third', 'fourth']);
});

test('a batch takes what fits its bytes, and one append of any size', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk, { mergedBytesMax: 1000 });
  const done: string[] = [];
  const sizes = [1, 400, 400, 400, 5000, 1];
  for (const [index, size] of sizes.entries())
    journal.append([put(`${index}`, 'x'.repeat(size))], undefined, () => done.push(`${index}`));
  const steps: string[] = [];
  while (disk.completeNext()) steps.push(done.splice(0).join());
  expect(steps).toEqual(['0', '1,2', '3', '4', '5']);
});

test.each([
  ['store', 'mark'],
  ['mark', 'store'],
] as const)('a batch and its mark are written at the same time, and done with the later: %s, %s', (first, second) => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  let done = false;
  journal.append([put('a', '1')], utf8('mark'), () => {
    done = true;
  });
  journal.append([put('b', '1')], undefined, () => undefined);
  expect(disk.inFlight).toBe(2);
  disk.completeNext(first);
  expect([done, disk.inFlight, journal.lastNumber]).toEqual([false, 1, 0]);
  disk.completeNext(second);
  expect([done, disk.inFlight, journal.lastNumber]).toEqual([true, 1, 1]);
  expect(disk.markFile.read().mark).toMatchObject({ bytes: utf8('mark'), journalNumber: 1 });
});

test('the mark of a batch that is too large to be repeated is written after it', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  let done = false;
  journal.append([put('a', 'x'.repeat(redoBytesMax))], utf8('mark'), () => {
    done = true;
  });
  expect(disk.inFlight).toBe(1);
  disk.completeNext();
  expect(disk.markFile.read().mark).toBeUndefined();
  expect(done).toBe(false);
  disk.completeNext();
  expect(disk.markFile.read().mark).toEqual({ bytes: utf8('mark'), journalNumber: 1 });
  expect(done).toBe(true);
});

test('a batch that only the mark file has is written again, as it was, before anything else', async () => {
  const written = (redone: boolean) => {
    const disk = new SimulatedDisk();
    const journal = openJournal(disk);
    for (const name of ['a', 'b']) {
      journal.append([put(name, '1')], undefined, () => undefined);
      completeAll(disk);
    }
    journal.append([put('c', '1'), remove('a')], utf8('mark'), () => undefined);
    if (redone) {
      disk.completeNext('mark');
      disk.crash(nothingSurvives);
      expect(disk.store.get(prefixedKey('state', utf8('c')))).toBeUndefined();
    } else completeAll(disk);
    const reopened = Journal.open(disk.store, disk.markFile, identity);
    expect([reopened.lost, reopened.mark?.bytes]).toEqual([false, utf8('mark')]);
    if (redone) expect(() => reopened.append([], undefined, () => undefined)).toThrow(InvariantError);
    return disk;
  };
  const [whole, redone] = [written(false), written(true)];
  const next = openJournal(redone);
  expect(next.lastNumber).toBe(3);
  expect([...(await stateOf(redone.store))]).toEqual([
    ['b', '1'],
    ['c', '1'],
  ]);
  // But for what the mark file held when the batch was written, the databases are the same.
  const entries = ({ store }: SimulatedDisk) => store.range({ ...prefixRange('journal'), limit: 100 });
  expect(await entries(redone)).toEqual(await entries(whole));
  next.append([put('d', '1')], undefined, () => undefined);
  completeAll(redone);
  expect(openJournal(redone).lastNumber).toBe(4);
});

test('an error while it is written again poisons the journal', () => {
  const disk = new SimulatedDisk();
  openJournal(disk).append([put('a', '1')], utf8('mark'), () => undefined);
  disk.completeNext('mark');
  disk.crash(nothingSurvives);
  const journal = Journal.open(disk.store, disk.markFile, identity);
  let end: Error | undefined;
  journal.redo((error) => {
    end = error;
  });
  disk.failNext(new Error('the disk is gone'));
  expect(end).toMatchObject({ code: 'storage-failed' });
  expect(codeThrown(() => journal.append([], undefined, () => undefined))).toBe('storage-failed');
  disk.crash(nothingSurvives);
  expect(openJournal(disk).lastNumber).toBe(1);
});

test("a mark file whose batch does not follow the database's last one is damage", () => {
  const [mine, other] = [new SimulatedDisk(), new SimulatedDisk()];
  for (const [disk, name] of [
    [mine, 'a'],
    [other, 'b'],
  ] as const) {
    openJournal(disk).append([put(name, '1')], undefined, () => undefined);
    completeAll(disk);
  }
  const journal = openJournal(other);
  journal.append([put('c', '1')], utf8('mark'), () => undefined);
  completeAll(other);
  expect(codeThrown(() => Journal.open(mine.store, other.markFile, identity))).toBe('storage-damaged');
});

test('of merged marks the newest is written', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  journal.append([put('a', '1')], undefined, () => undefined);
  journal.append([put('b', '1')], utf8('older'), () => undefined);
  journal.append([put('c', '1')], utf8('newer'), () => undefined);
  journal.append([put('d', '1')], undefined, () => undefined);
  completeAll(disk);
  expect(disk.markFile.read().mark).toMatchObject({ bytes: utf8('newer'), journalNumber: 2 });
  expect(openJournal(disk).mark).toMatchObject({ bytes: utf8('newer'), journalNumber: 2 });
});

test('the next batch is in flight before the callbacks of this one run', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  let inFlight = -1;
  journal.append([put('a', '1')], undefined, () => {
    inFlight = disk.inFlight;
  });
  journal.append([put('b', '1')], undefined, () => undefined);
  disk.completeNext();
  expect(inFlight).toBe(1);
});

test('an append without operations is a batch too: a mark can be renewed alone', () => {
  const disk = new SimulatedDisk();
  openJournal(disk).append([], utf8('mark'), () => undefined);
  completeAll(disk);
  expect(openJournal(disk).mark).toMatchObject({ bytes: utf8('mark'), journalNumber: 1 });
});

test('too much waiting is refused at once, and the rest is kept', async () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk, { waitingMax: 2, waitingBytesMax: 1000 });
  for (const name of ['a', 'b', 'c']) journal.append([put(name, '1')], undefined, () => undefined);
  expect(codeThrown(() => journal.append([put('d', '1')], undefined, () => undefined))).toBe('overloaded');
  completeAll(disk);
  journal.append([put('e', '1')], undefined, () => undefined);
  expect(codeThrown(() => journal.append([put('f', 'x'.repeat(1001))], undefined, () => undefined))).toBe('overloaded');
  completeAll(disk);
  expect([...(await stateOf(disk.store)).keys()]).toEqual(['a', 'b', 'c', 'e']);
});

test.each(['store', 'mark file'])('an error of the %s poisons the journal', (which) => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  const ends: (string | undefined)[] = [];
  const end = (error?: Error) => ends.push(error instanceof AssentError ? error.code : error?.message);
  journal.append([put('a', '1')], utf8('mark'), end);
  journal.append([put('b', '1')], undefined, end);
  if (which === 'mark file') disk.completeNext();
  disk.failNext(new Error('the disk is gone'));
  expect(ends).toEqual(['storage-failed', 'storage-failed']);
  expect(codeThrown(() => journal.append([put('c', '1')], undefined, end))).toBe('storage-failed');
  expect(journal.failure?.message).toContain('the disk is gone');
  expect(ends.length).toBe(2);
  expect(disk.inFlight).toBe(0);
});

test('a known failure keeps its code', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  const full = new AssentError('storage-full', 'The disk is full.');
  let end: Error | undefined;
  journal.append([put('a', '1')], undefined, (error) => {
    end = error;
  });
  disk.failNext(full);
  expect(end).toBe(full);
});

test('entries are kept for as many bytes as asked, also across starts, and no longer', async () => {
  const disk = new SimulatedDisk();
  const limits = { keptBytes: 10_000, mergedBytesMax: 4000 };
  for (let start = 0; start < 5; start++) {
    const journal = openJournal(disk, limits);
    expect(journal.lastNumber).toBe(start * 20);
    for (let count = 0; count < 20; count++) {
      journal.append([put('key', 'x'.repeat(900))], undefined, () => undefined);
      completeAll(disk);
    }
    const numbers = await entryNumbers(disk.store);
    const last = (start + 1) * 20;
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => last - numbers.length + 1 + index));
    // Each counts for about 1,000 bytes: ten cover the limit, and one more is the last that was needed.
    expect(numbers.length).toBeGreaterThanOrEqual(10);
    expect(numbers.length).toBeLessThanOrEqual(11);
  }
});

test('a large batch does not push the entries before it out', async () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk, { keptBytes: 10_000, mergedBytesMax: 4000 });
  for (const size of [900, 900, 900, 50_000]) {
    journal.append([put('key', 'x'.repeat(size))], undefined, () => undefined);
    completeAll(disk);
  }
  expect(await entryNumbers(disk.store)).toEqual([1, 2, 3, 4]);
});

test('close finishes what was appended, then takes nothing more', async () => {
  const disk = new SimulatedDisk(() => queueMicrotask(() => disk.completeNext()));
  const journal = openJournal(disk);
  const done: number[] = [];
  for (const number of [1, 2, 3]) journal.append([put(`${number}`, '')], utf8('mark'), () => done.push(number));
  const { store } = disk;
  await journal.close();
  expect(done).toEqual([1, 2, 3]);
  expect(() => store.get(Uint8Array.of(1))).toThrow(InvariantError);
  expect(() => journal.append([put('4', '')], undefined, () => undefined)).toThrow(InvariantError);
  disk.crash(new SeededRandom(1));
  expect(openJournal(disk).lastNumber).toBe(2);
});

function rewrite(disk: SimulatedDisk, name: string, value: Uint8Array): void {
  disk.store.write([{ type: 'put', key: prefixedKey('meta', utf8(name)), value }], () => undefined);
  completeAll(disk);
}

test('another format, ledger or node is refused', () => {
  const written = () => {
    const disk = new SimulatedDisk();
    openJournal(disk).append([put('a', '1')], undefined, () => undefined);
    completeAll(disk);
    return disk;
  };
  const other = new Uint8Array(32).fill(9);
  const disk = written();
  expect(codeThrown(() => openJournal(disk))).toBeUndefined();
  for (const changed of [{ ledgerId: other }, { nodeKey: other }])
    expect(codeThrown(() => Journal.open(disk.store, disk.markFile, { ...identity, ...changed }))).toBe(
      'storage-foreign',
    );
  for (const format of [utf8('assent/1'), utf8('assent/2 '), Uint8Array.of(0xff, 0xfe)]) {
    rewrite(disk, 'format', format);
    expect(codeThrown(() => openJournal(disk))).toBe('storage-format-unknown');
  }
});

test('an entry that was changed, exchanged or added is damage', () => {
  const disk = new SimulatedDisk();
  const journal = openJournal(disk);
  for (const name of ['a', 'b', 'c', 'd']) {
    journal.append([put(name, name)], undefined, () => undefined);
    completeAll(disk);
  }
  const key = (number: number) => prefixedKey('journal', uint64Bytes(number));
  const intact = [1, 2, 3, 4].map((number) => present(disk.store.get(key(number)), 'an entry'));
  const verdict = (number: number, value: Uint8Array | undefined) => {
    const restore = disk.store.get(key(number));
    const set = (bytes: Uint8Array | undefined) => {
      const operation: Operation =
        bytes === undefined ? { type: 'delete', key: key(number) } : { type: 'put', key: key(number), value: bytes };
      disk.store.write([operation], () => undefined);
      completeAll(disk);
    };
    set(value);
    const code = codeThrown(() => openJournal(disk));
    set(restore);
    return code;
  };
  for (const number of [1, 2, 3])
    for (let offset = 0; offset < 112; offset++) {
      const changed = Uint8Array.from(present(intact[number - 1], 'an entry'));
      changed[offset] = (changed[offset] as number) ^ 1;
      expect(verdict(number, changed), `entry ${number}, byte ${offset}`).toBe('storage-damaged');
    }
  expect(verdict(2, intact[2])).toBe('storage-damaged');
  expect(verdict(2, new Uint8Array(112).fill(0xff))).toBe('storage-damaged');
  expect(verdict(2, undefined)).toBe('storage-damaged');
  expect(verdict(5, intact[3])).toBe('storage-damaged');
  expect(codeThrown(() => openJournal(disk))).toBeUndefined();
});

test('a read error at start goes through', () => {
  const disk = new SimulatedDisk();
  disk.failReads(new AssentError('storage-damaged', 'unreadable'));
  expect(codeThrown(() => openJournal(disk))).toBe('storage-damaged');
});
