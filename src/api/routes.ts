import type { z } from 'zod';
import type { ErrorCode } from '../base/index.ts';
import type { AnyRoute, BodyFormat, Nothing, Route } from './route.ts';
import {
  type ArchiveView,
  archiveView,
  nothing,
  type PruneRequest,
  type PruneView,
  pruneRequest,
  pruneView,
} from './schemas/archive.ts';
import {
  type BlockPage,
  type BlockParams,
  type BlocksQuery,
  type BlockView,
  blockPage,
  blockParams,
  blocksQuery,
  blockView,
  type RawBlockPage,
  type RawBlocksQuery,
  rawBlockPage,
  rawBlocksQuery,
} from './schemas/blocks.ts';
import {
  type CheckpointList,
  type CheckpointParams,
  type CheckpointQuery,
  type CosignatureBody,
  type CosignatureParams,
  type CosignatureReply,
  checkpointList,
  checkpointParams,
  checkpointQuery,
  cosignatureBody,
  cosignatureParams,
  cosignatureReply,
} from './schemas/checkpoints.ts';
import {
  type ConfigurationPage,
  type ConfigurationsQuery,
  configurationPage,
  configurationsQuery,
  type HistoryQuery,
  type HistoryView,
  historyQuery,
  historyView,
} from './schemas/configurations.ts';
import { type DecisionBody, type DecisionReply, decisionBody, decisionReply } from './schemas/decisions.ts';
import {
  type EvidenceList,
  type EvidenceParams,
  type EvidenceView,
  evidenceList,
  evidenceParams,
  evidenceView,
} from './schemas/evidence.ts';
import { type FileList, type FileProgress, fileList, fileProgress } from './schemas/files.ts';
import { type GenesisView, genesisView } from './schemas/genesis.ts';
import {
  type GovernanceView,
  governanceView,
  type MemberList,
  type MemberParams,
  type MemberView,
  memberList,
  memberParams,
  memberView,
  type NodeList,
  nodeList,
  type ProposalList,
  type ProposalParams,
  type ProposalView,
  proposalList,
  proposalParams,
  proposalView,
} from './schemas/governance.ts';
import { type IdentityView, identityView } from './schemas/identities.ts';
import { type TransferRequest, type TransferView, transferRequest, transferView } from './schemas/leadership.ts';
import { type JsonValue, jsonValue } from './schemas/primitives.ts';
import {
  type AccessReceiptQuery,
  accessReceiptQuery,
  type ConsistencyReceiptQuery,
  consistencyReceiptQuery,
  type ReceiptFileView,
  type ReceiptQuery,
  receiptFileView,
  receiptQuery,
  type StateReceiptQuery,
  stateReceiptQuery,
} from './schemas/receipts.ts';
import {
  type ExplainQuery,
  explainQuery,
  type TransactionExplanation,
  transactionExplanation,
  type WhatIfPage,
  type WhatIfRequest,
  whatIfPage,
  whatIfRequest,
} from './schemas/replay.ts';
import { type HealthView, healthView, type StatusView, statusView } from './schemas/status.ts';
import {
  type AccessProofPage,
  type AccessProofQuery,
  accessProofPage,
  accessProofQuery,
  type CredentialList,
  credentialList,
  type DomainList,
  type DomainParams,
  type DomainView,
  didParams,
  domainList,
  domainParams,
  domainView,
  type LinkParams,
  type LinkView,
  linkParams,
  linkView,
  type RecordParams,
  type RecordView,
  recordParams,
  recordView,
  type StreamPage,
  type StreamQuery,
  type SubjectParams,
  streamPage,
  streamQuery,
} from './schemas/subjects.ts';
import {
  type TransactionPage,
  type TransactionsQuery,
  transactionPage,
  transactionsQuery,
} from './schemas/transaction-rows.ts';
import {
  type SubmitQuery,
  type SubmitReply,
  submitQuery,
  submitReply,
  type TransactionParams,
  type TransactionReply,
  transactionParams,
  transactionQuery,
  transactionReply,
  type WaitQuery,
} from './schemas/transactions.ts';

