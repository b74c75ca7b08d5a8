import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, InvariantError, toHex } from '../../src/base/index.ts';
import type { Operation, Store } from '../../src/storage/index.ts';

/** A place that a store keeps its content in: opened again after a close, the content is there. */
export interface StorePlace {
  open(): Promise<Store>;
}

const lowest = new Uint8Array(0);
const highest = new Uint8Array(40).fill(0xff);

export function writeAll(store: Store, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

function put(key: readonly number[], value: readonly number[]): Operation {
  return { type: 'put', key: Uint8Array.from(key), value: Uint8Array.from(value) };
}

function remove(key: readonly number[]): Operation {
  return { type: 'delete', key: Uint8Array.from(key) };
}

async function keysOf(store: Store, from: Uint8Array, to: Uint8Array, limit = 10_000, reverse = false) {
  return (await store.range({ from, to, limit, reverse })).map(([key]) => toHex(key));
}

/** What every store promises (src/storage/store.ts). `makePlace` is called once a test. */
export function storeCompliance(name: string, makePlace: () => StorePlace): void {
  describe(`store: ${name}`, () => {
    test('reads what was written, overwritten and deleted', async () => {
      const store = await makePlace().open();
      expect(store.get(Uint8Array.of(1))).toBeUndefined();
      await writeAll(store, [put([1], [10]), put([2], []), put([0], [11]), put([0xff, 0, 0xff], [12])]);
      await writeAll(store, [put([1], [20, 21]), remove([0]), remove([9])]);
      expect(store.get(Uint8Array.of(1))).toEqual(Uint8Array.of(20, 21));
      expect(store.get(Uint8Array.of(2))).toEqual(new Uint8Array(0));
      expect(store.get(Uint8Array.of(0))).toBeUndefined();
      expect(store.get(Uint8Array.of(0xff, 0, 0xff))).toEqual(Uint8Array.of(12));
      expect(store.get(Uint8Array.of(0xff))).toBeUndefined();
      await store.close();
    });

    test('returns plain Uint8Arrays', async () => {
      const store = await makePlace().open();
      await writeAll(store, [put([1], [10])]);
      expect(store.get(Uint8Array.of(1))?.constructor).toBe(Uint8Array);
      const [entry] = await store.range({ from: lowest, to: highest, limit: 1 });
      expect(entry?.map((bytes) => bytes.constructor)).toEqual([Uint8Array, Uint8Array]);
      await store.close();
    });

    test('applies the operations of a batch in order', async () => {
      const store = await makePlace().open();
      await writeAll(store, [put([1], [1]), remove([1]), put([2], [1]), put([2], [2]), remove([3]), put([3], [3])]);
      expect(store.get(Uint8Array.of(1))).toBeUndefined();
      expect(store.get(Uint8Array.of(2))).toEqual(Uint8Array.of(2));
      expect(store.get(Uint8Array.of(3))).toEqual(Uint8Array.of(3));
      await store.close();
    });

    test('completes in order, never within the call', async () => {
      const store = await makePlace().open();
      const order: number[] = [];
      const writes = Array.from(
        { length: 50 },
        (_, index) =>
          new Promise<void>((resolve) =>
            store.write([put([index], [index]), put([200], [index])], () => {
              expect(store.get(Uint8Array.of(index))).toEqual(Uint8Array.of(index));
              order.push(index);
              resolve();
            }),
          ),
      );
      expect(order).toEqual([]);
      await Promise.all(writes);
      expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index));
      expect(store.get(Uint8Array.of(200))).toEqual(Uint8Array.of(49));
      await store.close();
    });

    test('takes over the bytes: a caller may reuse its arrays after done', async () => {
      const store = await makePlace().open();
      const key = Uint8Array.of(1);
      const value = Uint8Array.of(2);
      await writeAll(store, [{ type: 'put', key, value }]);
      key[0] = 9;
      value[0] = 9;
      expect(store.get(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
      expect(store.get(Uint8Array.of(9))).toBeUndefined();
      await store.close();
    });

    test('pages through ranges in both directions', async () => {
      const store = await makePlace().open();
      await writeAll(store, [put([2], []), put([1, 0xff], []), put([1], []), put([1, 0], []), put([3, 1], [])]);
      expect(await keysOf(store, lowest, highest)).toEqual(['01', '0100', '01ff', '02', '0301']);
      expect(await keysOf(store, Uint8Array.of(1, 0), Uint8Array.of(2))).toEqual(['0100', '01ff']);
      expect(await keysOf(store, lowest, highest, 2)).toEqual(['01', '0100']);
      expect(await keysOf(store, lowest, highest, 2, true)).toEqual(['0301', '02']);
      expect(await keysOf(store, Uint8Array.of(1), Uint8Array.of(2), 10, true)).toEqual(['01ff', '0100', '01']);
      expect(await keysOf(store, Uint8Array.of(2), Uint8Array.of(2))).toEqual([]);
      expect(await keysOf(store, Uint8Array.of(3), Uint8Array.of(1))).toEqual([]);
      await store.close();
    });

    test('refuses a page without an end', async () => {
      const store = await makePlace().open();
      await expect(store.range({ from: lowest, to: highest, limit: 0 })).rejects.toThrow(InvariantError);
      await expect(store.range({ from: lowest, to: highest, limit: 10_001 })).rejects.toThrow(InvariantError);
      await store.close();
    });

    test('keeps its content when it is closed and opened again', async () => {
      const place = makePlace();
      const store = await place.open();
      await writeAll(store, [put([1], [1]), put([2], [2])]);
      await writeAll(store, [remove([1])]);
      await store.close();
      expect(() => store.get(Uint8Array.of(2))).toThrow(InvariantError);
      const again = await place.open();
      expect(again.get(Uint8Array.of(1))).toBeUndefined();
      expect(again.get(Uint8Array.of(2))).toEqual(Uint8Array.of(2));
      await again.close();
    });

    test('a snapshot shows what was there, whatever is written after it, until it is closed', async () => {
      const store = await makePlace().open();
      await writeAll(store, [put([1], [1]), put([2], [2]), put([3], [])]);
      const before = store.snapshot();
      await writeAll(store, [put([1], [9]), remove([2]), put([4], [4])]);
      const after = store.snapshot();
      expect(before.get(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
      expect(before.get(Uint8Array.of(4))).toBeUndefined();
      const keys = [4, 3, 2, 1].map((byte) => Uint8Array.of(byte));
      expect(await before.getMany(keys)).toEqual([undefined, new Uint8Array(0), Uint8Array.of(2), Uint8Array.of(1)]);
      expect(await after.getMany(keys)).toEqual([Uint8Array.of(4), new Uint8Array(0), undefined, Uint8Array.of(9)]);
      const all = { from: lowest, to: highest, limit: 10 };
      expect(await before.keys(all)).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
      expect(await before.keys({ ...all, limit: 1, reverse: true })).toEqual([Uint8Array.of(3)]);
      expect(await after.keys({ ...all, from: Uint8Array.of(2) })).toEqual([Uint8Array.of(3), Uint8Array.of(4)]);
      expect((await before.getMany(keys))[2]?.constructor).toBe(Uint8Array);
      expect((await before.keys(all))[0]?.constructor).toBe(Uint8Array);
      await before.close();
      expect(() => before.get(Uint8Array.of(1))).toThrow(InvariantError);
      expect(after.get(Uint8Array.of(1))).toEqual(Uint8Array.of(9));
      await expect(after.keys({ ...all, limit: 0 })).rejects.toThrow(InvariantError);
      await after.close();
      await store.close();
    });

    test('behaves as a sorted map', async () => {
      const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 4 });
      const operation: fc.Arbitrary<Operation> = fc.oneof(
        fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 4 }) }),
        fc.record({ type: fc.constant('delete' as const), key }),
      );
      const page = fc.record({ from: key, to: key, reverse: fc.boolean(), limit: fc.integer({ min: 1, max: 9 }) });
      const batches = fc.array(fc.array(operation, { minLength: 1, maxLength: 12 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(batches, fc.array(page, { maxLength: 6 }), async (history, pages) => {
          const store = await makePlace().open();
          const model = new Map<string, readonly [Uint8Array, Uint8Array]>();
          for (const operations of history) {
            for (const change of operations) {
              if (change.type === 'put') model.set(toHex(change.key), [change.key, change.value]);
              else model.delete(toHex(change.key));
            }
            await writeAll(store, operations);
          }
          const entries = [...model.values()].sort(([left], [right]) => compareBytes(left, right));
          expect(await store.range({ from: lowest, to: highest, limit: 10_000 })).toEqual(entries);
          for (const { from, to, reverse, limit } of pages) {
            const within = entries.filter(([at]) => compareBytes(at, from) >= 0 && compareBytes(at, to) < 0);
            const expected = (reverse ? within.reverse() : within).slice(0, limit);
            expect(await store.range({ from, to, reverse, limit })).toEqual(expected);
          }
          await store.close();
        }),
        { numRuns: 40 },
      );
    });
  });
}
