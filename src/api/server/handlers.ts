import type { BodyOf, JsonValue, ParamsOf, QueryOf, ReplyOf, Routes } from '../index.ts';
import type { NodeService } from './service.ts';

interface Input<R extends Routes[keyof Routes]> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
}

/** The routes that answer with one value; submitting and deciding have files of their own. */
export type ReadingRoute = Exclude<keyof Routes, 'submit' | 'decide'>;

export type Handlers = {
  readonly [Name in ReadingRoute]: (input: Input<Routes[Name]>) => Promise<ReplyOf<Routes[Name]>>;
};

export function readingHandlers(service: NodeService, description: JsonValue): Handlers {
  return {
    transaction: ({ params, query }) => service.transaction(params.id, query),
    transactions: ({ query }) => service.transactions(query),
    explain: ({ params, query }) => service.explain(params.id, query),
    block: ({ params }) => service.block(params.reference),
    blocks: ({ query }) => service.blocks(query),
    rawBlocks: ({ query }) => service.rawBlocks(query),
    consents: ({ params, query }) => service.subjectStream('consents', params.did, query),
    access: ({ params, query }) => service.subjectStream('access', params.did, query),
    accessProofs: ({ params, query }) => service.accessProofs(params.did, query),
    timeline: ({ params, query }) => service.subjectStream('timeline', params.did, query),
    enrolment: ({ params, query }) => service.subjectStream('enrolment', params.did, query),
    domains: () => service.domains(),
    domain: ({ params }) => service.domain(params.name),
    link: ({ params }) => service.link(params.name, params.did),
    domainRecords: ({ params, query }) => service.domainRecords(params.name, query),
    reviews: ({ params, query }) => service.reviews(params.name, query),
    disputes: ({ params, query }) => service.disputes(params.name, query),
    identity: ({ params }) => service.identity(params.did),
    identityHistory: ({ params, query }) => service.subjectStream('identity', params.did, query),
    credentials: ({ params }) => service.credentials(params.did),
    record: ({ params }) => service.record(params.did, params.eventId),
    members: () => service.members(),
    member: ({ params }) => service.member(params.name),
    governance: () => service.governance(),
    governanceHistory: ({ query }) => service.governanceHistory(query),
    nodes: () => service.nodes(),
    configurations: ({ query }) => service.configurations(query),
    history: ({ query }) => service.history(query),
    transactionReceipt: ({ params, query }) => service.transactionReceipt(params.id, query),
    stateReceipt: ({ query }) => service.stateReceipt(query),
    consistencyReceipt: ({ query }) => service.consistencyReceipt(query),
    accessReceipt: ({ params, query }) => service.accessReceipt(params.did, query),
    checkpoints: () => service.checkpoints(),
    checkpoint: ({ params, query }) => service.checkpoint(params, query),
    cosign: ({ params, body }) => service.cosign(params.height, body),
    proposals: () => service.proposals(),
    proposal: ({ params }) => service.proposal(params.id),
    whatIf: ({ params, body }) => service.whatIf(params.name, body),
    lookAtArchive: () => service.lookAtArchive(),
    prune: ({ body }) => service.prune(body),
    createSnapshot: () => service.createSnapshot(),
    snapshots: () => service.snapshots(),
    backup: () => service.backup(),
    transferLeadership: ({ body }) => service.transferLeadership(body),
    genesis: () => service.genesis(),
    evidence: () => service.evidence(),
    evidenceRecord: ({ params }) => service.evidenceRecord(params.id),
    status: () => service.status(),
    healthz: async () => {
      await service.status();
      return { ok: true };
    },
    readyz: async () => {
      await service.readiness();
      return { ok: true };
    },
    metrics: () => service.metrics(),
    openapi: async () => description,
  };
}