import {
  type DisputePage,
  disputePage,
  type ReviewPage,
  type ReviewsQuery,
  reviewPage,
  reviewsQuery,
  type WaitingQuery,
  waitingQuery,
} from './schemas/waiting.ts';

/** Media type of one signed transaction. */
export const transactionMediaType: string = 'application/octet-stream';
/** Media type of a canonical msgpack array of signed transactions, each as binary. */
export const transactionsMediaType: string = 'application/vnd.assent.transactions';

/** Bounds of a request; what exceeds them is refused before it is read further. */
export const requestLimits: {
  readonly transactionBytesMax: number;
  readonly batchTransactionsMax: number;
  readonly batchBytesMax: number;
  readonly jsonBytesMax: number;
} = {
  // Of the largest kind.
  transactionBytesMax: 192 * 1024,
  batchTransactionsMax: 1000,
  batchBytesMax: 4 * 1024 * 1024,
  jsonBytesMax: 64 * 1024,
};

type Stream<Params> = Route<Params, StreamQuery, never, StreamPage>;

export interface Routes {
  readonly submit: Route<Nothing, SubmitQuery, Uint8Array, SubmitReply>;
  readonly transaction: Route<TransactionParams, WaitQuery, never, TransactionReply>;
  readonly transactions: Route<Nothing, TransactionsQuery, never, TransactionPage>;
  readonly explain: Route<TransactionParams, ExplainQuery, never, TransactionExplanation>;
  readonly block: Route<BlockParams, Nothing, never, BlockView>;
  readonly blocks: Route<Nothing, BlocksQuery, never, BlockPage>;
  readonly rawBlocks: Route<Nothing, RawBlocksQuery, never, RawBlockPage>;
  readonly consents: Stream<SubjectParams>;
  readonly access: Stream<SubjectParams>;
  readonly accessProofs: Route<SubjectParams, AccessProofQuery, never, AccessProofPage>;
  readonly timeline: Stream<SubjectParams>;
  readonly enrolment: Stream<SubjectParams>;
  readonly domains: Route<Nothing, Nothing, never, DomainList>;
  readonly domain: Route<DomainParams, Nothing, never, DomainView>;
  readonly link: Route<LinkParams, Nothing, never, LinkView>;
  readonly domainRecords: Stream<DomainParams>;
  readonly reviews: Route<DomainParams, ReviewsQuery, never, ReviewPage>;
  readonly disputes: Route<DomainParams, WaitingQuery, never, DisputePage>;
  readonly identity: Route<SubjectParams, Nothing, never, IdentityView>;
  readonly identityHistory: Stream<SubjectParams>;
  readonly credentials: Route<SubjectParams, Nothing, never, CredentialList>;
  readonly record: Route<RecordParams, Nothing, never, RecordView>;
  readonly members: Route<Nothing, Nothing, never, MemberList>;
  readonly member: Route<MemberParams, Nothing, never, MemberView>;
  readonly governance: Route<Nothing, Nothing, never, GovernanceView>;
  readonly governanceHistory: Stream<Nothing>;
  readonly nodes: Route<Nothing, Nothing, never, NodeList>;
  readonly configurations: Route<Nothing, ConfigurationsQuery, never, ConfigurationPage>;
  readonly history: Route<Nothing, HistoryQuery, never, HistoryView>;
  readonly transactionReceipt: Route<TransactionParams, ReceiptQuery, never, ReceiptFileView>;
  readonly stateReceipt: Route<Nothing, StateReceiptQuery, never, ReceiptFileView>;
  readonly consistencyReceipt: Route<Nothing, ConsistencyReceiptQuery, never, ReceiptFileView>;
  readonly accessReceipt: Route<SubjectParams, AccessReceiptQuery, never, ReceiptFileView>;
  readonly checkpoints: Route<Nothing, Nothing, never, CheckpointList>;
  readonly checkpoint: Route<CheckpointParams, CheckpointQuery, never, ReceiptFileView>;
  readonly cosign: Route<CosignatureParams, Nothing, CosignatureBody, CosignatureReply>;
  readonly proposals: Route<Nothing, Nothing, never, ProposalList>;
  readonly proposal: Route<ProposalParams, Nothing, never, ProposalView>;
  readonly decide: Route<Nothing, Nothing, DecisionBody, DecisionReply>;
  readonly whatIf: Route<DomainParams, Nothing, WhatIfRequest, WhatIfPage>;
  readonly lookAtArchive: Route<Nothing, Nothing, Record<string, never>, ArchiveView>;
  readonly prune: Route<Nothing, Nothing, PruneRequest, PruneView>;
  readonly createSnapshot: Route<Nothing, Nothing, Record<string, never>, FileProgress>;
  readonly snapshots: Route<Nothing, Nothing, never, FileList>;
  readonly backup: Route<Nothing, Nothing, Record<string, never>, FileProgress>;
  readonly transferLeadership: Route<Nothing, Nothing, TransferRequest, TransferView>;
  readonly genesis: Route<Nothing, Nothing, never, GenesisView>;
  readonly evidence: Route<Nothing, Nothing, never, EvidenceList>;
  readonly evidenceRecord: Route<EvidenceParams, Nothing, never, EvidenceView>;
  readonly status: Route<Nothing, Nothing, never, StatusView>;
  readonly healthz: Route<Nothing, Nothing, never, HealthView>;
  readonly readyz: Route<Nothing, Nothing, never, HealthView>;
  readonly metrics: Route<Nothing, Nothing, never, string>;
  readonly openapi: Route<Nothing, Nothing, never, JsonValue>;
}

