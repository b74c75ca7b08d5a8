import type {
  ArchiveView,
  CertificateView,
  ConfigurationPage,
  ConfigurationsQuery,
  Consistency,
  ContractObject,
  CredentialList,
  DecisionBatch,
  DecisionRequest,
  DisputePage,
  DomainView,
  EvidenceList,
  EvidenceView,
  FileList,
  FileProgress,
  GenesisView,
  GovernanceView,
  HistoryQuery,
  IdentityView,
  InForceView,
  MemberList,
  MemberView,
  NodeList,
  ProposalView,
  PruneRequest,
  PruneView,
  ReachView,
  ReadPoint,
  ReviewPage,
  ReviewsQuery,
  StatusView,
  TransferRequest,
  TransferView,
  WaitingQuery,
} from '../../api/index.ts';
import type { PastValue, StateKey, StateProof } from '../../ledger/index.ts';
import type { KeptCosignature } from '../cosignatures/store.ts';
import type { Advice } from '../known-state/index.ts';
import type { RowPlace, Search } from '../query-index/index.ts';

/** Where an executed transaction stands, and its packed result (ingress/packed-result.ts). */
export interface Place {
  readonly height: number;
  readonly index: number;
  readonly timestamp: number;
  readonly blockHash: string;
  readonly result: Uint8Array;
}

/** A block's header bytes with the proposer's signature, as they travelled. */
export interface RawHeader {
  readonly headerBytes: Uint8Array;
  readonly hash: string;
}

/** A block that a majority certified by itself. */
export interface CertifiedHeader {
  readonly height: number;
  readonly header: Uint8Array;
  readonly certificate: Uint8Array;
}

export interface ProvedValue {
  readonly height: number;
  readonly value: Uint8Array | undefined;
  readonly proof: StateProof;
}

export interface RawStreamPage {
  /** See packed-entries.ts. */
  readonly packed: Uint8Array;
  /** Where the next page begins, absent at the end. */
  readonly next?: string;
}

export interface ResultCode {
  readonly ok: boolean;
  readonly code?: string;
  readonly rule?: string;
}

/**
 * The questions that the HTTP thread asks the main thread, with their answers. Each is answered in one short turn: what
 * is long is asked for in slices, so that no reader costs an election (protocol.md §11).
 */
