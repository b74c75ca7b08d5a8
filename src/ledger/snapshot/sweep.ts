import { readUint64, uint64Bytes } from '../../base/index.ts';
import {
  type Entry,
  type KeyRange,
  type Operation,
  prefixedKey,
  prefixRange,
  type Store,
} from '../../storage/index.ts';
import { openBlock } from '../block.ts';
import { resultsKey } from '../block-results.ts';
import { type Origin, type StateSpace, stateSpaces } from '../state/state-space.ts';
import { streamPlaceOf } from '../stream-records.ts';
import { leftoversKey, recordRange } from './staging-keys.ts';

/** Entries that one slice looks at. A block takes hashing, and most of the memory. */
const sliceEntries = 512;
const sliceBlocks = 8;

interface Task extends KeyRange {
  readonly limit: number;
  readonly operations: (entry: Entry) => Operation[];
}

/**
 * Removes, slice by slice, what a store holds and no ledger reads: the place where snapshots are staged, and, below the
 * origin, blocks, results, index entries and past values. What was to be removed when a crash came is found again by the next one.
 */
export class Sweep {
  readonly #store: Store;
  readonly #tasks: Task[];
  #from: Uint8Array | undefined;

  constructor(store: Store, origin: Origin) {
    this.#store = store;
    this.#tasks = [...stagingTasks(stagingSpace(origin)), ...(origin.height === 0 ? [] : historyTasks(origin.height))];
  }

  /** What to write next, perhaps nothing; undefined when all is gone and said to be. */
  async next(): Promise<Operation[] | undefined> {
    const [task] = this.#tasks;
    if (task === undefined) return undefined;
    const entries = await this.#store.range({ from: this.#from ?? task.from, to: task.to, limit: task.limit });
    const last = entries.at(-1);
    const operations = entries.flatMap(task.operations);
    if (last !== undefined && entries.length === task.limit) {
      this.#from = new Uint8Array([...last[0], 0]);
      return operations;
    }
    this.#from = undefined;
    this.#tasks.shift();
    if (this.#tasks.length === 0) operations.push({ type: 'delete', key: leftoversKey });
    return operations;
  }
}

/** The place that the state is not in. */
export function stagingSpace(origin: Origin): StateSpace {
  return stateSpaces[origin.space.number === 0 ? 1 : 0];
}

function stagingTasks({ state, treeNode, treePart, treeDelta, executedId }: StateSpace): Task[] {
  const prefixes = [state, treeNode, treePart, treeDelta, executedId];
  const ranges = [...prefixes.map((prefix) => prefixRange(prefix)), recordRange];
  return ranges.map((range) => ({ ...range, limit: sliceEntries, operations: remove }));
}

function historyTasks(height: number): Task[] {
  const { from } = prefixRange('block');
  return [
    {
      from,
      to: prefixedKey('block', uint64Bytes(height)),
      limit: sliceBlocks,
      operations: ([key, bytes]) => [
        { type: 'delete', key },
        { type: 'delete', key: prefixedKey('blockHash', openBlock(bytes).hash) },
      ],
    },
    {
      from: prefixRange('blockResults').from,
      to: resultsKey(height),
      limit: sliceEntries,
      operations: remove,
    },
    {
      ...prefixRange('stream'),
      limit: sliceEntries,
      operations: (entry) => (streamPlaceOf(entry[0]).height <= height ? remove(entry) : []),
    },
    {
      ...prefixRange('stateHistory'),
      limit: sliceEntries,
      operations: (entry) => (undoHeightOf(entry[0]) <= height ? remove(entry) : []),
    },
  ];
}

function remove([key]: Entry): Operation[] {
  return [{ type: 'delete', key }];
}

/** A past value's key ends with the height. */
function undoHeightOf(key: Uint8Array): number {
  return readUint64(key, key.length - 8);
}
