import type { Nothing, Route } from '../route.ts';
import {
  type EvidenceList,
  type EvidenceParams,
  type EvidenceView,
  evidenceList,
  evidenceParams,
  evidenceView,
} from '../schemas/evidence.ts';
import { type GenesisView, genesisView } from '../schemas/genesis.ts';
import { type JsonValue, jsonValue } from '../schemas/primitives.ts';
import { type HealthView, healthView, type StatusView, statusView } from '../schemas/status.ts';

/** What a node says of itself, of its ledger and of others. */
export interface NodeRoutes {
  readonly genesis: Route<Nothing, Nothing, never, GenesisView>;
  readonly evidence: Route<Nothing, Nothing, never, EvidenceList>;
  readonly evidenceRecord: Route<EvidenceParams, Nothing, never, EvidenceView>;
  readonly status: Route<Nothing, Nothing, never, StatusView>;
  readonly healthz: Route<Nothing, Nothing, never, HealthView>;
  readonly readyz: Route<Nothing, Nothing, never, HealthView>;
  readonly metrics: Route<Nothing, Nothing, never, string>;
  readonly openapi: Route<Nothing, Nothing, never, JsonValue>;
}

export const nodeRoutes: NodeRoutes = {
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
