import type { Consistency, ReadPoint } from '../../api/index.ts';
import type { ErrorCode, LogFields } from '../../base/index.ts';
import type { NodeConfig } from '../config/index.ts';
import type { StateNews } from '../known-state/index.ts';
import type { QueryKind } from '../queries/query.ts';

/*
 * What the HTTP thread and the main thread say to each other. Transactions and outcomes travel in groups: one message a
 * turn, their bytes joined in buffers that are transferred, never copied.
 */

/** What the main thread shall do with a transaction of a {@link SubmitMessage}. */
export const intention = {
  /** Propose it and tell when it is committed. */
  commit: 0,
  /** Propose it and tell when it is taken. */
  accept: 1,
} as const;

/** Transactions whose form and signature were checked, numbered from `firstTicket` on. */
export interface SubmitMessage {
  readonly type: 'submit';
  readonly firstTicket: number;
  /** The signed transactions, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** The key under which each was checked, 32 bytes each. */
  readonly keys: Uint8Array<ArrayBuffer>;
  readonly intentions: Uint8Array<ArrayBuffer>;
}

/** The requests of these tickets wait no longer: each is settled at once, as certain as it can be. */
export interface GiveUpMessage {
  readonly type: 'give-up';
  readonly tickets: readonly number[];
}

/** Executed transactions of one block. The arrays run in parallel. */
export interface SettledBlock {
  readonly height: number;
  readonly timestamp: number;
  readonly blockHash: string;
  readonly tickets: Uint32Array<ArrayBuffer>;
  readonly indexes: Uint32Array<ArrayBuffer>;
  /** Canonical bytes of the results, as they stand in receipts, one after another. */
  readonly results: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** A transaction that will not be executed, as far as this node can tell: `outcome-unknown`, or why it was not taken. */
export interface Unsettled {
  readonly ticket: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface SettledMessage {
  readonly type: 'settled';
  readonly blocks: readonly SettledBlock[];
  readonly accepted: readonly number[];
  readonly refused: readonly Unsettled[];
}

/**
 * A question of queries/query.ts; `input` is of its kind. With a consistency it is answered once the ledger may be read as that
 * says, and the answer brings the read point.
 */
export interface QueryMessage {
  readonly type: 'query';
  readonly call: number;
  readonly kind: QueryKind;
  readonly input: unknown;
  readonly consistency?: Consistency;
}

export interface AnswerMessage {
  readonly type: 'answer';
  readonly call: number;
  /** Also of what is refused after it. */
  readonly readPoint?: ReadPoint;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export type ToMain =
  | SubmitMessage
  | GiveUpMessage
  | QueryMessage
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'start-failed'; readonly code: ErrorCode; readonly message: string }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: LogFields;
      readonly message: string;
    };

export type ToHttpThread =
  | SettledMessage
  | AnswerMessage
  | StateNews
  | { readonly type: 'close'; readonly deadlineMs: number };

/** What the HTTP thread is started with. */
export interface HttpThreadData {
  readonly listen: NodeConfig['api']['listen'];
  readonly limits: NodeConfig['limits'];
  readonly ledgerId: Uint8Array;
  readonly version: string;
  /** The most that wait for their answers at a time. */
  readonly questionsMax: number;
  /** Of a {@link LeaseCell}. */
  readonly lease: SharedArrayBuffer;
}
