import { z } from 'zod';
import { hashText, hexText, nodeIdText, wholeNumber } from './primitives.ts';

/** A proof that the holder of a node key broke the rules (protocol.md §5, "Evidence"). */
export interface EvidenceSummary {
  /** SHA-256 of the record. */
  readonly id: string;
  /** `two-headers`, `two-acks`, `two-votes`, `two-vote-requests`, `ack-then-vote`, `broken-claim` or `broken-change`. */
  readonly kind: string;
  readonly culprit: string;
  /** The term in which the rules were broken. */
  readonly term: number;
}

export interface EvidenceList {
  /** In the order in which the node came to know them. */
  readonly evidence: readonly EvidenceSummary[];
  /** Own findings of the node for which there was no room since it started: eight of a kind against a key are kept. */
  readonly notStored: number;
}

export interface EvidenceParams {
  readonly id: string;
}

export interface EvidenceView extends EvidenceSummary {
  /** The record, as hexadecimal: whoever has it can verify it offline. */
  readonly record: string;
}

const summaryFields = { id: hashText, kind: z.string(), culprit: nodeIdText, term: wholeNumber };

export const evidenceSummary: z.ZodType<EvidenceSummary, EvidenceSummary> = z.object(summaryFields);

export const evidenceList: z.ZodType<EvidenceList, EvidenceList> = z.object({
  evidence: z.array(evidenceSummary),
  notStored: wholeNumber,
});

export const evidenceParams: z.ZodType<EvidenceParams, EvidenceParams> = z.object({ id: hashText });

export const evidenceView: z.ZodType<EvidenceView, EvidenceView> = z.object({ ...summaryFields, record: hexText });
