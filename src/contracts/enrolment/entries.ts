import { z } from 'zod';
import { commitment, did, name, timestamp } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';

/** In `domain:<name>`. */
export const domainDeclared: EntryType<{ domain: string; custodian: string; version: number; at: number }> = entryType(
  'domain-declared',
  z.strictObject({ domain: name(), custodian: name(), version: z.int(), at: timestamp() }),
);

export interface SubjectLinked {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly chart: Uint8Array;
  readonly keyHolder: KeyHolder;
  readonly gateway: Uint8Array;
  readonly at: number;
}

/** In `domain:<name>`. */
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
