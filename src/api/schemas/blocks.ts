import { z } from 'zod';
import { hashText, hexText, nodeIdText, type QueryInput, queryNumber, timestampMs, wholeNumber } from './primitives.ts';

/** The fields of a block header (protocol.md §4). Hashes are lower-case hexadecimal. */
export interface HeaderView {
  readonly version: number;
  readonly ledgerId: string;
  readonly height: number;
  readonly term: number;
  readonly parentHash: string;
  readonly timestamp: number;
  readonly proposer: string;
  readonly transactionsRoot: string;
  readonly transactionCount: number;
  readonly resultsRoot: string;
  readonly stateRoot: string;
  readonly historyRoot: string;
  readonly configurationHash: string;
  readonly justificationHash: string;
}

/** A majority's signed acks of one block: certifies it and every ancestor (protocol.md §5). */
export interface CertificateView {
  readonly term: number;
  readonly height: number;
  readonly blockHash: string;
  readonly configurationHash: string;
  readonly signatures: readonly { readonly signer: string; readonly signature: string }[];
}

export interface BlockSummary extends HeaderView {
  readonly hash: string;
}

export interface BlockTransaction {
  readonly id: string;
  readonly kind: string;
  readonly sender: string;
  /** Null in the block with whose snapshot the node began: it has the block, and not what its transactions came to. */
  readonly result: { readonly ok: boolean; readonly code?: string; readonly rule?: string } | null;
}

export interface BlockView extends BlockSummary {
  /** The certificate of this block or of the nearest certified descendant that the node kept. */
  readonly certificate: CertificateView | null;
  readonly transactions: readonly BlockTransaction[];
}

/** Ascending by height. `next` is the height to ask from for the following page, absent at the head. */
export interface BlockPage {
  readonly blocks: readonly BlockSummary[];
  readonly next?: number;
}

export interface BlockParams {
  /** A height in decimal, a block hash, or `head`. */
  readonly reference: string;
}

export interface BlocksQuery {
  readonly from: number;
  readonly limit: number;
}

/** Blocks as they travelled, ascending, as hexadecimal: whoever reads them can verify all that they say. */
export interface RawBlockPage {
  readonly blocks: readonly string[];
  /** Height to ask from for those that follow, absent at the head. */
  readonly next?: number;
}

export interface RawBlocksQuery {
  readonly from: number;
}

export const blocksPageMax = 100;
/** A page of whole blocks ends with the one that exceeds this: 1 MiB. */
export const rawBlocksBytes: number = 1024 * 1024;

const header = {
  version: wholeNumber,
  ledgerId: hashText,
  height: wholeNumber,
  term: wholeNumber,
  parentHash: hashText,
  timestamp: timestampMs,
  proposer: nodeIdText,
  transactionsRoot: hashText,
  transactionCount: wholeNumber,
  resultsRoot: hashText,
  stateRoot: hashText,
  historyRoot: hashText,
  configurationHash: hashText,
  justificationHash: hashText,
};

export const certificateView: z.ZodType<CertificateView, CertificateView> = z.object({
  term: wholeNumber,
  height: wholeNumber,
  blockHash: hashText,
  configurationHash: hashText,
  signatures: z.array(z.object({ signer: nodeIdText, signature: hexText })),
});

export const blockSummary: z.ZodType<BlockSummary, BlockSummary> = z.object({ hash: hashText, ...header });

export const blockView: z.ZodType<BlockView, BlockView> = z.object({
  hash: hashText,
  ...header,
  certificate: z.union([certificateView, z.null()]),
  transactions: z.array(
    z.object({
      id: hashText,
      kind: z.string(),
      sender: z.string(),
      result: z.union([
        z.object({ ok: z.boolean(), code: z.exactOptional(z.string()), rule: z.exactOptional(z.string()) }),
        z.null(),
      ]),
    }),
  ),
});

export const blockPage: z.ZodType<BlockPage, BlockPage> = z.object({
  blocks: z.array(blockSummary),
  next: z.exactOptional(wholeNumber),
});

export const blockParams: z.ZodType<BlockParams, BlockParams> = z.strictObject({
  reference: z.string().regex(/^(?:\d{1,16}|[0-9a-f]{64}|head)$/, 'expected a height, a block hash or "head"'),
});

export const blocksQuery: z.ZodType<BlocksQuery, QueryInput<BlocksQuery>> = z.strictObject({
  from: queryNumber(1, Number.MAX_SAFE_INTEGER).default(1),
  limit: queryNumber(1, blocksPageMax).default(20),
});

export const rawBlockPage: z.ZodType<RawBlockPage, RawBlockPage> = z.object({
  blocks: z.array(hexText),
  next: z.exactOptional(wholeNumber),
});

export const rawBlocksQuery: z.ZodType<RawBlocksQuery, QueryInput<RawBlocksQuery>> = z.strictObject({
  from: queryNumber(1, Number.MAX_SAFE_INTEGER).default(1),
});
