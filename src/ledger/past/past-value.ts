import { AssentError, assert, readUint64 } from '../../base/index.ts';
import { sha256Latin1 } from '../../crypto/portable.ts';
import type { Store } from '../../storage/index.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { StateKey, StateView } from '../types/execution.ts';
import { laterUndo, valueBefore } from './undo.ts';

export interface PastValue {
  /** Undefined: nothing was there. */
  readonly value: Uint8Array | undefined;
  /** The height up to which it is known to have stood. */
  readonly through: number;
}

/**
 * A value as it stood after the committed block at this height. `current` tells what is applied now. Throws
 * `history-not-kept`, or `block-unknown` above what is applied; `storage-damaged` where what stands now is.
 */
export async function pastValueAt(
  store: Pick<Store, 'range'>,
  current: () => { readonly applied: ChainPoint; readonly pastFrom: number },
  height: number,
  key: StateKey,
): Promise<PastValue> {
  const { applied, pastFrom } = current();
  const { committed, facts } = applied;
  if (height < pastFrom) throw notKept(height, pastFrom);
  if (height > facts.height) throw new AssentError('block-unknown', `No committed block is ${height}.`);
  const past = await pastValue(store, committed, { height, applied: facts.height }, key);
  // A snapshot was installed meanwhile: what was read may be of either state.
  const now = current();
  if (now.applied.committed !== committed) throw notKept(height, now.pastFrom);
  return past;
}

export function notKept(height: number, pastFrom: number): AssentError {
  const message = `The state after block ${height} is not kept: this node can tell its state from block ${pastFrom} on.`;
  return new AssentError('history-not-kept', message, { pastFrom });
}

/**
 * A value as it stood after the block at `height`, which is at most `applied`, the newest block whose batch is known to be
 * durable; `state` is as of that block, or already a later one. Blocks may be committed meanwhile.
 */
export async function pastValue(
  store: Pick<Store, 'range'>,
  state: StateView,
  { height, applied }: { readonly height: number; readonly applied: number },
  key: StateKey,
): Promise<PastValue> {
  assert(height <= applied, 'the past of a block that is applied');
  // In this order: a block that replaces the value after it was read leaves a record that is found.
  const newest = state.get(key);
  const [record] = await store.range({ ...laterUndo(sha256Latin1(key), height), limit: 1 });
  if (record === undefined) return { value: newest, through: applied };
  const [place, value] = record;
  return { value: valueBefore(value), through: readUint64(place, place.length - 8) - 1 };
}
