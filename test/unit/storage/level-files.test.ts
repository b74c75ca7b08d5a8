import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { present, utf8 } from '../../../src/base/index.ts';
import { LevelStore, openDataDirectory, openForReading } from '../../../src/storage/index.ts';
import { crc32c } from '../../../src/storage/level-files/crc32c.ts';
import { checkTables } from '../../../src/storage/level-files/index.ts';
import { writeAll } from '../../compliance/store.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { codeRejected, identity, put, stateOf } from './support.ts';

/** A node's directory with a few thousand values in tables, made by several runs. */
async function written(): Promise<string> {
  const path = join(temporaryDirectory(), 'node');
  for (let run = 0; run < 3; run++) {
    const { journal, close } = await openDataDirectory(path, identity);
    const operations = Array.from({ length: 1000 }, (_, index) =>
      put(`key ${index} of ${run}`, `value ${index * run}`),
    );
    await new Promise<void>((resolve) => journal.append(operations, utf8(`mark ${run}`), () => resolve()));
    await close();
  }
  return path;
}

async function checked(path: string): Promise<number> {
  let bytes = 0;
  for await (const table of checkTables(join(path, 'database'))) bytes += table;
  return bytes;
}

function tableIn(path: string): string {
  const database = join(path, 'database');
  return join(
    database,
    present(
      readdirSync(database).find((name) => name.endsWith('.ldb')),
      'a table',
    ),
  );
}

it('computes CRC-32C as RFC 3720 has it', () => {
  expect(crc32c(utf8('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
});

it('finds a changed byte of a table, whichever it is, but for the zeros in its last 48 bytes', async () => {
  const path = await written();
  const file = tableIn(path);
  const whole = readFileSync(file);
  expect(await checked(path)).toBeGreaterThanOrEqual(whole.length);
  const random = new SeededRandom(7);
  const passed: number[] = [];
  for (let offset = 0; offset < whole.length; offset += offset < whole.length - 512 ? 499 : 1) {
    const changed = Uint8Array.from(whole);
    changed[offset] = (changed[offset] as number) ^ (1 + random.below(255));
    writeFileSync(file, changed);
    const code = await codeRejected(checked(path));
    if (code === undefined) passed.push(offset);
    else expect(code).toBe('storage-damaged');
  }
  for (const offset of passed) expect([whole[offset], offset >= whole.length - 48]).toEqual([0, true]);
  writeFileSync(file, whole.subarray(0, -1));
  expect(await codeRejected(checked(path))).toBe('storage-damaged');
});

it('passes over what a crash left of a table that was being written', async () => {
  const path = await written();
  writeFileSync(join(path, 'database', '009999.ldb'), new Uint8Array(10));
  await checked(path);
});

it('a start after an end that was not clean looks at the tables first', async () => {
  const path = await written();
  expect(existsSync(join(path, 'running'))).toBe(false);
  const file = tableIn(path);
  const changed = readFileSync(file);
  changed[100] = (changed[100] as number) ^ 1;
  writeFileSync(file, changed);
  writeFileSync(join(path, 'running'), '');
  await expect(openDataDirectory(path, identity)).rejects.toMatchObject({
    code: 'storage-damaged',
    message: expect.stringContaining('.ldb'),
  });
});

it('says that a node runs before it says anything of its tables', async () => {
  const path = await written();
  const { close } = await openDataDirectory(path, identity);
  expect(existsSync(join(path, 'running'))).toBe(true);
  expect(await codeRejected(openDataDirectory(path, identity))).toBe('storage-locked');
  expect(await codeRejected(openForReading(path))).toBe('storage-locked');
  await close();
});

it('reads a directory without changing it, and lets go of it', async () => {
  const path = await written();
  const sizes = (): string[] =>
    readdirSync(join(path, 'database')).map((name) => `${name} ${statSync(join(path, 'database', name)).mtimeMs}`);
  const before = sizes();
  const copy = await openForReading(path);
  expect((await stateOf(copy.directory.store)).get('key 7 of 2')).toBe('value 14');
  await writeAll(copy.directory.store, [put('key 7 of 2', 'another')]);
  await copy.close();
  expect(sizes()).toEqual(before);
  const again = await openForReading(path);
  expect((await stateOf(again.directory.store)).get('key 7 of 2')).toBe('value 14');
  await again.close();
  const moved = join(temporaryDirectory(), 'moved');
  cpSync(path, moved, { recursive: true });
  const store = await LevelStore.open(join(moved, 'database'), { create: false });
  await store.close();
});
