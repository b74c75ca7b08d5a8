import type { Journal } from './journal.ts';
import type { Operation } from './store.ts';

/** Appends without a mark, and waits until the operations are durable. Rejects with what {@link Journal.append} throws or ends with. */
export function appended(journal: Pick<Journal, 'append'>, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(operations, undefined, (error) => (error === undefined ? resolve() : reject(error)));
  });
}