export interface Queries {
  /** Waits up to `timeoutMs` for the commit; with 0 it answers at once. */
  readonly place: { readonly input: { id: string; timeoutMs: number }; readonly answer: Place };
  /** Block bytes by height, hash or `head`. */
  readonly block: { readonly input: { reference: string }; readonly answer: Uint8Array };
  /** The certificate that covers the block, as far as it is kept. */
  readonly certificate: { readonly input: { height: number }; readonly answer: CertificateView | null };
  /** At most {@link headersMax} ascending headers. */
  readonly headers: { readonly input: { from: number; limit: number }; readonly answer: readonly RawHeader[] };
  /** Results of at most {@link resultsMax} transactions of a block, from this index on; null where only the block is here. */
  readonly results: {
    readonly input: { height: number; from: number; ids: readonly Uint8Array[] };
    readonly answer: readonly (ResultCode | null)[];
  };
  readonly stream: {
    readonly input: { stream: string; cursor: string | undefined; limit: number; newestFirst: boolean };
    readonly answer: RawStreamPage;
  };
  /**
   * Places of rows in the index of transactions, which is waited for, up to a bound. `from`, inclusive, and `to`,
   * exclusive: block time.
   */
  readonly rows: {
    readonly input: Pick<Search, 'terms' | 'newestFirst' | 'after' | 'limit'> & {
      readonly from: number | undefined;
      readonly to: number | undefined;
    };
    readonly answer: {
      readonly rows: readonly RowPlace[];
      /** Where to go on, absent at the end of what is indexed. */
      readonly next?: RowPlace;
      /** The newest block when it was asked, and the blocks of the index. */
      readonly at: number;
      readonly indexed: { readonly from: number; readonly through: number } | undefined;
      /** Whether no block that is committed and not indexed could have more. */
      readonly isWhole: boolean;
    };
  };
  /** Of each transaction, which key signs for its sender at the head, and where it was executed, if it was. */
  readonly signers: {
    readonly input: { readonly transactions: readonly { readonly id: Uint8Array; readonly sender: Uint8Array }[] };
    readonly answer: readonly { readonly key: Uint8Array; readonly place?: Place }[];
  };
  /** Size and root of a subject's access log after block `at`; undefined while it is empty. */
  readonly accessLog: {
    readonly input: { subject: Uint8Array };
    readonly answer: { readonly at: number; readonly size: number; readonly root: Uint8Array } | undefined;
  };
  readonly domainNames: { readonly input: object; readonly answer: readonly string[] };
  readonly domain: { readonly input: { name: string }; readonly answer: DomainView };
  readonly link: { readonly input: { name: string; subject: Uint8Array }; readonly answer: ContractObject };
  readonly reviews: { readonly input: ReviewsQuery & { name: string }; readonly answer: ReviewPage };
  readonly disputes: { readonly input: WaitingQuery & { name: string }; readonly answer: DisputePage };
  readonly credentials: { readonly input: { agent: Uint8Array }; readonly answer: Omit<CredentialList, 'agent'> };
  readonly identity: { readonly input: { did: Uint8Array }; readonly answer: IdentityView };
  readonly record: { readonly input: { sender: Uint8Array; eventId: Uint8Array }; readonly answer: ContractObject };
  readonly members: { readonly input: object; readonly answer: MemberList };
  readonly member: { readonly input: { name: string }; readonly answer: MemberView };
  readonly governance: { readonly input: object; readonly answer: GovernanceView };
  readonly nodes: { readonly input: object; readonly answer: NodeList };
  readonly configurations: { readonly input: ConfigurationsQuery; readonly answer: ConfigurationPage };
  /** At most 1 MiB of history, and where the next piece goes on. */
  readonly history: {
    readonly input: HistoryQuery;
    readonly answer: { readonly bytes: Uint8Array; readonly next?: number };
  };
  readonly proposals: { readonly input: object; readonly answer: readonly ProposalView[] };
  readonly proposal: { readonly input: { id: Uint8Array }; readonly answer: ProposalView };
  /** A `DecisionReply`, all of it from the newest certified state. */
  readonly decide: { readonly input: DecisionRequest | DecisionBatch; readonly answer: Advice };
  /** Of the newest certified block. */
  readonly certifiedHeight: { readonly input: object; readonly answer: number };
  /** A value of the state after a committed block. */
  readonly valueAt: { readonly input: { height: number; key: StateKey }; readonly answer: PastValue };
  /** The first block whose state can be read, and the newest. */
  readonly bounds: {
    readonly input: object;
    readonly answer: { readonly pastFrom: number; readonly height: number };
  };
  readonly lookAtArchive: { readonly input: object; readonly answer: ArchiveView };
  readonly prune: { readonly input: PruneRequest; readonly answer: PruneView };
  readonly createSnapshot: { readonly input: object; readonly answer: FileProgress };
  readonly snapshots: { readonly input: object; readonly answer: FileList };
  readonly backup: { readonly input: object; readonly answer: FileProgress };
  /**
   * The nearest block from this height on that has a certificate of its own; undefined while none is applied. `header` as
   * it travelled.
   */
  readonly certified: { readonly input: { height: number }; readonly answer: CertifiedHeader | undefined };
  /** What stands under a key of the state after a committed block, the newest unless stated, with its proof. */
  readonly stateProof: { readonly input: { key: StateKey; at?: number | undefined }; readonly answer: ProvedValue };
  /** The path of a block in the `historyRoot` of a later one. */
  readonly historyPath: {
    readonly input: { height: number; above: number };
    readonly answer: readonly Uint8Array[];
  };
  /** That the `historyRoot` of one block is the beginning of that of another. */
  readonly historyConsistency: {
    readonly input: { older: number; newer: number };
    readonly answer: readonly Uint8Array[];
  };
  /** The same as they stand under the block's `resultsRoot`: canonical bytes. */
  readonly resultBytes: {
    readonly input: InputOf<'results'>;
    readonly answer: readonly Uint8Array[];
  };
  /** Of the witnesses that the node knows now, ascending by height, then by key. */
  readonly cosignatures: { readonly input: object; readonly answer: readonly KeptCosignature[] };
  /** Keeps one that was verified; answers once it is durable, false where it is not news. */
  readonly cosign: { readonly input: KeptCosignature; readonly answer: boolean };
  readonly transferLeadership: { readonly input: TransferRequest; readonly answer: TransferView };
  /** Waits up to `timeoutMs` for nodes that may decide by themselves without the block. */
  readonly inForce: { readonly input: { height: number; timeoutMs: number }; readonly answer: InForceView };
  /** Waits up to `timeoutMs` for nodes that have not applied the block. */
  readonly reach: { readonly input: { height: number; timeoutMs: number }; readonly answer: ReachView };
  readonly genesis: { readonly input: object; readonly answer: GenesisView };
  readonly evidence: { readonly input: object; readonly answer: EvidenceList };
  readonly evidenceRecord: { readonly input: { id: string }; readonly answer: EvidenceView };
  readonly status: { readonly input: object; readonly answer: StatusView };
  /** Fails with the reason while nothing can be committed. */
  readonly readiness: { readonly input: object; readonly answer: true };
  readonly metrics: { readonly input: object; readonly answer: string };
}

export type QueryKind = keyof Queries;
export type InputOf<Kind extends QueryKind> = Queries[Kind]['input'];
export type AnswerOf<Kind extends QueryKind> = Queries[Kind]['answer'];

/** Who answers, kind by kind. Throws or rejects with an AssentError. */
export type Asked = {
  readonly [Kind in QueryKind]: (input: InputOf<Kind>) => AnswerOf<Kind> | Promise<AnswerOf<Kind>>;
};

/** The most headers of one slice: each is read out of its whole block. */
export const headersMax = 16;

/** The most transactions whose signers are asked about at once. */
export const signersMax = 64;

/** The most results of one slice. */
export const resultsMax = 64;

/** Asks the main thread. Rejects with the AssentError that it answers. */
export type Ask = <Kind extends QueryKind>(kind: Kind, input: InputOf<Kind>) => Promise<AnswerOf<Kind>>;

/** Asks in the name of one request that reads the ledger. */
export interface ReadingAsk {
  /** What was applied when the request might read; undefined until the first answer. */
  readonly readPoint: ReadPoint | undefined;
  readonly consistency: Consistency;
  readonly ask: Ask;
  /** The request is answered without a question, from what is known of this block. The first read point stays. */
  begin(readPoint: ReadPoint): void;
}
