import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FileMarkFile, type Mark, type MarkReading } from '../../../src/storage/index.ts';
import { writeMark } from '../../compliance/mark-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { codeThrown } from './support.ts';

const older: Mark = { bytes: new Uint8Array(300).fill(1), journalNumber: 41 };
const newer: Mark = { bytes: new Uint8Array(301).fill(2), journalNumber: 42 };

async function writtenFile(...marks: readonly Mark[]): Promise<string> {
  const path = join(temporaryDirectory(), 'mark');
  const file = FileMarkFile.open(path, { create: true });
  for (const mark of marks) await writeMark(file, mark.bytes, mark.journalNumber);
  await file.close();
  return path;
}

async function readingOf(path: string): Promise<MarkReading> {
  const file = FileMarkFile.open(path, { create: false });
  await file.close();
  return file.read();
}

test('every flipped byte costs its slot, and only its slot', async () => {
  // The first mark lies in the first slot, the second in the second.
  const path = await writtenFile(older, newer);
  const intact = readFileSync(path);
  expect(intact.length).toBe(8192);
  expect(await readingOf(path)).toEqual({ mark: newer, damagedSlots: 0 });
  const descriptor = openSync(path, 'r+');
  onTestFinished(() => closeSync(descriptor));
  for (let offset = 0; offset < intact.length; offset++) {
    if (offset > 0) writeSync(descriptor, intact, offset - 1, 1, offset - 1);
    writeSync(descriptor, Uint8Array.of((intact[offset] as number) ^ (1 << (offset % 8))), 0, 1, offset);
    const { mark, damagedSlots } = await readingOf(path);
    // One number a byte: expect() is too slow for eight thousand objects.
    if (damagedSlots !== 1 || mark?.journalNumber !== (offset < 4096 ? 42 : 41)) expect.fail(`byte ${offset}`);
  }
}, 30_000);

test('both slots damaged leave no mark', async () => {
  const path = await writtenFile(older, newer);
  const bytes = readFileSync(path);
  for (const offset of [100, 5000]) bytes[offset] = (bytes[offset] as number) ^ 0x10;
  writeFileSync(path, bytes);
  expect(await readingOf(path)).toEqual({ mark: undefined, damagedSlots: 2 });
});

test('a torn write leaves the mark before it, and the next write takes the torn slot', async () => {
  const path = await writtenFile(older, newer);
  const bytes = readFileSync(path);
  bytes.fill(0x55, 1000, 4096);
  writeFileSync(path, bytes);
  const file = FileMarkFile.open(path, { create: false });
  expect(file.read()).toEqual({ mark: newer, damagedSlots: 1 });
  await writeMark(file, Uint8Array.of(3), 43);
  await file.close();
  expect(await readingOf(path)).toEqual({ mark: { bytes: Uint8Array.of(3), journalNumber: 43 }, damagedSlots: 0 });
  writeFileSync(path, readFileSync(path).fill(0x55, 0, 4096));
  expect((await readingOf(path)).mark, 'the newer one was not overwritten').toEqual(newer);
});

test('a cut file loses the slots that it cuts', async () => {
  for (const length of [8191, 4097, 4096, 4095, 1, 0]) {
    const path = await writtenFile(older, newer);
    truncateSync(path, length);
    const { mark, damagedSlots } = await readingOf(path);
    expect(mark, `${length} bytes`).toEqual(length >= 4096 ? older : undefined);
    expect(damagedSlots, `${length} bytes`).toBe(length === 4096 || length === 0 ? 0 : 1);
  }
});

test('a missing file is damage, unless it may be made', async () => {
  const path = join(temporaryDirectory(), 'mark');
  expect(codeThrown(() => FileMarkFile.open(path, { create: false }))).toBe('storage-damaged');
  await FileMarkFile.open(path, { create: true }).close();
  expect(await readingOf(path)).toEqual({ mark: undefined, damagedSlots: 0 });
});
