import type { ReplyOf, Routes } from '../index.ts';
import type { Input, OwnRoute } from './handlers.ts';
import type { LedgerReading } from './ledger-reading.ts';

/** The routes that answer with one value out of the ledger; deciding has a file of its own. */
export type LedgerRoute = Exclude<keyof Routes, OwnRoute | 'submit' | 'decide'>;

export type LedgerHandlers = {
  readonly [Name in LedgerRoute]: (
    reading: LedgerReading,
    input: Input<Routes[Name]>,
  ) => Promise<ReplyOf<Routes[Name]>>;
};

export const ledgerHandlers: LedgerHandlers = {
  transaction: (reading, { params, query }) => reading.transaction(params.id, query),
  transactions: (reading, { query }) => reading.transactions(query),
  explain: (reading, { params, query }) => reading.explain(params.id, query),
  block: (reading, { params }) => reading.block(params.reference),
  blocks: (reading, { query }) => reading.blocks(query),
  rawBlocks: (reading, { query }) => reading.rawBlocks(query),
  consents: (reading, { params, query }) => reading.subjectStream('consents', params.did, query),
  access: (reading, { params, query }) => reading.subjectStream('access', params.did, query),
  accessProofs: (reading, { params, query }) => reading.accessProofs(params.did, query),
  timeline: (reading, { params, query }) => reading.subjectStream('timeline', params.did, query),
  enrolment: (reading, { params, query }) => reading.subjectStream('enrolment', params.did, query),
  domains: (reading) => reading.domains(),
  domain: (reading, { params }) => reading.domain(params.name),
  link: (reading, { params }) => reading.link(params.name, params.did),
  domainRecords: (reading, { params, query }) => reading.domainRecords(params.name, query),
  reviews: (reading, { params, query }) => reading.reviews(params.name, query),
  disputes: (reading, { params, query }) => reading.disputes(params.name, query),
  identity: (reading, { params }) => reading.identity(params.did),
  identityHistory: (reading, { params, query }) => reading.subjectStream('identity', params.did, query),
  credentials: (reading, { params }) => reading.credentials(params.did),
  record: (reading, { params }) => reading.record(params.did, params.eventId),
  members: (reading) => reading.members(),
  member: (reading, { params }) => reading.member(params.name),
  governance: (reading) => reading.governance(),
  governanceHistory: (reading, { query }) => reading.governanceHistory(query),
  nodes: (reading) => reading.nodes(),
  configurations: (reading, { query }) => reading.configurations(query),
  history: (reading, { query }) => reading.history(query),
  transactionReceipt: (reading, { params, query }) => reading.transactionReceipt(params.id, query),
  stateReceipt: (reading, { query }) => reading.stateReceipt(query),
  consistencyReceipt: (reading, { query }) => reading.consistencyReceipt(query),
  accessReceipt: (reading, { params, query }) => reading.accessReceipt(params.did, query),
  checkpoints: (reading) => reading.checkpoints(),
  checkpoint: (reading, { params, query }) => reading.checkpoint(params, query),
  cosign: (reading, { params, body }) => reading.cosign(params.height, body),
  proposals: (reading) => reading.proposals(),
  proposal: (reading, { params }) => reading.proposal(params.id),
  whatIf: (reading, { params, body }) => reading.whatIf(params.name, body),
};
