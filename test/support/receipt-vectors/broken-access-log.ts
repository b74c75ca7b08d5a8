import { present } from '../../../src/base/index.ts';
import { leafHash, merkleRoot, rangePath } from '../../../src/crypto/index.ts';
import { type AccessLogContent, entryTimeOf, type ReceiptFault } from '../../../src/verify/index.ts';
import { who } from '../receipt-ledger.ts';
import { edited, flipped, opened } from './editing.ts';
import { type Material, subject } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** Entries of an access log that are not all of the time that is said, or not of this log. */
export async function brokenAccessLogVectors(material: Material): Promise<readonly ReceiptVector[]> {
  const { receipts, genesis, eighth, middle } = material;
  const { vectors, add } = vectorList();
  const log = (
    name: string,
    what: string,
    change: (content: AccessLogContent) => Partial<AccessLogContent>,
    code: ReceiptFault = 'receipt-range-incomplete',
  ): void =>
    add(
      name,
      what,
      genesis,
      edited('access-log', middle, (receipt) => ({
        ...receipt,
        content: { ...receipt.content, ...change(receipt.content) },
      })),
      code,
    );
  log('broken-entry-missing', 'an entry is removed', ({ entries }) => ({ entries: entries.toSpliced(1, 1) }));
  log('broken-entry-before-missing', 'the entry before the range is dropped', ({ entries, first }) => ({
    entries: entries.slice(1),
    first: first + 1,
  }));
  log('broken-entry-after-missing', 'the entry after the range is dropped', ({ entries }) => ({
    entries: entries.slice(0, -1),
  }));
  log(
    'broken-log-truncated',
    'the state record of a shorter log',
    ({ log: record }) => ({ log: flipped(present(record, 'a record'), 2) }),
    'receipt-state-unproved',
  );
  log('broken-entries-swapped', 'two entries change places', ({ entries }) => ({
    entries: entries.with(1, present(entries[2], 'an entry')).with(2, present(entries[1], 'an entry')),
  }));
  log('broken-range-longer', 'the time is said to begin earlier', ({ from }) => ({ from: from - 1 }));
  log('broken-range-end', 'the time is said to have no end', () => ({ to: undefined }));
  log(
    'broken-other-subject',
    'the log of another subject',
    () => ({ subject: who('ben').publicKey }),
    'receipt-state-unproved',
  );
  // The honest range of fewer entries, said to be complete for the longer time.
  const shorter = opened(
    'access-log',
    (await receipts.accessLog({ subject, from: eighth + 1, to: undefined })).bytes,
  ).content;
  log('broken-shorter-range', 'a shorter range, said to be the longer one', ({ from, to }) => ({
    ...shorter,
    from,
    to,
  }));
  const whole = opened('access-log', (await receipts.accessLog({ subject, from: 0, to: undefined })).bytes).content;
  const leaves = whole.entries.map((entry) => leafHash(entry));
  const [newest] = whole.entries.slice(-1) as [Uint8Array];
  log('broken-entry-beyond', 'an entry follows the last one of the log', () => ({
    ...whole,
    entries: [...whole.entries, newest],
  }));
  log('broken-place-beyond', 'a place that the log does not have, with its root as the path', () => ({
    ...whole,
    from: entryTimeOf(newest) + 1,
    first: whole.entries.length,
    entries: [newest],
    rangePath: [merkleRoot(leaves)],
  }));
  log('broken-range-in-block', 'the entries before and after the range are of one block', () => ({
    ...whole,
    from: eighth + 1,
    to: eighth,
    first: 3,
    entries: whole.entries.slice(3, 5),
    rangePath: rangePath(leaves, 3, 5),
  }));
  return vectors;
}
