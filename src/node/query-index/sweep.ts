import type { Operation, Store } from '../../storage/index.ts';
import { indexRecords } from './records.ts';

const keysAtOnce = 2048;

/** What is left of an index that is no more, a piece at a time; undefined when nothing is. Each piece has to be durable before the next. */
export async function sweepIndex(store: Pick<Store, 'snapshot'>): Promise<Operation[] | undefined> {
  const snapshot = store.snapshot();
  try {
    const keys = await snapshot.keys({ ...indexRecords, limit: keysAtOnce });
    return keys.length === 0 ? undefined : keys.map((key): Operation => ({ type: 'delete', key }));
  } finally {
    await snapshot.close();
  }
}
