import type { AnyRoute, BodyOf, JsonValue, ParamsOf, QueryOf, ReplyOf, Routes } from '../index.ts';
import type { NodeService } from './service.ts';

/** What a request says, checked. */
export interface Input<R extends AnyRoute> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
}

/** The routes that read nothing of the ledger, but for submitting, which has a file of its own. */
export type OwnRoute =
  | 'lookAtArchive'
  | 'prune'
  | 'createSnapshot'
  | 'snapshots'
  | 'backup'
  | 'transferLeadership'
  | 'inForce'
  | 'reach'
  | 'genesis'
  | 'evidence'
  | 'evidenceRecord'
  | 'status'
  | 'healthz'
  | 'readyz'
  | 'metrics'
  | 'openapi';

export type OwnHandlers = {
  readonly [Name in OwnRoute]: (input: Input<Routes[Name]>) => Promise<ReplyOf<Routes[Name]>>;
};

export function ownHandlers(service: NodeService, description: JsonValue): OwnHandlers {
  return {
    lookAtArchive: () => service.lookAtArchive(),
    prune: ({ body }) => service.prune(body),
    createSnapshot: () => service.createSnapshot(),
    snapshots: () => service.snapshots(),
    backup: () => service.backup(),
    transferLeadership: ({ body }) => service.transferLeadership(body),
    inForce: ({ params, query }) => service.inForce(params.height, query),
    reach: ({ params, query }) => service.reach(params.height, query),
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
