/**
 * What a node keeps. Promises: a write is atomic and synced when its callback runs; batches are numbered and chained, so
 * that a start notices what LevelDB lost without a word; after one failed write nothing more is written. LevelDB appears
 * in this room only.
 */

export { appended } from './appended.ts';
export { type ArchiveStore, type ByteRange, isArchiveName } from './archive-store.ts';
export { type DataDirectory, type Owner, openDataDirectory, readOwner } from './data-directory.ts';
export { archiveError, DirectoryArchiveStore } from './directory-archive-store.ts';
export { FileMarkFile, syncDirectory } from './file-mark-file.ts';
export { Journal, type JournalLimits, journalLimits } from './journal.ts';
export { isOfDatabase, storageFormat } from './journal-records.ts';
export type { Identity } from './journal-scan.ts';
export {
  type KeyPrefix,
  type KeyRange,
  keyPrefixes,
  prefixedKey,
  prefixRange,
} from './key-prefixes.ts';
export { checkTables } from './level-files/index.ts';
export { LevelStore } from './level-store.ts';
export {
  assertMark,
  type Mark,
  type MarkFile,
  type MarkReading,
  markBytesMax,
  type RedoBatch,
  redoBytesMax,
} from './mark-file.ts';
export { MemoryArchiveStore } from './memory-archive-store.ts';
export { MemoryMarkFile } from './memory-mark-file.ts';
export { MemorySnapshot, MemoryStore } from './memory-store.ts';
export { MemoryTable } from './memory-table.ts';
export { openForReading, type ReadingCopy } from './reading-copy.ts';
export { checkRecordFile, readRecordFile, recordFile } from './record-file.ts';
export { type RekeyBatch, type RekeyOutcome, rekeyDataDirectory } from './rekey.ts';
export { ScratchStore } from './scratch-store.ts';
export {
  type Entry,
  type Operation,
  type RangeOptions,
  rangeLimitMax,
  type Store,
  type StoreSnapshot,
} from './store.ts';
export { prefixedTextKey, textOfKey } from './text-key.ts';
