import { expect, test } from 'vitest';
import { Journal, MemoryMarkFile, MemoryStore, prefixedKey } from '../../../src/storage/index.ts';

const identity = { ledgerId: new Uint8Array(32).fill(1), nodeKey: new Uint8Array(32).fill(2) };

test('a journal opened again continues where it ended', async () => {
  const store = new MemoryStore();
  const markFile = new MemoryMarkFile();
  const journal = Journal.open(store, markFile, identity);
  const key = prefixedKey('state', Uint8Array.of(7));
  await new Promise<void>((resolve, reject) =>
    journal.append([{ type: 'put', key, value: Uint8Array.of(1) }], Uint8Array.of(9), (error) =>
      error === undefined ? resolve() : reject(error),
    ),
  );
  const again = Journal.open(store, markFile, identity);
  expect(again.lastNumber).toBe(1);
  expect(again.mark).toEqual({ bytes: Uint8Array.of(9), journalNumber: 1 });
  expect(again.lost).toBe(false);
  expect(store.get(key)).toEqual(Uint8Array.of(1));
});