/** What any route may answer: the request did not parse, the node is busy or going away, or it has a bug. */
export const commonErrors: readonly ErrorCode[] = ['request-invalid', 'overloaded', 'shutting-down', 'internal'];

/** What any route that reads the ledger may answer besides. */
const readErrors: readonly ErrorCode[] = ['no-quorum', 'node-behind'];

/** What whoever makes a receipt may answer. */
const receiptErrors: readonly ErrorCode[] = [
  'block-unknown',
  'history-not-kept',
  'receipt-too-large',
  'storage-damaged',
];

const ingressErrors: readonly ErrorCode[] = [
  'encoding-invalid',
  'encoding-too-large',
  'transaction-malformed',
  'transaction-too-large',
  'transaction-kind-unknown',
  'transaction-payload-invalid',
  'signature-invalid',
  'key-not-current',
  'window-expired',
  'window-too-far',
  'no-quorum',
  'outcome-unknown',
  'clock-fault',
  'recovering',
  'storage-full',
  'storage-failed',
];

function subjectStream(operation: string, last: string, summary: string): Stream<SubjectParams> {
  return { ...streamOf(operation, `/v1/subjects/{did}/${last}`, summary), params: didParams };
}

function streamOf(operation: string, path: string, summary: string): Stream<never> {
  const reply = { mediaType: 'application/json', schema: streamPage } as const;
  return {
    operation,
    method: 'GET',
    path,
    summary,
    query: streamQuery,
    reply,
    readsLedger: true,
    errors: ['history-not-kept'],
  };
}

function jsonBody<T>(description: string, schema: z.ZodType<T>): BodyFormat<T> {
  return { mediaType: 'application/json', description, bytesMax: requestLimits.jsonBytesMax, schema };
}

