import { z } from 'zod';
import { didText, hashText, type QueryInput, queryNumber, wholeNumber } from './primitives.ts';

/** That a witness saw this block certified, and consistent with all that it had cosigned before. */
export interface CosignatureBody {
  /** The witness's key as a DID. */
  readonly witness: string;
  /** Of the block, as hexadecimal. */
  readonly hash: string;
  /** The witness's clock, milliseconds since the Unix epoch. */
  readonly time: number;
  /** Ed25519, as hexadecimal (docs/verification.md, "Cosigned checkpoints"). */
  readonly signature: string;
}

export interface CosignatureReply {
  /** False where the node had it, or has newer ones of this witness. */
  readonly isNew: boolean;
}

export interface CosignedHeight {
  readonly height: number;
  readonly cosignatures: readonly CosignatureBody[];
}

/** The newest heights that any witness cosigned, the newest first. */
export interface CheckpointList {
  readonly checkpoints: readonly CosignedHeight[];
}

export interface CosignatureParams {
  readonly height: number;
}

export interface CheckpointParams {
  /** A height, or `latest`. */
  readonly reference: string;
}

export interface CheckpointQuery {
  /** So many cosignatures at least; `latest` is then the newest block that has them. */
  readonly witnesses: number;
  /** Height of the block that the asker has pinned; absent: the receipt begins with genesis. */
  readonly checkpoint?: number | undefined;
}

const height = queryNumber(1, Number.MAX_SAFE_INTEGER);

export const cosignatureBody: z.ZodType<CosignatureBody, CosignatureBody> = z.strictObject({
  witness: didText,
  hash: hashText,
  time: wholeNumber,
  signature: z.string().regex(/^[0-9a-f]{128}$/, 'expected 128 lower-case hexadecimal digits'),
});

export const cosignatureReply: z.ZodType<CosignatureReply, CosignatureReply> = z.object({ isNew: z.boolean() });

export const checkpointList: z.ZodType<CheckpointList, CheckpointList> = z.object({
  checkpoints: z.array(z.object({ height: wholeNumber, cosignatures: z.array(cosignatureBody) })),
});

export const cosignatureParams: z.ZodType<CosignatureParams, CosignatureParams> = z.object({ height });

export const checkpointParams: z.ZodType<CheckpointParams, CheckpointParams> = z.object({
  reference: z.string().regex(/^(latest|[1-9]\d{0,15})$/, 'expected a height or latest'),
});

export const checkpointQuery: z.ZodType<CheckpointQuery, QueryInput<CheckpointQuery>> = z.strictObject({
  witnesses: queryNumber(0, 256).default(0),
  checkpoint: z.optional(height),
});
