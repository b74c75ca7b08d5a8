import type { Clock } from '../../base/index.ts';
import { expectedValue, holdsValue, type Ledger, putValue, type StateKey, storedValue } from '../../ledger/index.ts';
import { appended, type Journal, type Store } from '../../storage/index.ts';
import type { Repairs } from './repair.ts';

/** After this time no peer is asked anew; until then again and again, as some may be connected late. */
const askMs = 30_000;
const pauseMs = 1000;

export interface MendingOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  readonly repairs: Pick<Repairs, 'fetch' | 'isStopped'>;
  readonly clock: Clock;
}

/**
 * Puts the value under a key of the state in order, while nothing is executed: by the hash that the tree has, from a peer;
 * where the tree has none, it goes. False where no peer gave it in time. Throws `storage-damaged` where it is the tree
 * that is damaged.
 */
export async function mendValue(
  { ledger, store, journal, repairs, clock }: MendingOptions,
  key: StateKey,
): Promise<boolean> {
  const trees = ledger.storedTrees;
  const { space } = trees;
  if (holdsValue(store, trees, key, storedValue(store, space, key))) return true;
  const hash = expectedValue(store, trees, key);
  const height = ledger.committedHeight;
  const untilMs = clock.monotonicMs() + askMs;
  let bytes: Uint8Array | undefined;
  while (hash !== undefined && bytes === undefined) {
    bytes = await repairs.fetch({ type: 'value', key, height, hash });
    if (repairs.isStopped || (bytes === undefined && clock.monotonicMs() >= untilMs)) return false;
    if (bytes === undefined) await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
  const put = putValue(space, key, bytes ?? new Uint8Array());
  await appended(journal, [bytes === undefined ? { type: 'delete', key: put.key } : put]);
  return true;
}