export const routes: Routes = {
  submit: {
    operation: 'submitTransactions',
    method: 'POST',
    path: '/v1/transactions',
    summary:
      'Submit signed transactions. A single one that is not taken ends with the error; in a batch each has its own outcome. 202 when wait=none.',
    query: submitQuery,
    bodies: [
      {
        mediaType: transactionMediaType,
        description: 'One signed transaction (docs/protocol.md, "Transactions").',
        bytesMax: requestLimits.transactionBytesMax,
      },
      {
        mediaType: transactionsMediaType,
        description: 'A canonical msgpack array of up to 1,000 signed transactions, each as binary.',
        bytesMax: requestLimits.batchBytesMax,
      },
    ],
    reply: { mediaType: 'application/json', schema: submitReply },
    statuses: [200, 202],
    errors: ingressErrors,
  },
  transaction: {
    operation: 'getTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}',
    summary: 'A committed transaction and its receipt. With wait=committed, waits for it up to timeoutMs.',
    params: transactionParams,
    query: transactionQuery,
    reply: { mediaType: 'application/json', schema: transactionReply },
    readsLedger: true,
    errors: ['transaction-unknown', 'history-not-kept'],
  },
  transactions: {
    operation: 'listTransactions',
    method: 'GET',
    path: '/v1/transactions',
    summary:
      'Committed transactions by subject, agent, organisation, kind, consent and time; of a batch of accesses, each access.',
    query: transactionsQuery,
    reply: { mediaType: 'application/json', schema: transactionPage },
    readsLedger: true,
    errors: ['history-not-kept', 'storage-damaged'],
  },
  explain: {
    operation: 'explainTransaction',
    method: 'GET',
    path: '/v1/transactions/{id}/explain',
    summary:
      'A committed transaction, executed once more at its place: which rules it met, what each saw, how its decisions came about.',
    params: transactionParams,
    query: explainQuery,
    reply: { mediaType: 'application/json', schema: transactionExplanation },
    readsLedger: true,
    errors: ['transaction-unknown', 'history-not-kept', 'rule-set-unknown'],
  },
  block: {
    operation: 'getBlock',
    method: 'GET',
    path: '/v1/blocks/{reference}',
    summary: 'A committed block by height or hash, or the head.',
    params: blockParams,
    reply: { mediaType: 'application/json', schema: blockView },
    readsLedger: true,
    errors: ['block-unknown', 'history-not-kept'],
  },
  blocks: {
    operation: 'listBlocks',
    method: 'GET',
    path: '/v1/blocks',
    summary: 'Headers of committed blocks, ascending.',
    query: blocksQuery,
    reply: { mediaType: 'application/json', schema: blockPage },
    readsLedger: true,
    errors: ['history-not-kept'],
  },
  rawBlocks: {
    operation: 'listRawBlocks',
    method: 'GET',
    path: '/v1/raw-blocks',
    summary:
      'Committed blocks as they travelled, ascending, about 1 MiB a page: all that it takes to verify the ledger.',
    query: rawBlocksQuery,
    reply: { mediaType: 'application/json', schema: rawBlockPage },
    readsLedger: true,
    errors: ['history-not-kept'],
  },
  consents: subjectStream('listConsents', 'consents', "What happened to the subject's consents."),
  access: subjectStream('listAccess', 'access', "The subject's access log: every decision, denials included."),
  accessProofs: {
    operation: 'listAccessProofs',
    method: 'GET',
    path: '/v1/subjects/{did}/access/proofs',
    summary: "Entries of the subject's access log, each with the proof that it stands there.",
    params: didParams,
    query: accessProofQuery,
    reply: { mediaType: 'application/json', schema: accessProofPage },
    readsLedger: true,
    errors: ['not-found', 'history-not-kept'],
  },
  timeline: subjectStream('listTimeline', 'timeline', 'Records anchored for the subject.'),
  enrolment: subjectStream(
    'listEnrolment',
    'enrolment',
    "The history of the subject's link to its domain: linked, unlinked, merged, who holds the key.",
  ),
  domains: {
    operation: 'listDomains',
    method: 'GET',
    path: '/v1/domains',
    summary: 'The custodians of records on this ledger.',
    reply: { mediaType: 'application/json', schema: domainList },
    readsLedger: true,
    errors: [],
  },
  domain: {
    operation: 'getDomain',
    method: 'GET',
    path: '/v1/domains/{name}',
    summary: 'One domain and its policy.',
    params: domainParams,
    reply: { mediaType: 'application/json', schema: domainView },
    readsLedger: true,
    errors: ['not-found'],
  },
  link: {
    operation: 'getLink',
    method: 'GET',
    path: '/v1/domains/{name}/subjects/{did}',
    summary: 'The link between a subject and a domain.',
    params: linkParams,
    reply: { mediaType: 'application/json', schema: linkView },
    readsLedger: true,
    errors: ['not-found'],
  },
  domainRecords: {
    ...streamOf('listDomainRecords', '/v1/domains/{name}/records', 'Records anchored for the domain, of no subject.'),
    params: domainParams,
  },
  reviews: {
    operation: 'listReviews',
    method: 'GET',
    path: '/v1/domains/{name}/reviews',
    summary: 'Broken glasses that wait for a review: in time, or with the deadline passed.',
    params: domainParams,
    query: reviewsQuery,
    reply: { mediaType: 'application/json', schema: reviewPage },
    readsLedger: true,
    errors: ['not-found'],
  },
  disputes: {
    operation: 'listDisputes',
    method: 'GET',
    path: '/v1/domains/{name}/disputes',
    summary: 'Disputes of log entries that wait for an answer.',
    params: domainParams,
    query: waitingQuery,
    reply: { mediaType: 'application/json', schema: disputePage },
    readsLedger: true,
    errors: ['not-found'],
  },
  identity: {
    operation: 'getIdentity',
    method: 'GET',
    path: '/v1/identities/{did}',
    summary: 'Which key signs for an identity, who can recover it, what is open, and who acts for it.',
    params: didParams,
    reply: { mediaType: 'application/json', schema: identityView },
    readsLedger: true,
    errors: [],
  },
  identityHistory: {
    ...streamOf(
      'listIdentityHistory',
      '/v1/identities/{did}/history',
      'What happened to an identity: keys, guardians, recoveries, delegates.',
    ),
    params: didParams,
  },
  credentials: {
    operation: 'listCredentials',
    method: 'GET',
    path: '/v1/agents/{did}/credentials',
    summary: "The agent's credentials that are not revoked, and its groups, with what counts now.",
    params: didParams,
    reply: { mediaType: 'application/json', schema: credentialList },
    readsLedger: true,
    errors: [],
  },
  record: {
    operation: 'getRecord',
    method: 'GET',
    path: '/v1/agents/{did}/records/{eventId}',
    summary: 'One anchored item, by who anchored it and under which event id.',
    params: recordParams,
    reply: { mediaType: 'application/json', schema: recordView },
    readsLedger: true,
    errors: ['not-found'],
  },
  members: {
    operation: 'listMembers',
    method: 'GET',
    path: '/v1/members',
    summary: 'The members of the consortium with their keys, and how many of them decide.',
    reply: { mediaType: 'application/json', schema: memberList },
    readsLedger: true,
    errors: [],
  },
  member: {
    operation: 'getMember',
    method: 'GET',
    path: '/v1/members/{name}',
    summary: 'One member, also one that was removed.',
    params: memberParams,
    reply: { mediaType: 'application/json', schema: memberView },
    readsLedger: true,
    errors: ['not-found'],
  },
  governance: {
    operation: 'getGovernance',
    method: 'GET',
    path: '/v1/governance',
    summary: 'What members have set together: parameters, who issues which role, versions of the rules.',
    reply: { mediaType: 'application/json', schema: governanceView },
    readsLedger: true,
    errors: [],
  },
  governanceHistory: streamOf(
    'listGovernanceHistory',
    '/v1/governance/history',
    'Every proposal, vote and withdrawal, and what members did to nodes of their own.',
  ),
  nodes: {
    operation: 'listNodes',
    method: 'GET',
    path: '/v1/nodes',
    summary: "The ledger's nodes with their roles, and the approved changes that wait.",
    reply: { mediaType: 'application/json', schema: nodeList },
    readsLedger: true,
    errors: [],
  },
  configurations: {
    operation: 'listConfigurations',
    method: 'GET',
    path: '/v1/configurations',
    summary: "The configurations of the ledger's nodes that this node can prove, from that of genesis on.",
    query: configurationsQuery,
    reply: { mediaType: 'application/json', schema: configurationPage },
    readsLedger: true,
    errors: [],
  },
  history: {
    operation: 'getConfigurationHistory',
    method: 'GET',
    path: '/v1/configurations/history',
    summary: 'The changes of the configuration since a known one, with all that anyone needs to verify them offline.',
    query: historyQuery,
    reply: { mediaType: 'application/json', schema: historyView },
    readsLedger: true,
    errors: ['not-found'],
  },
  transactionReceipt: {
    operation: 'getTransactionReceipt',
    method: 'GET',
    path: '/v1/receipts/transactions/{id}',
    summary: 'A receipt: that the transaction stands in a certified block with its result, to be verified offline.',
    params: transactionParams,
    query: receiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: ['transaction-unknown', ...receiptErrors],
  },
  stateReceipt: {
    operation: 'getStateReceipt',
    method: 'GET',
    path: '/v1/receipts/state',
    summary:
      'A receipt: what stands under a key of the state after the newest block, or after the one at a height, or that nothing does.',
    query: stateReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  consistencyReceipt: {
    operation: 'getConsistencyReceipt',
    method: 'GET',
    path: '/v1/receipts/consistency',
    summary: 'A receipt: that an older block and its history are the beginning of the history of a newer one.',
    query: consistencyReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  accessReceipt: {
    operation: 'getAccessReceipt',
    method: 'GET',
    path: '/v1/receipts/access/{did}',
    summary: "A receipt: every entry of the subject's access log in a time, and that there are no others.",
    params: didParams,
    query: accessReceiptQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: receiptErrors,
  },
  checkpoints: {
    operation: 'listCheckpoints',
    method: 'GET',
    path: '/v1/checkpoints',
    summary: 'The newest heights that witnesses cosigned, with the cosignatures that the node has.',
    reply: { mediaType: 'application/json', schema: checkpointList },
    readsLedger: true,
    errors: [],
  },
  checkpoint: {
    operation: 'getCheckpoint',
    method: 'GET',
    path: '/v1/checkpoints/{reference}',
    summary:
      'A receipt of a block, with the cosignatures of it: of this height, or the latest that has enough of them.',
    params: checkpointParams,
    query: checkpointQuery,
    reply: { mediaType: 'application/json', schema: receiptFileView },
    readsLedger: true,
    errors: ['not-found', ...receiptErrors],
  },
  cosign: {
    operation: 'cosignCheckpoint',
    method: 'POST',
    path: '/v1/checkpoints/{height}/cosignatures',
    summary:
      'Hand in a cosignature: of a member, or of a witness that the operator named. The newest eight of each are kept.',
    params: cosignatureParams,
    bodies: [jsonBody('The cosignature.', cosignatureBody)],
    reply: { mediaType: 'application/json', schema: cosignatureReply },
    readsLedger: true,
    errors: [
      'block-unknown',
      'checkpoint-contradicted',
      'signature-invalid',
      'witness-unknown',
      'storage-failed',
      'storage-full',
    ],
  },
  proposals: {
    operation: 'listProposals',
    method: 'GET',
    path: '/v1/proposals',
    summary: 'The newest proposals, with their votes.',
    reply: { mediaType: 'application/json', schema: proposalList },
    readsLedger: true,
    errors: [],
  },
  proposal: {
    operation: 'getProposal',
    method: 'GET',
    path: '/v1/proposals/{id}',
    summary: 'One proposal, however old.',
    params: proposalParams,
    reply: { mediaType: 'application/json', schema: proposalView },
    readsLedger: true,
    errors: ['not-found'],
  },
  decide: {
    operation: 'decide',
    method: 'POST',
    path: '/v1/decisions',
    summary:
      'What the rules would decide now, or would have decided after a past block: one question, or up to 100 together; advisory, not logged, releases nothing. Or, with `commit`, up to 100 signed requests: each answered when its entry is certified.',
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The request in the JSON form of the rule set.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: decisionBody,
      },
    ],
    reply: { mediaType: 'application/json', schema: decisionReply },
    readsLedger: true,
    errors: ['not-found', 'block-unknown', 'history-not-kept', 'rule-set-unknown'],
  },
  whatIf: {
    operation: 'whatIf',
    method: 'POST',
    path: '/v1/domains/{name}/what-if',
    summary:
      'A slice of the recorded decisions of a domain, each recomputed, and those that another policy would have changed.',
    params: domainParams,
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The candidate policy and the period; for the next slice also where it begins.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: whatIfRequest,
      },
    ],
    reply: { mediaType: 'application/json', schema: whatIfPage },
    readsLedger: true,
    errors: ['not-found', 'history-not-kept', 'rule-set-unknown'],
  },
  lookAtArchive: {
    operation: 'lookAtArchive',
    method: 'POST',
    path: '/v1/archive/look',
    summary: "Look at the files of the node's archive again: some may have come from elsewhere.",
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: archiveView },
    errors: ['archive-unset'],
  },
  prune: {
    operation: 'prune',
    method: 'POST',
    path: '/v1/archive/prune',
    summary:
      'Give up blocks, receipts and past states that are archived and older than is to be kept. They are answered from the archive then. Asked again, say whether it is done.',
    bodies: [jsonBody('What is to be kept at least; of null and null the policy of the node.', pruneRequest)],
    reply: { mediaType: 'application/json', schema: pruneView },
    errors: ['archive-unset', 'archive-full', 'archive-permission', 'archive-failed', 'archive-damaged'],
  },
  createSnapshot: {
    operation: 'createSnapshot',
    method: 'POST',
    path: '/v1/snapshots',
    summary:
      "Write a certified snapshot of the state into the node's folder of snapshots; asked again, say whether it is written.",
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: fileProgress },
    errors: ['snapshot-unavailable', 'archive-full', 'archive-permission', 'archive-failed'],
  },
  snapshots: {
    operation: 'listSnapshots',
    method: 'GET',
    path: '/v1/snapshots',
    summary: "The snapshots in the node's folder.",
    reply: { mediaType: 'application/json', schema: fileList },
    errors: ['archive-permission', 'archive-failed'],
  },
  backup: {
    operation: 'backup',
    method: 'POST',
    path: '/v1/backups',
    summary:
      'Write all that the node has of the ledger into one file in its folder of snapshots; asked again, say whether it is written. No key is in it.',
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: fileProgress },
    errors: ['block-unknown', 'archive-full', 'archive-permission', 'archive-failed'],
  },
  transferLeadership: {
    operation: 'transferLeadership',
    method: 'POST',
    path: '/v1/leadership/transfer',
    summary:
      'Begin to hand the leadership to another voter. Only the leader can; whether it succeeded, the next term shows.',
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The node id of the voter, or null for the one that is furthest.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: transferRequest,
      },
    ],
    reply: { mediaType: 'application/json', schema: transferView },
    errors: ['not-leader', 'leadership-kept', 'not-found'],
  },
  genesis: {
    operation: 'getGenesis',
    method: 'GET',
    path: '/v1/genesis',
    summary: 'What the ledger was founded with, for a node that joins: the hash of it is the ledger id.',
    reply: { mediaType: 'application/json', schema: genesisView },
    errors: [],
  },
  evidence: {
    operation: 'listEvidence',
    method: 'GET',
    path: '/v1/evidence',
    summary: 'What this node can prove against nodes that broke the rules.',
    reply: { mediaType: 'application/json', schema: evidenceList },
    errors: [],
  },
  evidenceRecord: {
    operation: 'getEvidence',
    method: 'GET',
    path: '/v1/evidence/{id}',
    summary: 'One proof with its record, which anyone can verify offline.',
    params: evidenceParams,
    reply: { mediaType: 'application/json', schema: evidenceView },
    errors: ['not-found'],
  },
  status: {
    operation: 'getStatus',
    method: 'GET',
    path: '/v1/status',
    summary: 'The node as it sees itself.',
    reply: { mediaType: 'application/json', schema: statusView },
    errors: [],
  },
  healthz: {
    operation: 'getHealth',
    method: 'GET',
    path: '/healthz',
    summary: 'The process runs and its main thread answers.',
    reply: { mediaType: 'application/json', schema: healthView },
    errors: [],
  },
  readyz: {
    operation: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    summary: 'A leader with a majority is known, so submissions can be committed.',
    reply: { mediaType: 'application/json', schema: healthView },
    errors: ['no-quorum', 'recovering', 'storage-failed'],
  },
  metrics: {
    operation: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the Prometheus text format.',
    reply: { mediaType: 'text/plain' },
    errors: [],
  },
  openapi: {
    operation: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description.',
    reply: { mediaType: 'application/json', schema: jsonValue },
    errors: [],
  },
};

export const routeList: readonly AnyRoute[] = Object.values(routes);

/** Every expected failure of the route. */
export function errorsOf({ errors, readsLedger }: AnyRoute): readonly ErrorCode[] {
  return [...errors, ...(readsLedger === true ? readErrors : []), ...commonErrors];
}
