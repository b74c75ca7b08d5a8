import { describe, expect, it } from 'vitest';
import { PastState, PastValues, type StateView } from '../../../../src/ledger/index.ts';

const value = (byte: number): Uint8Array => Uint8Array.of(byte);

/** Counts what is loaded; every value stands to height 9, and to 20 from there. */
function loader(): { readonly loaded: string[]; readonly load: ConstructorParameters<typeof PastState>[1] } {
  const loaded: string[] = [];
  return {
    loaded,
    load: async (height, key) => {
      loaded.push(`${key}@${height}`);
      return { value: key === 'none' ? undefined : value(key.length), through: height <= 9 ? 9 : 20 };
    },
  };
}

describe('an evaluation of the past', () => {
  it('is run again until all that it asks for is there, and comes to what its last run does', async () => {
    const { load, loaded } = loader();
    let runs = 0;
    const result = await new PastState(5, load).run((state) => {
      runs += 1;
      const first = state.get('a')?.[0] ?? 0;
      const second = state.get(first === 1 ? 'bb' : 'wrong')?.[0] ?? 0;
      return [first, second, state.get('none'), state.get('a')?.[0]];
    });
    expect(result).toEqual([1, 2, undefined, 1]);
    expect({ runs, loaded }).toEqual({ runs: 4, loaded: ['a@5', 'bb@5', 'none@5'] });
  });

  it('loads nothing twice while it stands, for any state that shares the values', async () => {
    const { load, loaded } = loader();
    const values = new PastValues();
    const read = (height: number): Promise<Uint8Array | undefined> =>
      new PastState(height, load, values).run((state) => state.get('a'));
    for (const height of [5, 6, 9, 10, 4]) await read(height);
    expect(loaded).toEqual(['a@5', 'a@10', 'a@4']);
  });

  it('comes to its end beside others that share the values and are at other heights', async () => {
    const { load, loaded } = loader();
    const values = new PastValues();
    const keys = ['a', 'bb', 'ccc', 'dddd'];
    const at = (height: number): Promise<number> =>
      new PastState(height, load, values).run((state) =>
        keys.reduce((sum, key) => sum + (state.get(key)?.[0] ?? 0), height),
      );
    expect(await Promise.all([at(1), at(15), at(2), at(16)])).toEqual([11, 25, 12, 26]);
    expect(loaded.length).toBeLessThanOrEqual(4 * keys.length);
  });

  it('that fails by itself fails, and one that goes on without its value is a bug', async () => {
    const { load } = loader();
    const failing = new PastState(1, load).run((state) => {
      state.get('a');
      throw new RangeError('its own');
    });
    await expect(failing).rejects.toThrow('its own');
    const swallowing = (state: StateView): string => {
      try {
        return String(state.get('a'));
      } catch {
        return 'nothing';
      }
    };
    await expect(new PastState(1, load).run(swallowing)).rejects.toThrow('does not go on');
  });

  it('is told why a value cannot be loaded', async () => {
    const state = new PastState(1, () => Promise.reject(new Error('not kept')));
    await expect(state.run((past) => past.get('a'))).rejects.toThrow('not kept');
  });

  it('keeps a bounded number of values', async () => {
    const { load, loaded } = loader();
    const state = new PastState(1, load, new PastValues(100));
    for (let count = 0; count < 101; count++) await state.run((past) => past.get(`k${count}`));
    await state.run((past) => past.get('k1'));
    expect(loaded).toHaveLength(101);
    await state.run((past) => past.get('k0'));
    expect(loaded).toHaveLength(102);
  });
});
