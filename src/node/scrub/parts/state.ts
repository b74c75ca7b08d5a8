import { AssentError, equalBytes } from '../../../base/index.ts';
import { expectedValue, holdsValue, putValue, storedKeys, storedValue } from '../../../ledger/index.ts';
import { damageOf } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';

/** Keys that are looked at at a stretch. */
const sliceKeys = 32;

/** The values of the state, by its tree. */
export async function* scrubState(scrubbing: Scrubbing): AsyncGenerator<number> {
  const { ledger, store } = scrubbing.options;
  const { space } = ledger.storedTrees;
  for (let after: string | undefined; ; ) {
    const keys = await storedKeys(store, space, { after, limit: sliceKeys });
    // A snapshot was installed: this is not the state any more.
    if (ledger.storedTrees.space !== space) return;
    let bytes = 0;
    for (const { key, byteLength } of keys) {
      bytes += byteLength;
      const damage = damageOf(() => demandValue(scrubbing, key));
      if (damage !== undefined) await mend(scrubbing, key);
    }
    yield bytes;
    after = keys.at(-1)?.key;
    if (after === undefined || keys.length < sliceKeys) return;
  }
}

function demandValue({ options: { ledger, store } }: Scrubbing, key: string): void {
  const trees = ledger.storedTrees;
  if (!holdsValue(store, trees, key, storedValue(store, trees.space, key)))
    throw new AssentError('storage-damaged', 'a value of the state was changed on disk');
}

/** What seems damaged is looked at again, and fetched where it is. */
async function mend(scrubbing: Scrubbing, key: string): Promise<void> {
  const { findings } = scrubbing;
  const { ledger, store } = scrubbing.options;
  const damage = await scrubbing.lookAgain(() => demandValue(scrubbing, key));
  if (damage === undefined) return;
  const trees = ledger.storedTrees;
  const height = ledger.committedHeight;
  let hash: Uint8Array | undefined;
  const unknown = damageOf(() => {
    hash = expectedValue(store, trees, key);
  });
  // It is the tree that is damaged.
  if (unknown !== undefined) return;
  // A key can say whose data it is.
  const shown = 'a value of the state';
  const name = `${shown} ${key}`;
  findings.damaged('state', name, damage, shown);
  if (hash === undefined) {
    // Nobody put it there.
    await scrubbing.write([{ type: 'delete', key: putValue(trees.space, key, new Uint8Array()).key }]);
    findings.mended('state', name);
    return;
  }
  const bytes = await scrubbing.fetch({ type: 'value', key, height, hash });
  if (bytes === undefined) return;
  const now = ledger.storedTrees;
  const expected = expectedValue(store, now, key);
  // Replaced meanwhile by a block: then it is whole already.
  if (now.space === trees.space && expected !== undefined && equalBytes(expected, hash))
    await scrubbing.write([putValue(trees.space, key, bytes)]);
  findings.mended('state', name);
}
