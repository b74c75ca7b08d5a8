import type { AccessProofPage, AccessProofQuery } from '../../api/index.ts';
import { AssentError, present, toHex } from '../../base/index.ts';
import { inclusionPaths, leafHash } from '../../crypto/index.ts';
import { type PlacedEntry, unpackEntries } from '../queries/packed-entries.ts';
import type { Ask } from '../queries/query.ts';

/** Entries that the main thread is asked for at a time. */
const sliceMax = 500;

/** Reads the whole log, in slices, and proves the entries that are asked for. */
export async function accessProofs(
  ask: Ask,
  did: string,
  subject: Uint8Array,
  { from, limit }: AccessProofQuery,
): Promise<AccessProofPage> {
  const log = await ask('accessLog', { subject });
  if (log === undefined || from >= log.size)
    throw new AssentError('not-found', `The access log of ${did} has ${log?.size ?? 0} entries, and none at ${from}.`);
  const { at, size, root } = log;
  const to = Math.min(from + limit, size);
  const leaves: Uint8Array[] = [];
  const wanted: PlacedEntry[] = [];
  let cursor: string | undefined;
  // The log may have grown since: what came later is no part of this one.
  while (leaves.length < size) {
    const page = await ask('stream', {
      stream: `access:${toHex(subject)}`,
      cursor,
      limit: Math.min(sliceMax, size - leaves.length),
      newestFirst: false,
    });
    for (const entry of unpackEntries(page.packed)) {
      if (leaves.length >= from && leaves.length < to) wanted.push(entry);
      leaves.push(leafHash(entry.entry));
    }
    cursor = leaves.length < size ? present(page.next, 'the stream has all entries of the log') : undefined;
  }
  const paths = inclusionPaths(leaves, from, to);
  const proofs = wanted.map(({ height, index, entry }, number) => {
    const path = present(paths[number], 'a path for each leaf').map(toHex);
    return { place: from + number, height, index, entry: toHex(entry), path };
  });
  return { subject: did, at, size, root: toHex(root), proofs };
}
