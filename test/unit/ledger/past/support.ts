import fc from 'fast-check';
import { expect } from 'vitest';
import { latin1Text } from '../../../../src/base/index.ts';
import type { VerifiedTransaction } from '../../../../src/ledger/index.ts';
import { fill, type Node } from '../snapshot-support.ts';

/** Of `sim.fill`: keys [from, to) get values of so many bytes; none deletes them. */
export interface Fill {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

const keys = 12;

export const blocks: fc.Arbitrary<Fill[][]> = fc.array(
  fc.array(
    fc.record({ from: fc.nat(keys - 1), count: fc.integer({ min: 1, max: 4 }), bytes: fc.nat(3) }).map((drawn) => ({
      from: drawn.from,
      to: Math.min(keys, drawn.from + drawn.count),
      bytes: drawn.bytes,
    })),
    { maxLength: 3 },
  ),
  { minLength: 1, maxLength: 12 },
);

export function transactionsOf(fills: readonly Fill[]): VerifiedTransaction[] {
  return fills.map(({ from, to, bytes }) => fill(from, to, bytes));
}

/** Every state that there was, whole. */
export class States {
  readonly #byHeight = new Map<number, ReadonlyMap<string, Uint8Array>>();

  /** Notes the state that the node has now. */
  async note(node: Node): Promise<void> {
    const entries = await node.state();
    this.#byHeight.set(
      node.ledger.applied.height,
      new Map(entries.map(([key, value]) => [latin1Text(key), value.slice()])),
    );
  }

  get heights(): readonly number[] {
    return [...this.#byHeight.keys()];
  }

  /** Each key that ever was, at each height from `from` to the applied one, reads as it stood. */
  async expectSame(node: Node, from = 0): Promise<void> {
    const everywhere = new Set([...this.#byHeight.values()].flatMap((state) => [...state.keys()]));
    for (const height of this.heights.filter((at) => at >= from && at <= node.ledger.applied.height))
      for (const key of everywhere) {
        if (key.startsWith('ledger/')) continue;
        const { value, through } = await node.ledger.valueAt(height, key);
        expect(value, `${key} at ${height}`).toEqual(this.#byHeight.get(height)?.get(key));
        expect(through).toBeGreaterThanOrEqual(height);
        expect(this.#byHeight.get(through)?.get(key), `${key} through ${through}`).toEqual(value);
      }
  }
}
