import { AssentError, present, toHex } from '../../../base/index.ts';
import { leafHash, rangePathBy } from '../../../crypto/index.ts';
import {
  type AccessLogContent,
  accessLogKey,
  entryTimeOf,
  logSizeOf,
  receiptEntriesMax,
} from '../../../verify/index.ts';
import { unpackEntries } from '../../queries/packed-entries.ts';
import type { Ask, ProvedValue } from '../../queries/query.ts';
import { LeafSpans } from './range-paths.ts';

/** Entries that the main thread is asked for at a time. */
const sliceMax = 500;
/** Of the entries of one receipt: leaves room for the changes of the nodes. */
const entriesBytesMax = 6 * 1024 * 1024;

export interface AccessRange {
  readonly subject: Uint8Array;
  /** Milliseconds since the Unix epoch: the first and, exclusive, the last; undefined for the log's end. */
  readonly from: number;
  readonly to?: number | undefined;
  /** Height of the block as of which; absent: the newest. */
  readonly at?: number | undefined;
}

export function proofOfLog(ask: Ask, { subject, at }: AccessRange): Promise<ProvedValue> {
  return ask('stateProof', { key: accessLogKey(subject), at });
}

/**
 * All entries of the time, with the one before and the one after, out of the log as it was when `proved` was made. Reads
 * the whole log, in slices. Throws `receipt-too-large`, `history-not-kept`.
 */
export async function accessLogContent(
  ask: Ask,
  { subject, from, to }: AccessRange,
  { value, proof }: ProvedValue,
): Promise<AccessLogContent> {
  const state = { subject, log: value, siblings: proof.siblings, other: proof.other };
  if (value === undefined) return { ...state, from: 0, to: undefined, first: 0, entries: [], rangePath: [] };
  const size = logSizeOf(value);
  const spans = new LeafSpans();
  const kept: { place: number; at: number; entry: Uint8Array }[] = [];
  let isPast = false;
  let byteLength = 0;
  for await (const { place, entry } of entriesOf(ask, subject, size)) {
    const at = entryTimeOf(entry);
    if (isPast) {
      spans.add(place, leafHash(entry));
      continue;
    }
    const [only] = kept;
    // What was the one before the range so far is not the last of that kind.
    if (at < from && only !== undefined) {
      spans.add(only.place, leafHash(only.entry));
      kept.length = 0;
      byteLength = 0;
    }
    kept.push({ place, at, entry });
    byteLength += entry.length;
    if (to !== undefined && at >= to) {
      isPast = true;
      spans.gap();
    }
    if (kept.length > receiptEntriesMax || byteLength > entriesBytesMax)
      throw new AssentError('receipt-too-large', 'The log has more entries in that time than one receipt holds.');
  }
  const [before, after] = [kept[0], isPast ? kept.at(-1) : undefined];
  const first = present(before, 'a log that is there has an entry').place;
  return {
    ...state,
    from: first === 0 ? 0 : present(before, 'the entry before').at + 1,
    to: after === undefined || after.place + 1 === size ? undefined : after.at,
    first,
    entries: kept.map(({ entry }) => entry),
    rangePath: rangePathBy(spans.rootOf, first, first + kept.length, size),
  };
}

async function* entriesOf(
  ask: Ask,
  subject: Uint8Array,
  size: number,
): AsyncGenerator<{ readonly place: number; readonly entry: Uint8Array }> {
  let cursor: string | undefined;
  // The log may have grown since: what came later is no part of this one.
  for (let place = 0; place < size; ) {
    const limit = Math.min(sliceMax, size - place);
    const page = await ask('stream', { stream: `access:${toHex(subject)}`, cursor, limit, newestFirst: false });
    for (const { entry } of unpackEntries(page.packed)) yield { place: place++, entry };
    cursor = place < size ? present(page.next, 'the stream has all entries of the log') : undefined;
  }
}
