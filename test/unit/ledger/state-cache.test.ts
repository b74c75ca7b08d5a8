import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { StateCache } from '../../../src/ledger/state/state-cache.ts';
import { genesisOrigin } from '../../../src/ledger/state/state-space.ts';
import { MemoryStore, type Operation, prefixedKey } from '../../../src/storage/index.ts';
import { write } from './fixture.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  fc.record({ read: key }),
  fc.record({
    block: fc.dictionary(key, fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }), {
      noNullPrototype: true,
    }),
  }),
);

it('reads as the store does, whatever was read and written before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const store = new MemoryStore();
      const cache = new StateCache(store, genesisOrigin, 0);
      for (const next of steps) {
        if ('read' in next) {
          expect(cache.get(next.read)).toEqual(store.get(prefixedKey('state', utf8(next.read))));
          continue;
        }
        const changes = new Map(Object.entries(next.block));
        const operations = [...changes].map(([name, value]): Operation => {
          const stored = prefixedKey('state', utf8(name));
          return value === undefined ? { type: 'delete', key: stored } : { type: 'put', key: stored, value };
        });
        await write(store, operations);
        cache.settle({ state: changes, receipts: [] }, 1);
      }
    }),
    { numRuns: 300 },
  );
});

it('forgets what was not used for a generation', () => {
  const cache = new StateCache(new MemoryStore(), genesisOrigin, 0);
  const big = new Uint8Array(1024 * 1024);
  for (let index = 0; index < 40; index++) {
    cache.settle({ state: new Map([[`k${index}`, big]]), receipts: [] }, 1);
    // Two generations of 15 MiB.
    expect(cache.size).toBeLessThanOrEqual(30);
    // Used all the time: never forgotten.
    if (index >= 3) expect(cache.get('k3')).toBe(big);
  }
  // What was forgotten is read from the store again, where it is not.
  expect(cache.get('k0')).toBeUndefined();
  expect(cache.get('k39')).toBe(big);
});

it('has room for what one key says, however often it is written', () => {
  const cache = new StateCache(new MemoryStore(), genesisOrigin, 0);
  const big = new Uint8Array(1024 * 1024);
  cache.settle({ state: new Map([['other', big]]), receipts: [] }, 1);
  for (let count = 0; count < 50; count++) cache.settle({ state: new Map([['written', big]]), receipts: [] }, 1);
  expect(cache.get('other')).toBe(big);
  // A value that is gone needs none.
  for (let index = 0; index < 50; index++) {
    cache.settle({ state: new Map([[`k${index}`, big]]), receipts: [] }, 1);
    cache.settle({ state: new Map([[`k${index}`, undefined]]), receipts: [] }, 1);
  }
  expect(cache.get('other')).toBe(big);
});
