import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TaskList } from '../../../src/contracts/access/after/tasks.ts';
import type { WritableState } from '../../../src/contracts/index.ts';
import { fromText } from './support.ts';

/** Counts what is touched between two looks. */
class CountingState implements WritableState {
  readonly #values = new Map<string, Uint8Array>();
  touched = 0;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Uint8Array | undefined {
    this.touched += 1;
    return this.#values.get(key);
  }

  put(key: string, value: Uint8Array): void {
    this.touched += 1;
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.touched += 1;
    this.#values.delete(key);
  }
}

const list = new TaskList('test/tasks');
const subject = fromText('ana');

/** Everything that is open, page by page. */
function numbers(state: WritableState, domain: string, from = 0): number[] {
  const page = list.pageFrom(state, domain, from);
  const here = page.tasks.map(({ number }) => number);
  return page.next === undefined ? here : [...here, ...numbers(state, domain, page.next)];
}

it('keeps what is open in its order, from any place on, whatever was added and removed', () => {
  const acts = fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), fc.nat(), fc.nat()), { maxLength: 12 });
  fc.assert(
    fc.property(acts, (rounds) => {
      const state = new CountingState();
      let open: number[] = [];
      for (const [count, from, until] of rounds) {
        for (let each = 0; each < count; each++) open.push(list.add(state, 'north', { subject, entry: each }));
        const [first, last] = [from % (open.length + 1), until % (open.length + 1)];
        for (const number of open.slice(first, last)) list.remove(state, 'north', number);
        open = open.filter((_, place) => place < first || place >= last);
        expect(list.openIn(state, 'north')).toBe(open.length);
        expect(numbers(state, 'north')).toEqual(open);
        expect(numbers(state, 'north', from % 300)).toEqual(open.filter((number) => number >= from % 300));
        expect(numbers(state, 'south')).toEqual([]);
      }
      for (const number of open) list.remove(state, 'north', number);
      // Nothing is left of an empty list but its count.
      expect(state.size).toBe(rounds.length === 0 ? 0 : 1);
    }),
    { numRuns: 40 },
  );
});

it('touches as little when ten thousand were there as when there was one', () => {
  const state = new CountingState();
  const total = 10_000;
  for (let number = 0; number < total; number++) list.add(state, 'north', { subject, entry: number, dueAt: number });
  // All but the first and some of the last are done.
  for (let number = 1; number < total - 10; number++) list.remove(state, 'north', number);
  const touchedBy = (act: () => void): number => {
    state.touched = 0;
    act();
    return state.touched;
  };
  const most = 20;
  expect(touchedBy(() => list.pageFrom(state, 'north', 1))).toBeLessThan(most);
  expect(list.pageFrom(state, 'north', 1).tasks.map(({ number }) => number)).toHaveLength(0);
  expect(numbers(state, 'north', 1)).toEqual(Array.from({ length: 10 }, (_, place) => total - 10 + place));
  expect(touchedBy(() => list.remove(state, 'north', 0))).toBeLessThan(most);
  expect(touchedBy(() => list.pageFrom(state, 'north', 0))).toBeLessThan(most);
  expect(touchedBy(() => list.add(state, 'north', { subject, entry: 0 }))).toBeLessThan(most);
});
