import { z } from 'zod';
import { nodeIdText, wholeNumber } from './primitives.ts';

/** Who is to lead: a voter's node id, or null for the one that is furthest. */
export interface TransferRequest {
  readonly to: string | null;
}

/** A transfer that has begun. It is done when `to` leads a term above `term`; else the leader goes on. */
export interface TransferView {
  readonly to: string;
  /** The term of the leader that hands over. */
  readonly term: number;
}

export const transferRequest: z.ZodType<TransferRequest, TransferRequest> = z.object({ to: nodeIdText.nullable() });

export const transferView: z.ZodType<TransferView, TransferView> = z.object({ to: nodeIdText, term: wholeNumber });
