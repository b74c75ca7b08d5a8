import type { z } from 'zod';
import type {
  BlockContext,
  CanonicalValue,
  ConfigurationContent,
  ConfigurationStep,
  GenesisContent,
  RecoveryContent,
  StateView,
} from '../ledger-types.ts';
import type { EntryType } from './stream-entry.ts';
import { SchemaError, type WireCodec, type WireSchema, wireCodec } from './wire.ts';

/** Verifies an Ed25519 signature with the node's one verdict (protocol.md §1). */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** What a rule sees: the payload as a value, who sent it, the block, the state. There is no other clock than the block's. */
export interface RuleContext<P> {
  readonly payload: P;
  /** The sender's inception key: its DID. */
  readonly sender: Uint8Array;
  /** Lower-case hex of the sender, as it stands in state keys. */
  readonly senderHex: string;
  readonly transaction: { readonly id: Uint8Array; readonly idHex: string; readonly validUntil: number };
  readonly block: BlockContext;
  readonly state: StateView;
  readonly ruleSet: string;
  readonly verifySignature: VerifySignature;
  /** Notes for the trace what this rule looked at, in words a person can compare. */
  saw(what: string, value: string | number | boolean): void;
}

/** What `apply` may do besides: write in its own namespace and append to query indexes. */
export interface ApplyContext<P> extends RuleContext<P> {
  readonly state: WritableState;
  /** Appends to a query index, for instance `consents:<subject hex>`. */
  emit(stream: string, entry: Uint8Array): void;
}

export interface WritableState extends StateView {
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
}

/** A named condition. Pure: the same context always gives the same answer. */
export interface Rule<P> {
  readonly name: string;
  /** Stable, hyphenated, never renamed. */
  readonly code: string;
  /** What it means that the rule refuses, for a patient or a privacy officer. */
  readonly sentence: string;
  permits(context: RuleContext<P>): boolean;
}

/** One kind of transaction: the shape of its payload, its rules in order, its effect. */
export interface KindDefinition<S extends z.ZodObject> {
  readonly schema: S;
  /** Version of the payload's wire form; 1 unless stated. */
  readonly version?: number;
  /** Shape of what a successful transaction reports. */
  readonly output?: z.ZodObject;
  /** A batch of many entries: larger transactions, and {@link largeLimits} of what one may touch. */
  readonly isLarge?: boolean;
  /** For docs/contracts.md: one sentence that says what it is for. */
  readonly summary: string;
  /** For docs/contracts.md: what changes when every rule permitted, a sentence each. */
  readonly effects: readonly string[];
  /** For docs/contracts.md: a payload in JSON form. */
  readonly example: Readonly<Record<string, unknown>>;
  /** Looked at in order; the first that does not permit decides. */
  readonly rules: readonly Rule<z.output<S>>[];
  /** Runs when every rule permitted. Returns the output as a value of `output`, or nothing. */
  apply(context: ApplyContext<z.output<S>>): Readonly<Record<string, unknown>> | undefined;
}

/** What the one contract that keeps the ledger's nodes does for the ledger (protocol.md §5, "Configurations"). */
export interface ConfigurationKeeper {
  /** The configuration in force. */
  current(state: StateView): ConfigurationContent;
  /** The first of the approved changes that wait. */
  next(state: StateView): ConfigurationStep | undefined;
  /** Enacts the first change that waits; called only where there is one. */
  enact(state: WritableState, block: BlockContext): void;
  /** Puts other nodes in the place of all; false, and nothing is written, where they may not stand there. */
  refound(state: WritableState, recovery: RecoveryContent, block: BlockContext): boolean;
}

/** What the one contract that keeps identities tells the engine about a sender. */
export interface IdentityKeeper {
  /** The key that signs for this DID now. */
  currentKey(state: StateView, sender: Uint8Array): Uint8Array;
  /** Whether nobody can act as this DID any more: every transaction of its is refused before any rule. */
  isDeactivated(state: StateView, sender: Uint8Array, atMs: number): boolean;
}

/**
 * What stands in each stream. Of its name, what differs is in angle brackets after a colon, as in
 * `consents:<subject hex>`. An empty list: entries of any bytes, which nobody can describe.
 */
export type Streams = Readonly<Record<string, readonly EntryType<never>[]>>;

export interface ContractDefinition<K extends Record<string, z.ZodObject>> {
  /** The first part of the contract's state keys and of its kinds. */
  readonly namespace: string;
  /** For docs/contracts.md: what it is for, a whole sentence or two. */
  readonly summary: string;
  /** The streams that it appends to. */
  readonly streams?: Streams;
  readonly kinds: { readonly [Kind in keyof K]: KindDefinition<K[Kind]> };
  /** Writes what genesis declares. @throws AssentError `genesis-invalid`. */
  initialise?(genesis: GenesisContent, state: WritableState): void;
  /** The latest time at which something open in this contract's state ends by itself. */
  latestDeadline?(state: StateView): number | undefined;
  /** Only of the contract that keeps the ledger's nodes. */
  readonly configuration?: ConfigurationKeeper;
  /** Only of the contract that keeps identities. */
  readonly identities?: IdentityKeeper;
}

