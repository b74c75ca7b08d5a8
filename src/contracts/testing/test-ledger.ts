import { assert, equalBytes, present, toHex, utf8 } from '../../base/index.ts';
import {
  createPortableSigner,
  encodeDid,
  type Signer,
  sha256,
  verifySignaturePortable,
} from '../../crypto/portable.ts';
import { builtInContracts, ruleSet } from '../built-in.ts';
import type { Catalogue } from '../engine/catalogue.ts';
import { ContractError, type VerifySignature } from '../engine/contract.ts';
import { createRuleExecutor, type TracingRuleExecutor } from '../engine/executor.ts';
import { type Explanation, explainTransaction, ScratchState } from '../engine/trace.ts';
import {
  type BlockContext,
  type ConfigurationStep,
  decodeCanonical,
  type ExecutedTransaction,
  encodeCanonical,
  type IndexEntry,
  ledgerLimits,
  type StateView,
  type TransactionContent,
} from '../ledger-types.ts';
import { type TestGenesis, testGenesis } from './test-genesis.ts';

/** Somebody with a key. The same name always has the same key. */
export interface TestActor {
  readonly name: string;
  readonly signer: Signer;
  readonly key: Uint8Array;
  readonly keyHex: string;
  readonly did: string;
}

/** What a transaction came to, in JSON form. */
export interface TestResult {
  readonly ok: boolean;
  readonly id: string;
  /** What the kind declares as output. */
  readonly output: Record<string, unknown> | null;
  /** Of a refusal. */
  readonly code: string | undefined;
  readonly rule: string | undefined;
}

export interface TestLedgerOptions extends TestGenesis {
  /** The built-in contracts unless stated. */
  readonly contracts?: Catalogue;
  /** Milliseconds since the Unix epoch of the first block. */
  readonly startsAt?: number;
}

/** A ledger of one: contracts without a node. Every transaction is a block, at a time that the test sets. */
export interface TestLedger {
  readonly executor: TracingRuleExecutor;
  readonly ledgerId: Uint8Array;
  readonly state: StateView;
  /** Block time of the next transaction. Set it to move the clock. */
  nowMs: number;
  readonly height: number;
  /** Who has this name; a member's name is its governance key. */
  actor(name: string): TestActor;
  /** Sends a payload in JSON form. */
  submit(sender: string, kind: string, payload: unknown): TestResult;
  /** An empty block that enacts the first change of the configuration that waits, and tells it; undefined when none does. */
  enact(): ConfigurationStep | undefined;
  /** Why a transaction would be permitted or refused now; changes nothing. */
  explain(sender: string, kind: string, payload: unknown): Explanation;
  /** Entries of a query index, as bytes, in order. */
  stream(name: string): readonly Uint8Array[];
}

const startsAtDefault = 1_750_000_000_000;

/**
 * Makes a test ledger. Every transaction is executed twice and compared, so a contract that is not deterministic fails
 * here. @throws ContractError when it is not; AssentError for a payload that does not match its schema.
 */
export function testLedger(options: TestLedgerOptions = {}): TestLedger {
  const catalogue = options.contracts ?? builtInContracts;
  const executor = createRuleExecutor(catalogue, { ruleSet, verifySignature: rememberingVerifier() });
  const ledgerId = sha256(utf8('test ledger'));
  const stored = new Map<string, Uint8Array>();
  const streams = new Map<string, Uint8Array[]>();
  const actors = new Map<string, TestActor>();
  const state: StateView = { get: (key) => stored.get(key) };

  function actor(name: string): TestActor {
    const known = actors.get(name) ?? actorNamed(name);
    actors.set(name, known);
    return known;
  }

  function commit(scratch: ScratchState): void {
    for (const [key, value] of scratch.writes) {
      demandStorable(key, value);
      if (value === undefined) stored.delete(key);
      else stored.set(key, value);
    }
  }

  function content(sender: string, kind: string, payload: unknown): TransactionContent {
    const wire = catalogue.payloadFromJson(kind, payload);
    const { key } = actor(sender);
    const validUntil = ledger.nowMs + 60_000;
    const body = encodeCanonical([1, kind, key, ledger.height, validUntil, wire]);
    return { id: sha256(body), kind, sender: key, validUntil, payload: wire, byteLength: body.length + 68 };
  }

  const blockContext = (): BlockContext => ({ ledgerId, height: ledger.height, timestamp: ledger.nowMs });

  const ledger: TestLedger & { height: number } = {
    executor,
    ledgerId,
    state,
    nowMs: options.startsAt ?? startsAtDefault,
    height: 1,
    actor,
    submit(sender, kind, payload) {
      const transaction = content(sender, kind, payload);
      const [first, second] = [new ScratchState(state), new ScratchState(state)];
      const executed = executor.execute(transaction, first, blockContext());
      demandSame(kind, first, executed, second, executor.execute(transaction, second, blockContext()));
      const { result } = executed;
      if (!result.ok && result.code !== 'limits' && first.writes.length > 0)
        throw new ContractError(`${kind} was refused by ${result.rule} after it wrote`);
      if (result.ok) {
        demandDeclared(catalogue, kind, executed.index);
        commit(first);
        for (const { stream, entry } of executed.index) streams.set(stream, [...(streams.get(stream) ?? []), entry]);
      }
      ledger.height += 1;
      return {
        ok: result.ok,
        id: toHex(transaction.id),
        output: result.ok ? catalogue.outputToJson(kind, result.output) : null,
        code: result.ok ? undefined : result.code,
        rule: result.ok ? undefined : result.rule,
      };
    },
    enact() {
      const change = executor.nextChange(state);
      if (change === undefined) return undefined;
      const scratch = new ScratchState(state);
      executor.enact(scratch, blockContext());
      commit(scratch);
      ledger.height += 1;
      return change;
    },
    explain: (sender, kind, payload) =>
      explainTransaction(executor, content(sender, kind, payload), state, blockContext()),
    stream: (name) => streams.get(name) ?? [],
  };

  const genesis = new ScratchState(state);
  executor.initialise(testGenesis(options, ruleSet, ledger.nowMs - 1, actor), genesis);
  commit(genesis);
  return ledger;
}

