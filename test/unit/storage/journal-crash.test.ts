import { describe, expect, test } from 'vitest';
import { AssentError, present, utf8 } from '../../../src/base/index.ts';
import { Journal, type Mark } from '../../../src/storage/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { type DiskFault, SimulatedDisk } from '../../support/simulated-store.ts';
import { codeThrown, identity, openJournal, put, stateOf } from './support.ts';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);
/** Small, so that old entries are dropped and batches are split in every life. */
const smallLimits = { keptBytes: 4000, mergedBytesMax: 1000 };

interface Life {
  readonly disk: SimulatedDisk;
  /** Appends whose callback ran, over all lives. */
  acknowledged: number;
  appended: number;
  /** The newest mark whose callback ran. */
  acknowledgedMark: number;
}

/** Appends and completions in random order. Append n writes `n` under its own key and as the newest. */
function live(life: Life, journal: Journal, random: SeededRandom, steps: number, markChance = 0.4): void {
  for (let step = 0; step < steps; step++) {
    if (random.chance(0.6)) {
      life.disk.completeNext(random.pick(['store', 'mark'] as const));
      continue;
    }
    life.appended += 1;
    const number = life.appended;
    const mark = random.chance(markChance) ? utf8(`${number}`) : undefined;
    const value = 'x'.repeat(random.below(400));
    journal.append([put(`append-${number}`, value), put('newest', `${number}`)], mark, (error) => {
      expect(error).toBeUndefined();
      expect(number).toBe(life.acknowledged + 1);
      life.acknowledged = number;
      if (mark !== undefined) life.acknowledgedMark = number;
    });
  }
}

function markNumber(mark: Mark | undefined): number {
  return mark === undefined ? 0 : Number(new TextDecoder().decode(mark.bytes));
}

test('crashes at any point lose nothing that was acknowledged and are never called damage', async () => {
  for (const seed of seeds) {
    const random = new SeededRandom(seed);
    const life: Life = { disk: new SimulatedDisk(), acknowledged: 0, appended: 0, acknowledgedMark: 0 };
    for (let start = 0; start < 6; start++) {
      const journal = openJournal(life.disk, smallLimits);
      const context = `seed ${seed}, start ${start}`;
      expect(journal.lost, context).toBe(false);
      const content = await stateOf(life.disk.store);
      const newest = Number(content.get('newest') ?? 0);
      expect(newest, context).toBeGreaterThanOrEqual(life.acknowledged);
      expect(newest, context).toBeLessThanOrEqual(life.appended);
      for (let number = 1; number <= newest; number++) expect(content.has(`append-${number}`), context).toBe(true);
      expect(content.size, context).toBe(newest === 0 ? 0 : newest + 1);
      // The mark is never below what was acknowledged and never ahead of the database.
      expect(markNumber(journal.mark), context).toBeGreaterThanOrEqual(life.acknowledgedMark);
      expect(markNumber(journal.mark), context).toBeLessThanOrEqual(newest);
      life.acknowledged = newest;
      life.appended = newest;
      live(life, journal, random, random.below(40));
      life.disk.crash(random);
    }
  }
});

/** A life of one start that ends with everything durable, then a crash with a fault. */
function damagedLife(seed: number, fault: DiskFault, markChance: number): { life: Life; taken: number; last: number } {
  const random = new SeededRandom(seed);
  const life: Life = { disk: new SimulatedDisk(), acknowledged: 0, appended: 0, acknowledgedMark: 0 };
  const journal = openJournal(life.disk);
  live(life, journal, random, 60, markChance);
  while (life.disk.completeNext());
  const taken = life.disk.crash(random, fault);
  return { life, taken, last: journal.lastNumber };
}

