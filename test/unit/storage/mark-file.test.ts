import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FileMarkFile, type Mark, type MarkReading } from '../../../src/storage/index.ts';
import { sha256 } from '../../../src/storage/journal-records.ts';
import { slotBytes } from '../../../src/storage/mark-slot.ts';
import { writeMark } from '../../compliance/mark-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { codeThrown } from './support.ts';

const older: Mark = { bytes: new Uint8Array(300).fill(1), journalNumber: 41 };
const newer: Mark = { bytes: new Uint8Array(301).fill(2), journalNumber: 42 };

async function writtenFile(...marks: readonly Mark[]): Promise<string> {
  const path = join(temporaryDirectory(), 'mark');
  const file = FileMarkFile.open(path, { create: true });
  for (const mark of marks) await writeMark(file, mark);
  await file.close();
  return path;
}

async function readingOf(path: string): Promise<MarkReading> {
  const file = FileMarkFile.open(path, { create: false });
  await file.close();
  return file.read();
}

/** A batch that makes its slot two pages long. */
const operations = new Uint8Array(5000).fill(3);
const redo = { previousDigest: new Uint8Array(32).fill(4), digest: sha256(operations), operations };

test('every flipped byte costs its slot, and only its slot', async () => {
  // The first mark lies in the first slot, the second, with a batch, in the second.
  const path = await writtenFile(older, { ...newer, redo });
  const intact = readFileSync(path);
  expect(intact.length).toBe(2 * slotBytes);
  expect(await readingOf(path)).toEqual({ mark: { ...newer, redo }, damagedSlots: 0 });
  const descriptor = openSync(path, 'r+');
  onTestFinished(() => closeSync(descriptor));
  // Header, mark, checksum, batch. What follows them in a slot means nothing.
  for (const [from, length, left] of [
    [0, 96 + 300 + 32, 42],
    [slotBytes, 96 + 301 + 32 + 5000, 41],
  ] as const)
    for (let offset = from; offset < from + length; offset++) {
      writeSync(descriptor, Uint8Array.of((intact[offset] as number) ^ (1 << (offset % 8))), 0, 1, offset);
      const { mark, damagedSlots } = await readingOf(path);
      // One number a byte: expect() is too slow for thousands of objects.
      if (damagedSlots !== 1 || mark?.journalNumber !== left) expect.fail(`byte ${offset}`);
      writeSync(descriptor, intact, offset, 1, offset);
    }
}, 60_000);

test('what an earlier, longer write left behind in a slot means nothing', async () => {
  const longer: Mark = { ...older, redo };
  const path = await writtenFile(longer, newer, { ...newer, journalNumber: 43 });
  expect(await readingOf(path)).toEqual({ mark: { ...newer, journalNumber: 43 }, damagedSlots: 0 });
});

test('both slots damaged leave no mark', async () => {
  const path = await writtenFile(older, newer);
  const bytes = readFileSync(path);
  for (const offset of [100, slotBytes + 100]) bytes[offset] = (bytes[offset] as number) ^ 0x10;
  writeFileSync(path, bytes);
  expect(await readingOf(path)).toEqual({ mark: undefined, damagedSlots: 2 });
});

test('a torn write leaves the mark before it, and the next write takes the torn slot', async () => {
  const path = await writtenFile(older, newer);
  const bytes = readFileSync(path);
  bytes.fill(0x55, 100, 4096);
  writeFileSync(path, bytes);
  const file = FileMarkFile.open(path, { create: false });
  expect(file.read()).toEqual({ mark: newer, damagedSlots: 1 });
  await writeMark(file, { bytes: Uint8Array.of(3), journalNumber: 43 });
  await file.close();
  expect(await readingOf(path)).toEqual({ mark: { bytes: Uint8Array.of(3), journalNumber: 43 }, damagedSlots: 0 });
  writeFileSync(path, readFileSync(path).fill(0x55, 0, slotBytes));
  expect((await readingOf(path)).mark, 'the newer one was not overwritten').toEqual(newer);
});

test('a cut file loses the slots that it cuts', async () => {
  for (const length of [slotBytes + 400, slotBytes + 1, slotBytes, 400, 1, 0]) {
    const path = await writtenFile(older, newer);
    truncateSync(path, length);
    const { mark, damagedSlots } = await readingOf(path);
    expect(mark, `${length} bytes`).toEqual(length >= slotBytes ? older : undefined);
    expect(damagedSlots, `${length} bytes`).toBe(length === slotBytes || length === 0 ? 0 : 1);
  }
});

test('a write torn between its pages costs the mark that came with it', async () => {
  const path = await writtenFile(older, { ...newer, redo });
  const bytes = readFileSync(path);
  bytes.fill(0, slotBytes + 4096, slotBytes + 8192);
  writeFileSync(path, bytes);
  expect(await readingOf(path)).toEqual({ mark: older, damagedSlots: 1 });
});

test('a missing file is damage, unless it may be made', async () => {
  const path = join(temporaryDirectory(), 'mark');
  expect(codeThrown(() => FileMarkFile.open(path, { create: false }))).toBe('storage-damaged');
  await FileMarkFile.open(path, { create: true }).close();
  expect(await readingOf(path)).toEqual({ mark: undefined, damagedSlots: 0 });
});
