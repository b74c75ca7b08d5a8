import { AssentError } from '../../../base/index.ts';
import type { Operation } from '../../../storage/index.ts';
import { isStored } from '../damage.ts';
import type { Scrubbing } from '../scrubbing.ts';

const name = 'cosignatures';

/** The records of cosignatures, by what is remembered of them. */
export async function* scrubCosignatures(scrubbing: Scrubbing): AsyncGenerator<number> {
  const { findings } = scrubbing;
  const { store, cosignatures } = scrubbing.options;
  const wrong = (): readonly Operation[] =>
    (cosignatures()?.records ?? [])
      .map(({ key, value }): Operation => ({ type: 'put', key, value }))
      .filter((record) => !isStored(store, record));
  const damage = await scrubbing.lookAgain(() => {
    if (wrong().length > 0) throw new AssentError('storage-damaged', 'a record of cosignatures is missing or another');
  });
  yield 0;
  if (damage === undefined) {
    findings.fine(name);
    return;
  }
  findings.damaged('cosignatures', name, damage);
  // Each was verified when it came, or when it was read at the start.
  await scrubbing.write(wrong());
  findings.mended('cosignatures', name);
}