function actorNamed(name: string): TestActor {
  const signer = createPortableSigner(sha256(utf8(`test actor ${name}`)));
  const key = signer.publicKey;
  return { name, signer, key, keyHex: toHex(key), did: encodeDid(key) };
}

/** Every transaction is executed twice; verifying by the portable verifier is slow, so the second time it is remembered. */
function rememberingVerifier(): VerifySignature {
  const verdicts = new Map<string, boolean>();
  return (publicKey, message, signature) => {
    const question = [publicKey, message, signature].map(toHex).join();
    const verdict = verdicts.get(question) ?? verifySignaturePortable(publicKey, message, signature);
    verdicts.set(question, verdict);
    return verdict;
  };
}

function demandSame(
  kind: string,
  firstState: ScratchState,
  first: ExecutedTransaction,
  secondState: ScratchState,
  second: ExecutedTransaction,
): void {
  const same = equalBytes(fingerprint(firstState, first), fingerprint(secondState, second));
  if (!same)
    throw new ContractError(`${kind} is not deterministic: the same transaction came to two different results`);
}

/** What the ledger asserts when it stores: here it is the contract's author who is told. */
function demandStorable(key: string, value: Uint8Array | undefined): void {
  if (!/^[!-~]{1,256}$/.test(key)) throw new ContractError(`"${key}" is no state key: up to 256 printable characters`);
  if ((value?.length ?? 0) > ledgerLimits.stateValueBytesMax)
    throw new ContractError(`the value under ${key} is longer than ${ledgerLimits.stateValueBytesMax} bytes`);
}

/** Every entry is of a type that the contract declares for that stream. */
function demandDeclared(catalogue: Catalogue, kind: string, index: readonly IndexEntry[]): void {
  const namespace = catalogue.kind(kind)?.namespace;
  const streams = catalogue.contracts.find((contract) => contract.namespace === namespace)?.streams ?? {};
  const nameOf = (stream: string): string | undefined => stream.split(':')[0];
  for (const { stream, entry } of index) {
    const [, types] = Object.entries(streams).find(([declared]) => nameOf(declared) === nameOf(stream)) ?? [];
    if (types === undefined)
      throw new ContractError(`${kind} appends to ${stream}, which its contract does not declare`);
    if (types.length === 0) continue;
    const wire = decodeCanonical(entry);
    if (!Array.isArray(wire) || types.every((type) => type.describe(wire) === undefined))
      throw new ContractError(`${kind} appends to ${stream} an entry that its contract does not declare`);
  }
}

function fingerprint(state: ScratchState, executed: ExecutedTransaction): Uint8Array {
  const { result } = executed;
  const outcome = result.ok ? [true, result.output] : [false, result.code, result.rule];
  const writes = state.writes.map(([key, value]) => [key, value ?? null]);
  const index = executed.index.map(({ stream, entry }) => [stream, entry]);
  return encodeCanonical([outcome, result.ok ? writes : [], index]);
}

/** The id of what a successful transaction created. */
export function createdId(result: TestResult, field: string): string {
  assert(result.ok, `refused: ${result.code}`);
  return String(present(result.output?.[field], `the output has no ${field}`));
}
