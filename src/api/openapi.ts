import { z } from 'zod';
import { type ErrorCode, errorTable } from '../base/index.ts';
import { type AnyRoute, type BodyFormat, consistencyQueryOf } from './route.ts';
import { errorsOf, routeList } from './routes.ts';
import { blockPage, blockSummary, blockView, certificateView, rawBlockPage } from './schemas/blocks.ts';
import { configurationPage, configurationView, historyView } from './schemas/configurations.ts';
import { consistencyHeaders } from './schemas/consistency.ts';
import { decisionRequest, decisionView } from './schemas/decisions.ts';
import { errorDetail, errorReply } from './schemas/errors.ts';
import { evidenceList, evidenceSummary, evidenceView } from './schemas/evidence.ts';
import { genesisView } from './schemas/genesis.ts';
import { governanceView, memberList } from './schemas/governance.ts';
import { identityView } from './schemas/identities.ts';
import { inForceView } from './schemas/in-force.ts';
import type { JsonValue } from './schemas/primitives.ts';
import { healthView, statusView } from './schemas/status.ts';
import { credentialList, domainList, domainView, linkView, recordView, streamPage } from './schemas/subjects.ts';
import { outcomeView, receiptView, resultView, submitReply, transactionReply } from './schemas/transactions.ts';

type JsonObject = { readonly [name: string]: JsonValue };

/** Schemas with a name of their own in the document. */
const named: Readonly<Record<string, z.ZodType>> = {
  BlockPage: blockPage,
  BlockSummary: blockSummary,
  Block: blockView,
  Certificate: certificateView,
  Configuration: configurationView,
  ConfigurationHistory: historyView,
  ConfigurationPage: configurationPage,
  CredentialList: credentialList,
  Decision: decisionView,
  DecisionRequest: decisionRequest,
  Domain: domainView,
  DomainList: domainList,
  Error: errorReply,
  ErrorDetail: errorDetail,
  Evidence: evidenceView,
  EvidenceList: evidenceList,
  GenesisView: genesisView,
  Governance: governanceView,
  MemberList: memberList,
  EvidenceSummary: evidenceSummary,
  Health: healthView,
  Identity: identityView,
  InForce: inForceView,
  Link: linkView,
  Outcome: outcomeView,
  RawBlockPage: rawBlockPage,
  Record: recordView,
  Receipt: receiptView,
  Result: resultView,
  Status: statusView,
  StreamPage: streamPage,
  SubmitReply: submitReply,
  Transaction: transactionReply,
};

const componentPath = '#/components/schemas/';

/** JSON schemas (2020-12) that the rule set brings along. */
export interface RuleSchemas {
  /** Of each kind of transaction, the JSON form of its payload. */
  readonly payloads: Readonly<Record<string, JsonValue>>;
  readonly decisionRequest: JsonValue;
}

/**
 * The OpenAPI 3.1 document of the routes, for `/openapi.json`. With the rules' schemas it also has the payload of each
 * kind of transaction, as `payload.<kind>`.
 */
export function openApiDocument(version: string, rules?: RuleSchemas): JsonObject {
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of routeList) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Assent node', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: { ...componentSchemas(), ...schemasOf(rules) } },
  };
}

function componentSchemas(): JsonObject {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => componentPath + id });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

// OpenAPI allows letters, digits, dots, hyphens and underscores in names of components.
function schemasOf(rules: RuleSchemas | undefined): JsonObject {
  if (rules === undefined) return {};
  const payloads = Object.entries(rules.payloads).map(([kind, schema]) => [`payload.${kind}`, bare(schema as object)]);
  return { ...Object.fromEntries(payloads), DecisionRequest: bare(rules.decisionRequest as object) };
}

function operationOf(route: AnyRoute): JsonObject {
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...parametersOf(route.readsLedger ? consistencyQueryOf(route) : undefined, 'query'),
    ],
    ...(route.bodies === undefined ? {} : { requestBody: bodyOf(route.bodies) }),
    responses: responsesOf(route),
  };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return [];
  const object = schemaOf(schema) as { properties: Record<string, JsonValue>; required?: readonly string[] };
  return Object.entries(object.properties).map(([name, property]) => ({
    name,
    in: place,
    required: object.required?.includes(name) ?? false,
    schema: property,
  }));
}

function bodyOf(bodies: readonly BodyFormat<unknown>[]): JsonObject {
  const content = bodies.map(({ mediaType, schema, description }) => [
    mediaType,
    { schema: schema === undefined ? { type: 'string', format: 'binary', description } : schemaOf(schema) },
  ]);
  return { required: true, content: Object.fromEntries(content) };
}

function responsesOf(route: AnyRoute): JsonObject {
  const schema = route.reply.mediaType === 'application/json' ? schemaOf(route.reply.schema) : { type: 'string' };
  const responses: Record<string, JsonValue> = {};
  for (const status of route.statuses ?? [200]) {
    responses[status] = {
      description: route.summary,
      ...(route.readsLedger === true && { headers: readHeaders }),
      content: { [route.reply.mediaType]: { schema } },
    };
  }
  const byStatus = Map.groupBy(errorsOf(route), (code) => errorTable[code].httpStatus);
  for (const [status, codes] of byStatus) responses[status] = errorResponse(codes);
  return responses;
}

const readHeaders: JsonObject = Object.fromEntries(
  Object.entries(consistencyHeaders).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
);

function errorResponse(codes: readonly ErrorCode[]): JsonObject {
  const description = codes.map((code) => `\`${code}\`: ${errorTable[code].meaning}`).join('\n');
  return { description, content: { 'application/json': { schema: { $ref: `${componentPath}Error` } } } };
}

/** A reference when the schema has a name, else the schema itself. */
function schemaOf(schema: z.ZodType): JsonValue {
  const name = Object.keys(named).find((candidate) => named[candidate] === schema);
  return name === undefined ? bare(z.toJSONSchema(schema, { io: 'input' })) : { $ref: componentPath + name };
}

/** Without what the document as a whole already says. */
function bare(schema: object): JsonValue {
  const { $schema: _dialect, $id: _address, ...rest } = schema as Record<string, JsonValue>;
  return rest;
}