describe('damage', () => {
  test('durable batches gone from between others are always noticed, and named', () => {
    for (const seed of seeds) {
      const { life, taken, last } = damagedLife(seed, 'middle-lost', 0.4);
      if (taken === 0) continue;
      try {
        openJournal(life.disk);
        expect.fail(`seed ${seed}: ${taken} batches are missing and nobody noticed`);
      } catch (error) {
        if (!(error instanceof AssentError)) throw error;
        expect(error.code).toBe('storage-damaged');
        if (error.data['missing'] !== undefined) expect(error.data['last']).toBe(last);
        else expect(error.message).toMatch(/first batch is missing|does not follow|journal head/);
      }
    }
  });

  test('durable batches gone from the end are noticed when the mark is among them', async () => {
    const seen = { mended: 0, lost: 0 };
    for (const seed of seeds) {
      const { life, taken } = damagedLife(seed, 'tail-lost', 1);
      if (taken === 0) continue;
      const journal = openJournal(life.disk);
      expect(present(journal.mark, 'a mark').bytes).toEqual(utf8(`${life.acknowledgedMark}`));
      // The last batch of all stands in the mark file too.
      expect(journal.lost, `seed ${seed}`).toBe(taken > 1);
      const newest = Number((await stateOf(life.disk.store)).get('newest'));
      if (taken === 1) expect(newest, `seed ${seed}`).toBe(life.acknowledged);
      seen[taken === 1 ? 'mended' : 'lost'] += 1;
    }
    expect(seen.mended).toBeGreaterThan(10);
    expect(seen.lost).toBeGreaterThan(100);
  });

  test('after a loss the journal goes on, and crashes from then on are crashes again', async () => {
    for (const seed of seeds.slice(0, 100)) {
      const { life, taken } = damagedLife(seed, 'tail-lost', 1);
      if (taken < 2) continue;
      const random = new SeededRandom(seed + 1);
      const left = await stateOf(life.disk.store);
      const journal = openJournal(life.disk, smallLimits);
      const lostMark = present(journal.mark, 'a mark');
      // The driver says the mark again first; a crash before that is durable leaves the loss as it was.
      journal.append([put('again', '1')], lostMark.bytes, () => undefined);
      const isWritten = random.chance(0.5);
      if (isWritten) while (life.disk.completeNext());
      life.disk.crash(random);
      const reopened = openJournal(life.disk, smallLimits);
      expect(reopened.mark?.bytes, `seed ${seed}`).toEqual(lostMark.bytes);
      const content = await stateOf(life.disk.store);
      for (const [key, value] of left) expect(content.get(key), `seed ${seed}`).toBe(value);
      if (isWritten) expect(reopened.lost, `seed ${seed}`).toBe(false);
    }
  });

  test('an end without marks is lost down to a batch that still covers the mark, or the loss is noticed', async () => {
    const outcomes = new Set<string>();
    for (const seed of seeds) {
      const { life, taken, last } = damagedLife(seed, 'tail-lost', 0.2);
      if (taken === 0) continue;
      const journal = openJournal(life.disk);
      const left = last - taken;
      const isMended = journal.lastNumber === left + 1 && !journal.lost;
      outcomes.add(journal.lost ? 'lost' : isMended ? 'mended' : 'unmarked end');
      if (journal.lost) continue;
      if (isMended) expect(journal.mark?.journalNumber).toBe(left + 1);
      else expect(journal.lastNumber).toBe(left);
      expect(markNumber(journal.mark)).toBe(life.acknowledgedMark);
      expect(Number((await stateOf(life.disk.store)).get('newest') ?? 0)).toBeGreaterThanOrEqual(life.acknowledgedMark);
    }
    expect([...outcomes].sort()).toEqual(['lost', 'mended', 'unmarked end']);
  });

  test('two unreadable slots are damage', () => {
    for (const seed of seeds) {
      const { life } = damagedLife(seed, 'marks-damaged', 0.5);
      const slots = life.disk.markFile.read().damagedSlots;
      if (slots === 2) expect(codeThrown(() => openJournal(life.disk))).toBe('storage-damaged');
    }
  });

  test('the newest mark unreadable is damage, unless no batch followed it: then it may be a torn write', () => {
    const outcomes = new Set<string>();
    for (const seed of seeds) {
      const { life } = damagedLife(seed, 'mark-damaged', 0.3);
      if (life.acknowledgedMark === 0) continue;
      const code = codeThrown(() => openJournal(life.disk));
      outcomes.add(code ?? 'taken');
      if (code !== undefined) expect(code).toBe('storage-damaged');
      else expect(markNumber(openJournal(life.disk).mark)).toBeLessThan(life.acknowledgedMark);
    }
    expect([...outcomes].sort()).toEqual(['storage-damaged', 'taken']);
  });

  test('a mark file of another history is damage', () => {
    const mine = damagedLife(1, 'none', 1).life.disk;
    const other = damagedLife(2, 'none', 1).life.disk;
    const mark = present(mine.markFile.read().mark, 'a mark');
    const forged = { read: () => ({ mark: { ...mark, bytes: utf8('another') }, damagedSlots: 0 as const }) };
    const file = Object.assign(Object.create(other.markFile), forged);
    expect(codeThrown(() => Journal.open(mine.store, file, identity))).toBe('storage-damaged');
  });
});
