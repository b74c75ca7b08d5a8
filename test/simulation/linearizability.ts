import { assert } from '../../src/base/index.ts';
import type { RegisterOperation } from './history.ts';

export type Verdict =
  | { readonly result: 'linearizable' }
  /** No order explains the last of these; the others are what it could have seen, in the order in which they began. */
  | { readonly result: 'violated'; readonly register: string; readonly operations: readonly RegisterOperation[] }
  | { readonly result: 'gave-up'; readonly register: string; readonly configurations: number };

/** What a register may be at some moment: its value, and which of the operations under way have taken effect. */
interface Configuration {
  readonly value: string | undefined;
  /** One bit a slot. */
  readonly done: number;
}

/** Operations under way at a time: one bit of a whole number each. */
const slotsMax = 30;

/**
 * Whether every operation took effect at one moment between its two ends (Herlihy and Wing, 1990). Registers are checked
 * one by one, since linearizability is local. For each, all orders that are possible so far are carried along the
 * history, equal ones once: the search of Wing and Gong (1993) with Lowe's (2017) just-in-time linearization.
 *
 * Gives up after `configurationsMax` configurations of a register. Values are written once: asserts that.
 */
export function checkLinearizable(operations: readonly RegisterOperation[], configurationsMax = 1_000_000): Verdict {
  for (const [register, own] of Map.groupBy(operations, (operation) => operation.register)) {
    const verdict = new RegisterSearch(register, bounded(own), configurationsMax).run();
    if (verdict !== undefined) return verdict;
  }
  return { result: 'linearizable' };
}

/**
 * The operations that took effect. A write whose outcome is unknown did so at the latest when it was first read; one that
 * nobody read explains nothing that is not explained without it.
 */
function bounded(operations: readonly RegisterOperation[]): RegisterOperation[] {
  const firstReadAt = new Map<string, number>();
  const written = new Set<string>();
  for (const { kind, value, outcome, endedAt } of operations) {
    if (value === undefined) continue;
    if (kind === 'write') {
      assert(!written.has(value), 'every value is written once');
      written.add(value);
    } else if (outcome === 'ok') {
      firstReadAt.set(value, Math.min(endedAt, firstReadAt.get(value) ?? Number.POSITIVE_INFINITY));
    }
  }
  return operations.flatMap((operation) => {
    if (operation.outcome === 'ok') return [operation];
    if (operation.outcome === 'failed' || operation.kind === 'read') return [];
    const readAt = firstReadAt.get(operation.value ?? '');
    // Right after the end of the read, which has its own place.
    return readAt === undefined || readAt < operation.invokedAt ? [] : [{ ...operation, endedAt: readAt + 0.5 }];
  });
}

class RegisterSearch {
  readonly #register: string;
  readonly #operations: readonly RegisterOperation[];
  readonly #configurationsMax: number;
  readonly #slots: (RegisterOperation | undefined)[] = [];
  #possible: readonly Configuration[] = [{ value: undefined, done: 0 }];
  #visited = 0;

  constructor(register: string, operations: readonly RegisterOperation[], configurationsMax: number) {
    this.#register = register;
    this.#operations = operations;
    this.#configurationsMax = configurationsMax;
  }

  run(): Verdict | undefined {
    const ends = this.#operations.flatMap((operation) => [
      { at: operation.invokedAt, operation, isInvocation: true },
      { at: operation.endedAt, operation, isInvocation: false },
    ]);
    ends.sort((left, right) => left.at - right.at);
    for (const { operation, isInvocation } of ends) {
      if (isInvocation) {
        const free = this.#slots.indexOf(undefined);
        this.#slots[free < 0 ? this.#slots.length : free] = operation;
        continue;
      }
      const before = this.#possible;
      if (this.#slots.length <= slotsMax) this.#end(this.#slots.indexOf(operation));
      if (this.#slots.length > slotsMax || this.#visited > this.#configurationsMax)
        return { result: 'gave-up', register: this.#register, configurations: this.#visited };
      if (this.#possible.length === 0) return this.#violation(operation, before);
    }
    return undefined;
  }

  /** The operation in this slot has taken effect: by now, and perhaps after others that are under way. */
  #end(slot: number): void {
    const bit = 1 << slot;
    const reached = new Map<string, Configuration>();
    const seen = new Set<string>();
    const open = [...this.#possible];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.add(key);
      this.#visited += 1;
      if (this.#visited > this.#configurationsMax) return;
      if ((next.done & bit) !== 0) {
        const configuration = { value: next.value, done: next.done & ~bit };
        reached.set(keyOf(configuration), configuration);
      } else {
        open.push(...this.#successors(next));
      }
    }
    this.#slots[slot] = undefined;
    this.#possible = [...reached.values()];
  }

  #successors({ value, done }: Configuration): Configuration[] {
    return this.#slots.flatMap((operation, slot) => {
      if (operation === undefined || (done & (1 << slot)) !== 0) return [];
      if (operation.kind === 'read' && operation.value !== value) return [];
      return [{ value: operation.value, done: done | (1 << slot) }];
    });
  }

  #violation(last: RegisterOperation, before: readonly Configuration[]): Verdict {
    const values = new Set([last.value, ...before.map(({ value }) => value)]);
    const isOfInterest = (operation: RegisterOperation): boolean =>
      operation !== last &&
      operation.invokedAt < last.endedAt &&
      (operation.endedAt > last.invokedAt || (operation.kind === 'write' && values.has(operation.value)));
    const others = this.#operations.filter(isOfInterest).sort((left, right) => left.invokedAt - right.invokedAt);
    return { result: 'violated', register: this.#register, operations: [...others, last] };
  }
}

function keyOf({ value, done }: Configuration): string {
  return `${done} ${value ?? ''}`;
}
