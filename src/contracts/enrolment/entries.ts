import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { commitment, did, name, timestamp } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';

/** In `domain:<name>`. */
export const domainDeclared: EntryType<{ domain: string; custodian: string; version: number; at: number }> = entryType(
  'domain-declared',
  z.strictObject({ domain: name(), custodian: name(), version: z.int(), at: timestamp() }),
);

/** The history of a link. In `domain:<name>` and in `enrolment:<subject hex>` of everybody it is about. */
export function emitEnrolment(
  emit: (stream: string, entry: Uint8Array) => void,
  domain: string,
  subjects: readonly Uint8Array[],
  entry: Uint8Array,
): void {
  for (const stream of [`domain:${domain}`, ...subjects.map((subject) => `enrolment:${toHex(subject)}`)])
    emit(stream, entry);
}

export interface SubjectLinked {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly chart: Uint8Array;
  readonly keyHolder: KeyHolder;
  readonly gateway: Uint8Array;
  readonly at: number;
}

export const subjectLinked: EntryType<SubjectLinked> = entryType(
  'subject-linked',
  z.strictObject({
    domain: name(),
    subject: did(),
    chart: commitment(),
    keyHolder: z.enum(keyHolders),
    gateway: did(),
    at: timestamp(),
  }),
);

export interface SubjectUnlinked {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly by: Uint8Array;
  /** Salted commitment to why. */
  readonly reason: Uint8Array;
  readonly at: number;
}

export const subjectUnlinked: EntryType<SubjectUnlinked> = entryType(
  'subject-unlinked',
  z.strictObject({ domain: name(), subject: did(), by: did(), reason: commitment(), at: timestamp() }),
);

export interface KeyHolderChanged {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly before: KeyHolder;
  readonly keyHolder: KeyHolder;
  readonly by: Uint8Array;
  readonly at: number;
}

export const keyHolderChanged: EntryType<KeyHolderChanged> = entryType(
  'key-holder-changed',
  z.strictObject({
    domain: name(),
    subject: did(),
    before: z.enum(keyHolders),
    keyHolder: z.enum(keyHolders),
    by: did(),
    at: timestamp(),
  }),
);

export interface MergeAgreed {
  readonly domain: string;
  readonly surviving: Uint8Array;
  readonly absorbed: Uint8Array;
  readonly until: number;
  readonly at: number;
}

export const mergeAgreed: EntryType<MergeAgreed> = entryType(
  'merge-agreed',
  z.strictObject({ domain: name(), surviving: did(), absorbed: did(), until: timestamp(), at: timestamp() }),
);

export interface SubjectsMerged {
  readonly domain: string;
  readonly surviving: Uint8Array;
  readonly absorbed: Uint8Array;
  readonly by: Uint8Array;
  /** Salted commitment to why. */
  readonly reason: Uint8Array;
  readonly at: number;
}

const merge = {
  domain: name(),
  surviving: did(),
  absorbed: did(),
  by: did(),
  reason: commitment(),
  at: timestamp(),
};

export const subjectsMerged: EntryType<SubjectsMerged> = entryType('subjects-merged', z.strictObject(merge));
export const subjectsUnmerged: EntryType<SubjectsMerged> = entryType('subjects-unmerged', z.strictObject(merge));

/** What stands in `domain:<name>` and in `enrolment:<subject hex>` both. */
export const linkHistory: readonly EntryType<never>[] = [
  subjectLinked,
  subjectUnlinked,
  keyHolderChanged,
  mergeAgreed,
  subjectsMerged,
  subjectsUnmerged,
];
