import { AssentError, equalBytes, fromUtf8, toHex } from '../base/index.ts';
import {
  decodeEntry,
  decodeHead,
  entryKey,
  formatKey,
  headKey,
  ledgerKey,
  noDigest,
  nodeKey,
  sha256,
  storageFormat,
} from './journal-records.ts';
import type { Mark, MarkReading, RedoBatch } from './mark-file.ts';
import type { Store } from './store.ts';

/** Whose database this is. */
export interface Identity {
  /** 32 bytes: the hash of the genesis. */
  readonly ledgerId: Uint8Array;
  /** 32 bytes: the node's public key. */
  readonly nodeKey: Uint8Array;
}

/** What the database says about its own batches. All zero in a new one. */
export interface JournalScan {
  readonly first: number;
  readonly last: number;
  readonly lastDigest: Uint8Array;
  readonly lastMark: number;
  readonly markOnFile: number;
  /** Bytes of each kept entry, oldest first. */
  readonly kept: readonly number[];
  /** The digests of the two marks that the mark file may hold, as far as their batches are still kept. */
  readonly markDigests: ReadonlyMap<number, Uint8Array>;
}

/** Reads every kept entry. A gap, a broken chain or a foreign identity throws. */
export function scanJournal(store: Store, identity: Identity): JournalScan {
  const headBytes = store.get(headKey);
  checkIdentity(store, identity, headBytes === undefined);
  if (headBytes === undefined) {
    if (store.get(entryKey(1)) !== undefined) throw damaged('the journal head is missing');
    return emptyScan;
  }
  const head = decodeHead(headBytes);
  if (head === undefined) throw damaged('the journal head is unreadable');
  const kept: number[] = [];
  const missing: number[] = [];
  const markDigests = new Map<number, Uint8Array>();
  let digest = head.first === 1 ? noDigest : undefined;
  for (let number = head.first; number <= head.last; number++) {
    const encoded = store.get(entryKey(number));
    if (encoded === undefined) {
      missing.push(number);
      digest = undefined;
      continue;
    }
    const entry = decodeEntry(number, encoded);
    if (entry === undefined) throw damaged(`journal entry ${number} is unreadable`, { journalNumber: number });
    if (digest !== undefined && !equalBytes(entry.previousDigest, digest))
      throw damaged(`journal entry ${number} does not follow the one before it`, { journalNumber: number });
    digest = sha256(encoded);
    kept.push(entry.bytes);
    if (number === head.lastMark || number === head.markOnFile) markDigests.set(number, entry.markDigest);
  }
  if (missing.length > 0) throw missingBatches(missing, head.last);
  if (store.get(entryKey(head.last + 1)) !== undefined)
    throw damaged(`there is a batch after the last one, ${head.last}`, { journalNumber: head.last });
  return { ...head, lastDigest: digest ?? noDigest, kept, markDigests };
}

const emptyScan: JournalScan = {
  first: 1,
  last: 0,
  lastDigest: noDigest,
  lastMark: 0,
  markOnFile: 0,
  kept: [],
  markDigests: new Map(),
};

export interface MarkVerdict {
  readonly mark: Mark | undefined;
  /** The batch that only the mark file has: the next one, to be written before anything else. */
  readonly redo: RedoBatch | undefined;
  /** Batches up to the mark's are missing for good. */
  readonly lost: boolean;
}

/**
 * The verdict on the mark file. A marked batch and its mark are written at the same time and the next batch after both;
 * or, where the batch is too large to be repeated, the mark after it. The head says what the file held when the newest
 * batch was written. So a crash leaves that mark, or the newest marked batch's, or the next batch's with the batch in it.
 */
export function checkMark(scan: JournalScan, reading: MarkReading): MarkVerdict {
  if (reading.damagedSlots === 2) throw damaged('both slots of the mark file are unreadable');
  const { mark } = reading;
  const number = mark?.journalNumber ?? 0;
  if (number === scan.last + 1 && mark?.redo !== undefined) {
    if (!equalBytes(mark.redo.previousDigest, scan.lastDigest))
      throw damaged(`the mark file's batch ${number} does not follow batch ${scan.last}`, { markNumber: number });
    return { mark, redo: mark.redo, lost: false };
  }
  if (number > scan.last) return { mark, redo: undefined, lost: true };
  if (number !== scan.lastMark && number !== scan.markOnFile)
    throw damaged(`the mark file holds the mark of batch ${number} instead of batch ${scan.lastMark}`, {
      markNumber: number,
      markNumberExpected: scan.lastMark,
    });
  const digest = scan.markDigests.get(number);
  if (mark !== undefined && number >= scan.first && (digest === undefined || !equalBytes(digest, sha256(mark.bytes))))
    throw damaged(`the mark of batch ${number} is not the one that the batch carries`, { markNumber: number });
  return { mark, redo: undefined, lost: false };
}

function checkIdentity(store: Store, identity: Identity, headMissing: boolean): void {
  const format = store.get(formatKey);
  const ledgerId = store.get(ledgerKey);
  const key = store.get(nodeKey);
  if (format === undefined && ledgerId === undefined && key === undefined) {
    if (headMissing) return;
    throw damaged('the first batch is missing', { journalNumber: 1 });
  }
  const name = format === undefined ? storageFormat : readableText(format);
  if (name !== storageFormat)
    throw new AssentError(
      'storage-format-unknown',
      `The database has the format ${name}; this version reads ${storageFormat}.`,
      { format: name },
    );
  if (format === undefined || ledgerId === undefined || key === undefined)
    throw damaged("the database's identity is incomplete");
  if (!equalBytes(ledgerId, identity.ledgerId))
    throw new AssentError('storage-foreign', `The database belongs to the ledger ${toHex(ledgerId)}.`, {
      ledgerId: toHex(ledgerId),
    });
  if (!equalBytes(key, identity.nodeKey))
    throw new AssentError('storage-foreign', `The database belongs to the node ${toHex(key)}.`, {
      nodeKey: toHex(key),
    });
  if (headMissing) throw damaged('the journal head is missing');
}

function readableText(bytes: Uint8Array): string {
  try {
    return JSON.stringify(fromUtf8(bytes)).slice(1, -1);
  } catch (error) {
    if (error instanceof TypeError) return `0x${toHex(bytes.subarray(0, 32))}`;
    throw error;
  }
}

function missingBatches(missing: readonly number[], last: number): AssentError {
  const [from, to] = [missing[0] as number, missing[missing.length - 1] as number];
  const range = from === to ? `batch ${from} is` : `${missing.length} batches between ${from} and ${to} are`;
  return damaged(`${range} missing, the last one is ${last}`, {
    missingFrom: from,
    missingTo: to,
    missing: missing.length,
    last,
  });
}

function damaged(what: string, data: Record<string, number> = {}): AssentError {
  return new AssentError('storage-damaged', `The database is damaged: ${what}.`, data);
}
