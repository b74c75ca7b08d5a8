import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvariantError, uint64Bytes } from '../../../src/base/index.ts';
import { LevelStore, type Operation } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { codeRejected, codeThrown } from './support.ts';

function put(number: number): Operation[] {
  return [{ type: 'put', key: uint64Bytes(number), value: uint64Bytes(number) }];
}

test('a full queue refuses at once, and what it took before is written', async () => {
  const path = join(temporaryDirectory(), 'database');
  const store = await LevelStore.open(path, { create: true });
  let done = 0;
  let taken = 0;
  const write = () => store.write(put(taken), (error) => (done += error === undefined ? 1 : 0));
  const codes = new Set<string | undefined>();
  for (let count = 0; count < 2000; count++) {
    const code = codeThrown(write);
    codes.add(code);
    if (code === undefined) taken += 1;
  }
  expect([...codes]).toEqual([undefined, 'overloaded']);
  // One in flight, the others waiting.
  expect(taken).toBe(1 + 1024);
  await store.close();
  expect(done, 'close waits for the writes before it').toBe(taken);
  const again = await LevelStore.open(path, { create: false });
  for (let number = 0; number < taken; number++) expect(again.get(uint64Bytes(number))).toEqual(uint64Bytes(number));
  await again.close();
});

test('an empty write is a bug: LevelDB would not sync it', async () => {
  const store = await LevelStore.open(join(temporaryDirectory(), 'database'), { create: true });
  expect(() => store.write([], () => undefined)).toThrow(InvariantError);
  await store.close();
});

test('only a new directory gets a database', async () => {
  const path = join(temporaryDirectory(), 'database');
  expect(await codeRejected(LevelStore.open(path, { create: false }))).toBe('storage-damaged');
  await (await LevelStore.open(path, { create: true })).close();
  await (await LevelStore.open(path, { create: false })).close();
});

test('a database is open once, by whatever name', async () => {
  const path = join(temporaryDirectory(), 'database');
  const store = await LevelStore.open(path, { create: true });
  symlinkSync(path, `${path}-by-another-name`);
  expect(await codeRejected(LevelStore.open(`${path}-by-another-name`, { create: false }))).toBe('storage-locked');
  await store.close();
  await (await LevelStore.open(`${path}-by-another-name`, { create: false })).close();
});
