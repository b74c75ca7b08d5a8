import { prefixedKey, type StoreSnapshot } from '../../storage/index.ts';

const anyKey: readonly Uint8Array[] = [prefixedKey('meta')];

/** Ends a slice of work: a read beside this thread lets others have their turn before it goes on. */
export async function pause(snapshot: StoreSnapshot): Promise<void> {
  await snapshot.getMany(anyKey);
}
