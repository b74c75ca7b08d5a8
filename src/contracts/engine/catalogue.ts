import { z } from 'zod';
import { AssentError } from '../../base/index.ts';
import type { CanonicalValue } from '../ledger-types.ts';
import { type Contract, demand, engineCodes, type Kind } from './contract.ts';
import type { WireCodec } from './wire.ts';

/** What a code means and which rules give it. */
export interface RuleCode {
  readonly code: string;
  readonly sentence: string;
  /** Where it comes from: `kind` and rule; none for the engine's own codes. */
  readonly rules: readonly { readonly kind: string; readonly rule: string }[];
}

/** A set of contracts that fit together: what clients, the API and the executor share. Portable. */
export interface Catalogue {
  readonly contracts: readonly Contract[];
  readonly kindNames: readonly string[];
  /** Those of them that are large. */
  readonly largeKinds: ReadonlySet<string>;
  /** Every code that a transaction can be refused with, sorted. */
  readonly ruleCodes: readonly RuleCode[];
  kind(name: string): Kind | undefined;
  /** Wire form of a payload given in JSON form. @throws AssentError `transaction-kind-unknown`, `transaction-payload-invalid`. */
  payloadFromJson(kind: string, json: unknown): CanonicalValue;
  /** JSON form of a payload's wire form. @throws as {@link payloadFromJson}. */
  payloadToJson(kind: string, wire: CanonicalValue): Record<string, unknown>;
  /** JSON form of what a successful transaction reported; null for a kind without output. @throws as {@link payloadFromJson}. */
  outputToJson(kind: string, wire: CanonicalValue): Record<string, unknown> | null;
  /** JSON schema (2020-12) of the payload's JSON form. */
  payloadJsonSchema(kind: string): Record<string, unknown>;
  outputJsonSchema(kind: string): Record<string, unknown> | null;
}

/**
 * Joins contracts. @throws ContractError for a namespace declared twice, one code with two meanings, or two contracts that
 * keep the ledger's nodes, or its identities.
 */
export function catalogueOf(contracts: readonly Contract[]): Catalogue {
  const kinds = new Map<string, Kind>();
  const namespaces = new Set<string>();
  for (const contract of contracts) {
    demand(!namespaces.has(contract.namespace), `namespace ${contract.namespace} is declared twice`);
    namespaces.add(contract.namespace);
    for (const [name, kind] of contract.kinds) kinds.set(name, kind);
  }
  const keepers = contracts.filter((contract) => contract.configuration !== undefined);
  demand(
    keepers.length <= 1,
    `several contracts keep the nodes: ${keepers.map((keeper) => keeper.namespace).join(', ')}`,
  );
  const identityKeepers = contracts.filter((contract) => contract.identities !== undefined);
  demand(
    identityKeepers.length <= 1,
    `several contracts keep identities: ${identityKeepers.map((keeper) => keeper.namespace).join(', ')}`,
  );
  const known = (name: string): Kind => {
    const kind = kinds.get(name);
    if (kind === undefined)
      throw new AssentError('transaction-kind-unknown', `there is no kind of transaction named ${name}`);
    return kind;
  };
  return {
    contracts,
    kindNames: [...kinds.keys()],
    largeKinds: new Set([...kinds.values()].filter(({ isLarge }) => isLarge).map(({ name }) => name)),
    ruleCodes: codesOf(kinds.values()),
    kind: (name) => kinds.get(name),
    payloadFromJson(name, json) {
      const kind = known(name);
      return kind.payloadCodec.toWire(valueFromJson(kind.schema, json, `payload of ${name}`));
    },
    payloadToJson(name, wire) {
      const kind = known(name);
      return jsonOf(kind.schema, kind.payloadCodec, wire);
    },
    outputToJson(name, wire) {
      const { output, outputCodec } = known(name);
      return output === undefined || outputCodec === undefined ? null : jsonOf(output, outputCodec, wire);
    },
    payloadJsonSchema: (name) => jsonSchemaOf(known(name).schema),
    outputJsonSchema(name) {
      const { output } = known(name);
      return output === undefined ? null : jsonSchemaOf(output);
    },
  };
}

/** The value of a JSON form. @throws AssentError `transaction-payload-invalid` naming the first path that is wrong. */
export function valueFromJson<S extends z.ZodObject>(schema: S, json: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  throw new AssentError(
    'transaction-payload-invalid',
    `${what}${path && ` at ${path}`}: ${issue?.message ?? 'invalid'}`,
    {
      path,
    },
  );
}

/** The JSON form of a wire form. @throws AssentError `transaction-payload-invalid`. */
export function jsonOf<S extends z.ZodObject>(
  schema: S,
  codec: WireCodec<z.output<S>>,
  wire: CanonicalValue,
): Record<string, unknown> {
  const decoded = codec.fromWire(wire);
  if (!decoded.ok) throw new AssentError('transaction-payload-invalid', decoded.problem);
  return z.encode(schema, decoded.value) as Record<string, unknown>;
}

/** JSON schema (2020-12) of a schema's JSON form. */
export function jsonSchemaOf(schema: z.ZodObject): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
}

function codesOf(kinds: Iterable<Kind>): readonly RuleCode[] {
  const codes = new Map<string, { sentence: string; rules: { kind: string; rule: string }[] }>();
  for (const [code, sentence] of Object.entries(engineCodes)) codes.set(code, { sentence, rules: [] });
  for (const kind of kinds) {
    for (const rule of kind.rules) {
      const known = codes.get(rule.code) ?? { sentence: rule.sentence, rules: [] };
      const where = `rule ${rule.name} of ${kind.name}`;
      demand(known.sentence === rule.sentence, `${where}: code ${rule.code} already means "${known.sentence}"`);
      known.rules.push({ kind: kind.name, rule: rule.name });
      codes.set(rule.code, known);
    }
  }
  return [...codes].map(([code, entry]) => ({ code, ...entry })).sort((a, b) => (a.code < b.code ? -1 : 1));
}
