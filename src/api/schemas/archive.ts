import { z } from 'zod';
import { wholeNumber } from './primitives.ts';

/** How far a node has written its blocks into its archive. */
export interface ArchiveView {
  readonly directory: string;
  /** The archive has every block from `from` to `through`; both 0 while it is empty. */
  readonly from: number;
  readonly through: number;
  readonly chunks: number;
  /** What keeps it from growing, or a file that is of no use; null where nothing does. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** What is to be kept at least, beside the archive; null where it is not said. Without either the node's own policy holds. */
export interface PruneRequest {
  readonly keepBlocks: number | null;
  readonly keepDays: number | null;
}

const bounds = ['kept', 'recent', 'not-archived', 'configuration-not-proved'] as const;

export interface PruneView {
  /** False while files are still being looked at: ask again. */
  readonly isDone: boolean;
  /** Blocks up to here are read from the archive from now on. */
  readonly prunedThrough: number;
  readonly firstBlockHeight: number;
  /** Why no more was pruned, null while it is not done: it is to be kept, or is too young, or is not archived, or a proof is still to be made of it. */
  readonly bound: (typeof bounds)[number] | null;
}

export const archiveView: z.ZodType<ArchiveView, ArchiveView> = z.object({
  directory: z.string(),
  from: wholeNumber,
  through: wholeNumber,
  chunks: wholeNumber,
  problem: z.union([z.object({ code: z.string(), message: z.string() }), z.null()]),
});

/** Nothing to say; a page of a browser cannot send even that as JSON. */
export const nothing: z.ZodType<Record<string, never>, Record<string, never>> = z.strictObject({});

export const pruneRequest: z.ZodType<PruneRequest, PruneRequest> = z.strictObject({
  keepBlocks: wholeNumber.nullable(),
  keepDays: wholeNumber.nullable(),
});

export const pruneView: z.ZodType<PruneView, PruneView> = z.object({
  isDone: z.boolean(),
  prunedThrough: wholeNumber,
  firstBlockHeight: wholeNumber,
  bound: z.union([z.enum(bounds), z.null()]),
});
