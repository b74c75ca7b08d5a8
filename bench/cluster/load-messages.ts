import type { TransactionKind } from '../rows.ts';
import type { Percentiles } from '../statistics.ts';
import type { BatchSize } from '../workload/workload.ts';

/* What the benchmark and its load process say to each other: one request, one reply, in turn. */

export interface LoadPlan {
  readonly urls: readonly string[];
  /** Hexadecimal. */
  readonly ledgerId: string;
  readonly subjectCount: number;
  readonly kind: TransactionKind;
}

export interface RunRequest {
  /** Requests under way at a time, over all nodes. */
  readonly inFlight: number;
  /** Transactions a request. */
  readonly batch: number;
  readonly seconds: number;
  /** Transactions a second over all requests; absent: as fast as they are answered. */
  readonly ratePerSecond?: number;
}

export interface RunResult {
  /** Transactions that a node said are committed and permitted. */
  readonly committed: number;
  /** Those that ended otherwise, by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Accesses that were recorded and permitted, in batches of accesses. */
  readonly accesses: number;
  readonly elapsedMs: number;
  readonly latencyMs: Percentiles;
  /** Median by node, in the order of the plan's URLs. */
  readonly nodeP50Ms: readonly number[];
}

export interface GrowRequest {
  /** Transactions to sign and send, before the next ones are signed. */
  readonly count: number;
  readonly inFlight: number;
  readonly batch: number;
  /** As of {@link RunRequest}. */
  readonly ratePerSecond?: number;
}

export interface Audit {
  /** Transactions that a client was told are committed. */
  readonly acknowledged: number;
  /** Of these: not in the ledger at the place that was told. */
  readonly missing: number;
  /** Ids that are in the ledger more than once. */
  readonly duplicated: number;
  /** All of the ledger. */
  readonly blocks: number;
  readonly transactions: number;
  /** The nodes have the same blocks up to the same head. */
  readonly sameHead: boolean;
}

export interface ProvedAccesses {
  /** Accesses that a client was told are recorded. */
  readonly acknowledged: number;
  /** Entries of all logs whose proof of inclusion verifies. */
  readonly proved: number;
  /** Of these: those that were also proved to be under the root that their gateway signed. */
  readonly provedInBatch: number;
  readonly failed: number;
}

/** What can be asked of the load process, and what comes back. */
export interface LoadCalls {
  /** Issues the credentials and links the subjects. */
  readonly enrol: { readonly request: null; readonly reply: RunResult };
  /** Signs until so many transactions are ready to be sent; answers the length of an average one. */
  readonly sign: {
    readonly request: { readonly count: number; readonly accesses?: BatchSize };
    readonly reply: { readonly meanBytes: number };
  };
  /** Grants a consent of every subject. */
  readonly consents: { readonly request: null; readonly reply: RunResult };
  /** Reads every log back with a proof of each entry, and verifies it. */
  readonly prove: { readonly request: null; readonly reply: ProvedAccesses };
  /** Signs, sends and forgets: for more than fits into memory. */
  readonly grow: { readonly request: GrowRequest; readonly reply: RunResult };
  /** From now on it is so many milliseconds later for whoever signs. */
  readonly advance: { readonly request: { readonly ms: number }; readonly reply: null };
  readonly subjects: { readonly request: null; readonly reply: readonly string[] };
  readonly run: { readonly request: RunRequest; readonly reply: RunResult };
  readonly audit: { readonly request: null; readonly reply: Audit };
}

export type LoadCall = keyof LoadCalls;

export interface CallMessage {
  readonly call: LoadCall;
  readonly request: LoadCalls[LoadCall]['request'];
}

export type ReplyMessage = { readonly reply: LoadCalls[LoadCall]['reply'] } | { readonly error: string };