/** A kind after its definition was checked. */
export interface Kind {
  readonly name: string;
  readonly namespace: string;
  readonly schema: z.ZodObject;
  readonly output: z.ZodObject | undefined;
  readonly payloadCodec: WireCodec<Record<string, unknown>>;
  readonly outputCodec: WireCodec<Record<string, unknown>> | undefined;
  readonly isLarge: boolean;
  readonly documentation: KindDocumentation;
  readonly rules: readonly Rule<Record<string, unknown>>[];
  apply(context: ApplyContext<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined;
}

/** See {@link KindDefinition}. */
export type KindDocumentation = Pick<KindDefinition<z.ZodObject>, 'summary' | 'effects' | 'example'>;

export interface Contract {
  readonly namespace: string;
  readonly summary: string;
  readonly streams: Streams;
  readonly kinds: ReadonlyMap<string, Kind>;
  initialise?(genesis: GenesisContent, state: WritableState): void;
  /** The latest time at which something open in this contract's state ends by itself. */
  latestDeadline?(state: StateView): number | undefined;
  readonly configuration?: ConfigurationKeeper;
  readonly identities?: IdentityKeeper;
}

/** A contract that breaks a rule of the engine. Thrown when it is defined, with what to change. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

const namespacePattern = /^[a-z]+$/;
const kindPattern = /^[a-z]+\.[a-z][a-zA-Z]*$/;
const hyphenated = /^[a-z]+(-[a-z0-9]+)*$/;

/** Codes that the engine itself gives: no rule may use them. */
export const engineCodes: Readonly<Record<string, string>> = {
  'identity-deactivated': 'This identity was deactivated for good; nobody can act as it any more.',
  limits: 'The transaction touches more of the ledger than one transaction may; split it.',
  'payload-invalid': 'The content of the transaction does not have the shape that its kind asks for.',
};

/**
 * Declares a contract: a namespace of state and its kinds of transaction. Everything that can be wrong with the
 * declaration is wrong here, not when a patient's transaction runs.
 * @throws ContractError naming kind, rule and what to change.
 */
export function defineContract<const K extends Record<string, z.ZodObject>>(
  definition: ContractDefinition<K>,
): Contract {
  const { namespace } = definition;
  demand(namespacePattern.test(namespace), `namespace "${namespace}": use one lower-case word`);
  const kinds = new Map<string, Kind>();
  for (const [name, kind] of Object.entries(definition.kinds)) kinds.set(name, checkedKind(namespace, name, kind));
  demand(kinds.size > 0, `contract ${namespace} has no kinds`);
  const { summary, streams = {} } = definition;
  demand(isSentence(summary), `contract ${namespace} has no summary`);
  return { ...definition, streams, kinds };
}

function checkedKind(namespace: string, name: string, definition: KindDefinition<z.ZodObject>): Kind {
  demand(kindPattern.test(name), `kind "${name}": use ${namespace}.verb`);
  demand(name.startsWith(`${namespace}.`), `kind "${name}" is outside its namespace ${namespace}`);
  demand(typeof definition.apply === 'function', `kind ${name} has no apply`);
  demand(Array.isArray(definition.rules), `kind ${name} has no list of rules`);
  const seen = new Set<string>();
  for (const rule of definition.rules) {
    checkRule(name, rule);
    demand(!seen.has(rule.name), `kind ${name} has two rules named ${rule.name}`);
    seen.add(rule.name);
  }
  const { schema, output, version, isLarge = false, summary, effects, example } = definition;
  demand(isSentence(summary), `kind ${name} has no summary`);
  demand(
    effects?.length > 0 && effects.every(isSentence),
    `kind ${name} does not say what changes, in whole sentences`,
  );
  demand(typeof example === 'object', `kind ${name} has no example`);
  return {
    name,
    namespace,
    schema,
    output,
    payloadCodec: codec(schema, 'payload', name, version),
    outputCodec: output === undefined ? undefined : codec(output, 'output', name, version),
    isLarge,
    documentation: { summary, effects, example },
    rules: definition.rules as readonly Rule<Record<string, unknown>>[],
    apply: definition.apply as Kind['apply'],
  };
}

function checkRule(kind: string, rule: Rule<never>): void {
  demand(typeof rule.name === 'string' && hyphenated.test(rule.name), `a rule of ${kind} has no hyphenated name`);
  const where = `rule ${rule.name} of ${kind}`;
  demand(typeof rule.code === 'string' && hyphenated.test(rule.code), `${where} has no hyphenated code`);
  demand(!Object.hasOwn(engineCodes, rule.code), `${where} uses the engine's own code ${rule.code}`);
  demand(typeof rule.permits === 'function', `${where} has no permits`);
  demand(isSentence(rule.sentence), `${where} has no whole sentence`);
}

function isSentence(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Z].{15,}\.$/.test(text);
}

function codec(schema: z.ZodObject, part: string, kind: string, version = 1): WireCodec<Record<string, unknown>> {
  try {
    return wireCodec(schema, part, version);
  } catch (thrown) {
    if (thrown instanceof SchemaError) throw new ContractError(`kind ${kind}: ${thrown.message}`);
    throw thrown;
  }
}

export function demand(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new ContractError(problem);
}

/** Type of a kind's payload as its rules see it. */
export type Payload<S extends z.ZodObject> = z.output<S>;
export type { CanonicalValue, WireSchema };
