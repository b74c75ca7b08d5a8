import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/index.ts';
import type { ArchiveStore } from '../../src/storage/index.ts';

export interface ArchivePlace {
  open(): Promise<ArchiveStore>;
}

async function* pieces(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

/** What every archive promises (src/storage/archive-store.ts). `makePlace` is called once a test. */
export function archiveStoreCompliance(name: string, makePlace: () => ArchivePlace): void {
  describe(`archive store: ${name}`, () => {
    test('is empty at first', async () => {
      const store = await makePlace().open();
      expect(await store.list()).toEqual([]);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.has('a')).toBe(false);
    });

    test('gives back what was put, whole or a piece, also when it is opened again', async () => {
      const place = makePlace();
      const first = await place.open();
      await first.put('b.chunk', Uint8Array.of(1, 2, 3, 4, 5));
      await first.put('a-0', pieces(Uint8Array.of(6), new Uint8Array(), Uint8Array.of(7, 8)));
      await first.put('empty', new Uint8Array());
      for (const store of [first, await place.open()]) {
        expect(await store.list()).toEqual(['a-0', 'b.chunk', 'empty']);
        expect(await store.get('b.chunk')).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
        expect(await store.get('a-0')).toEqual(Uint8Array.of(6, 7, 8));
        expect(await store.get('empty')).toEqual(new Uint8Array());
        expect(await store.has('a-0')).toBe(true);
        expect(await store.get('b.chunk', { offset: 1, length: 3 })).toEqual(Uint8Array.of(2, 3, 4));
        expect(await store.get('b.chunk', { offset: 3, length: 9 })).toEqual(Uint8Array.of(4, 5));
        expect(await store.get('b.chunk', { offset: 9, length: 2 })).toEqual(new Uint8Array());
        expect(await store.get('c', { offset: 0, length: 1 })).toBeUndefined();
      }
    });

    test('puts a file in the place of another of its name', async () => {
      const store = await makePlace().open();
      await store.put('a', Uint8Array.of(1, 2, 3));
      await store.put('a', Uint8Array.of(4));
      expect(await store.get('a')).toEqual(Uint8Array.of(4));
    });

    test('has nothing of a file whose writing failed, and still what was there', async () => {
      const place = makePlace();
      const store = await place.open();
      await store.put('a', Uint8Array.of(1));
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield Uint8Array.of(9);
        throw new InvariantError('no more');
      }
      await expect(store.put('a', failing())).rejects.toThrow('no more');
      await expect(store.put('b', failing())).rejects.toThrow('no more');
      for (const opened of [store, await place.open()]) {
        expect(await opened.list()).toEqual(['a']);
        expect(await opened.get('a')).toEqual(Uint8Array.of(1));
      }
    });

    test('removes a file, and one that is not there', async () => {
      const store = await makePlace().open();
      await store.put('a', Uint8Array.of(1));
      await store.remove('a');
      await store.remove('a');
      expect(await store.list()).toEqual([]);
    });

    test('takes no name that could be a path', async () => {
      const store = await makePlace().open();
      for (const bad of ['', '.a', '../a', 'a/b', 'A', 'a b', 'a'.repeat(101)])
        await expect(store.put(bad, new Uint8Array()), bad).rejects.toThrow(InvariantError);
    });
  });
}
