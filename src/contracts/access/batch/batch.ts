import { z } from 'zod';
import type { ResultClaim } from '../../decision/decide.ts';
import type { RequestFacts } from '../../decision/question.ts';
import { bytes, commitment, did, eventId, name } from '../../engine/leaves.ts';
import { actions, type Category, categories, roles } from '../../tables/codes.ts';
import { purpose } from '../../tables/purpose.ts';
import { resultClaims } from '../claims.ts';

export const batchEntriesMax = 1000;

/** One resource that was asked for: an event, and one entry of the subject's log. */
export interface BatchItem {
  readonly eventId: Uint8Array;
  readonly resource: Uint8Array;
  /** SHA-256 of the request, as the agent signed it. The gateway keeps both and produces them on demand. */
  readonly request: Uint8Array;
}

/** What one asker wants of one subject, as far as one decision goes: the resources differ in nothing that it looks at. */
export interface BatchAccess {
  /** Place in the list of askers. */
  readonly asker: number;
  readonly subject: Uint8Array;
  readonly results: readonly ResultClaim[];
  readonly category?: Category;
  readonly inEmergencyCategory: boolean;
  readonly items: readonly BatchItem[];
}

export interface AccessBatchContent {
  readonly domain: string;
  /** Who asks, and what for, each listed once. */
  readonly askers: readonly RequestFacts[];
  readonly accesses: readonly BatchAccess[];
}

export interface AccessBatch extends AccessBatchContent {
  /** RFC 9162 root over the entries' statements, in the order of the batch. */
  readonly root: Uint8Array;
  /** The gateway's, of the root and the number of entries. */
  readonly signature: Uint8Array;
}

const asker: z.ZodObject & z.ZodType<RequestFacts> = z.strictObject({
  agent: did(),
  role: z.enum(roles),
  organisation: name(),
  purpose: purpose(),
  action: z.enum(actions),
  legalBasis: name().exactOptional(),
});

const content = {
  domain: name(),
  askers: z.array(asker).min(1).max(batchEntriesMax),
  accesses: z
    .array(
      z.strictObject({
        asker: z
          .int()
          .min(0)
          .max(batchEntriesMax - 1),
        subject: did(),
        /** What the gateway found for the consents in force; those it leaves out count as everything possible. */
        results: resultClaims,
        /** Only where the domain declares categories open. */
        category: z.enum(categories).exactOptional(),
        /** The resources are in a category that was named when the glass was broken. */
        inEmergencyCategory: z.boolean(),
        items: z
          .array(z.strictObject({ eventId: eventId(), resource: commitment(), request: bytes(32) }))
          .min(1)
          .max(batchEntriesMax),
      }),
    )
    .min(1)
    .max(batchEntriesMax),
};

/** A batch before the gateway signed it. */
export const accessBatchContent: z.ZodObject & z.ZodType<AccessBatchContent> = z.strictObject(content);

export const accessBatch: z.ZodObject & z.ZodType<AccessBatch> = z.strictObject({
  ...content,
  /** RFC 9162 root over the entries' statements, in the order of the batch. */
  root: bytes(32),
  /** The gateway's signature of the root and the number of entries. */
  signature: bytes(64),
});
