import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import {
  type DataDirectory,
  openDataDirectory,
  prefixedKey,
  type RekeyBatch,
  readOwner,
  rekeyDataDirectory,
} from '../../../src/storage/index.ts';

const ledgerId = new Uint8Array(32).fill(1);
const [from, to, third] = [2, 3, 4].map((fill) => new Uint8Array(32).fill(fill)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const key = prefixedKey('consensus', Uint8Array.of(1));
const batch: RekeyBatch = {
  operations: [{ type: 'put', key, value: Uint8Array.of(9) }],
  mark: Uint8Array.of(7, 7),
};

let parent: string;
let path: string;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'assent-rekey-'));
  path = join(parent, 'data');
  const directory = await openDataDirectory(path, { ledgerId, nodeKey: from });
  await append(directory, { operations: [{ type: 'put', key, value: Uint8Array.of(1) }], mark: Uint8Array.of(5) });
  await directory.close();
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function append({ journal }: DataDirectory, { operations, mark }: RekeyBatch): Promise<void> {
  return new Promise((resolve, reject) =>
    journal.append(operations, mark, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

async function contentUnder(nodeKey: Uint8Array): Promise<readonly [Uint8Array | undefined, Uint8Array | undefined]> {
  const { store, journal, close } = await openDataDirectory(path, { ledgerId, nodeKey });
  const content = [store.get(key), journal.mark?.bytes] as const;
  await close();
  return content;
}

it('hands a directory over to another key, with what else changes, once', async () => {
  expect(await rekeyDataDirectory(path, { ledgerId, from, to }, () => Promise.resolve(batch))).toBe('changed');
  expect(await contentUnder(to)).toEqual([Uint8Array.of(9), batch.mark]);
  await expect(contentUnder(from)).rejects.toMatchObject({ code: 'storage-foreign' });
  const again = rekeyDataDirectory(path, { ledgerId, from, to }, () => expect.unreachable('it was done'));
  expect(await again).toBe('unchanged');
});

it('changes nothing where no batch is given, or the directory is of a third key', async () => {
  const declined = rekeyDataDirectory(path, { ledgerId, from, to }, () => Promise.resolve(undefined));
  expect(await declined).toBe('declined');
  const foreign = rekeyDataDirectory(path, { ledgerId, from: third, to }, () => expect.unreachable('it is foreign'));
  await expect(foreign).rejects.toMatchObject({ code: 'storage-foreign' });
  expect(await contentUnder(from)).toEqual([Uint8Array.of(1), Uint8Array.of(5)]);
});

it('finishes a run that ended before the directory says whose it is', async () => {
  const before = join(parent, 'owner.json');
  cpSync(join(path, 'owner.json'), before);
  await rekeyDataDirectory(path, { ledgerId, from, to }, () => Promise.resolve(batch));
  cpSync(before, join(path, 'owner.json'));
  await expect(contentUnder(from)).rejects.toMatchObject({ code: 'storage-foreign' });
  const again = rekeyDataDirectory(path, { ledgerId, from, to }, () => expect.unreachable('the batch is there'));
  expect(await again).toBe('changed');
  expect(readOwner(path)?.nodeKey).toBe(toHex(to));
  expect(await contentUnder(to)).toEqual([Uint8Array.of(9), batch.mark]);
});
