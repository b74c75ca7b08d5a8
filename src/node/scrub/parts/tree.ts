import { checkPages, isInPart, pageGroups, partFrom, type StoredLeaf, storedLeaves } from '../../../ledger/index.ts';
import { damageOf } from '../damage.ts';
import { lookAgainMs, looksMax, type Scrubbing } from '../scrubbing.ts';

/** Leaves that are read at a stretch. */
const sliceLeaves = 32;

/** The pages of the state tree, by its root. */
export async function* scrubTree(scrubbing: Scrubbing): AsyncGenerator<number> {
  const { findings } = scrubbing;
  const { ledger, store } = scrubbing.options;
  for (let group = 0; group < pageGroups; group++) {
    let bytes = 0;
    const look = (): void => {
      bytes = checkPages(store, ledger.storedTrees, group);
    };
    const name = `pages ${group} of the tree`;
    const damage = damageOf(look) && (await scrubbing.lookAgain(look));
    if (damage === undefined) findings.fine(name);
    else {
      findings.damaged('tree', name, damage);
      yield* rebuild(scrubbing, group, name);
    }
    if (bytes > 0 || group % 64 === 0) yield bytes;
  }
}

/** Out of the values: the whole part of the tree that the group is in. */
async function* rebuild(scrubbing: Scrubbing, group: number, name: string): AsyncGenerator<number> {
  const { ledger, store } = scrubbing.options;
  const { space } = ledger.storedTrees;
  const inPart: StoredLeaf[] = [];
  for (let after: string | undefined; ; ) {
    const { leaves, last } = await storedLeaves(store, space, { after, limit: sliceLeaves });
    inPart.push(...leaves.filter((leaf) => isInPart(leaf, group)));
    yield 0;
    after = last;
    if (after === undefined) break;
  }
  for (let count = 0; count < looksMax; count++) {
    const trees = ledger.storedTrees;
    const operations = trees.space === space ? partFrom(trees, ledger.applied.height, group, inPart) : undefined;
    if (operations !== undefined) {
      await scrubbing.write(operations);
      scrubbing.findings.mended('tree', name);
      return;
    }
    await scrubbing.sleep(lookAgainMs);
  }
}
