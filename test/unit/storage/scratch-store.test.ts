import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { MemoryTable, type Operation, prefixedKey, ScratchStore } from '../../../src/storage/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';

it.each([1_000_000, 4096])(
  'says what a table says, also of what it wrote to the disk: %d bytes in memory',
  async (bytes) => {
    const random = new SeededRandom(bytes);
    const store = new ScratchStore(bytes);
    const model = new MemoryTable();
    const key = (): Uint8Array => prefixedKey('state', utf8(String(random.below(300))));
    for (let batch = 0; batch < 200; batch++) {
      const operations = Array.from({ length: 1 + random.below(20) }, (): Operation => {
        if (random.below(4) === 0) return { type: 'delete', key: key() };
        return { type: 'put', key: key(), value: random.bytes(1 + random.below(200)) };
      });
      model.apply(operations);
      await store.put(operations);
      for (let read = 0; read < 20; read++) {
        const asked = key();
        const [own, expected] = [store.get(asked), model.get(asked)];
        expect(own && Buffer.from(own).toString('hex')).toBe(expected && Buffer.from(expected).toString('hex'));
      }
    }
    expect(store.isSpilt).toBe(bytes === 4096);
    const folders = (): number => readdirSync(tmpdir()).filter((name) => name.startsWith('assent-scratch-')).length;
    const before = folders();
    await store.close();
    expect(folders()).toBe(before - (bytes === 4096 ? 1 : 0));
  },
);
