import { AssentError, type ErrorCode, present, utf8 } from '../../../src/base/index.ts';
import {
  type Identity,
  Journal,
  type JournalLimits,
  type Operation,
  prefixedKey,
  prefixRange,
  type Store,
} from '../../../src/storage/index.ts';
import type { SeededRandom } from '../../support/simulated-random.ts';
import type { SimulatedDisk } from '../../support/simulated-store.ts';

export const identity: Identity = { ledgerId: new Uint8Array(32).fill(0xa1), nodeKey: new Uint8Array(32).fill(0xb2) };

/** The journal of a disk after its redo. */
export function openJournal(disk: SimulatedDisk, limits: Partial<JournalLimits> = {}): Journal {
  const journal = Journal.open(disk.store, disk.markFile, identity, limits);
  let isDone = false;
  journal.redo(() => {
    isDone = true;
  });
  while (!isDone) disk.completeNext();
  return journal;
}

export function put(name: string, value: string): Operation {
  return { type: 'put', key: prefixedKey('state', utf8(name)), value: utf8(value) };
}

export function remove(name: string): Operation {
  return { type: 'delete', key: prefixedKey('state', utf8(name)) };
}

/** Everything under `state`, as text: what a test compares with its model. */
export async function stateOf(store: Store): Promise<ReadonlyMap<string, string>> {
  const entries = await store.range({ ...prefixRange('state'), limit: 10_000 });
  const text = new TextDecoder('latin1');
  return new Map(entries.map(([key, value]) => [text.decode(key.subarray(1)), text.decode(value)]));
}

/** The code of the AssentError that the call throws; undefined when it throws none. Anything else goes on. */
export function codeThrown(call: () => unknown): ErrorCode | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof AssentError) return error.code;
    throw error;
  }
  return undefined;
}

export async function codeRejected(promise: Promise<unknown>): Promise<ErrorCode | undefined> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AssentError) return error.code;
    throw error;
  }
  return undefined;
}

/** Batches of puts, overwrites and deletes, and the content after each of them (index 0: before the first). */
export function randomHistory(
  random: SeededRandom,
  options: { batches: number; valueBytesMax: number },
): { batches: Operation[][]; contents: ReadonlyMap<string, string>[] } {
  const batches: Operation[][] = [];
  const contents: Map<string, string>[] = [new Map()];
  for (let batch = 1; batch <= options.batches; batch++) {
    const content = new Map(present(contents.at(-1), 'the content before'));
    // A value that names its batch: no two batches leave the same content.
    const operations = [put('batch', String(batch))];
    content.set('batch', String(batch));
    for (let count = random.between(1, 8); count > 0; count--) {
      const name = `key-${random.below(60)}`;
      if (random.chance(0.3)) {
        operations.push(remove(name));
        content.delete(name);
      } else {
        const value = `${batch}.${count}:`.padEnd(random.below(options.valueBytesMax), 'x');
        operations.push(put(name, value));
        content.set(name, value);
      }
    }
    batches.push(operations);
    contents.push(content);
  }
  return { batches, contents };
}
