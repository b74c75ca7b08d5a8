import { assert, present, toHex } from '../../base/index.ts';
import type {
  BlockContext,
  CanonicalValue,
  ExecutedTransaction,
  GenesisContent,
  RuleExecutor,
  StateView,
  StateWriter,
  TransactionContent,
  TransactionResult,
} from '../ledger-types.ts';
import type { Catalogue } from './catalogue.ts';
import { type ApplyContext, engineCodes, type Kind, type VerifySignature } from './contract.ts';
import { LimitReached, type Limits, largeLimits, limits, Session } from './session.ts';
import type { Trace } from './trace.ts';

export interface RuleExecutorOptions {
  /** Name of the rule set, as genesis states it. */
  readonly ruleSet: string;
  readonly verifySignature: VerifySignature;
  readonly limits?: Limits;
}

/** The port of the ledger, and the same evaluation with a trace. */
export interface TracingRuleExecutor extends RuleExecutor {
  /** Executes and tells the trace which rules were looked at, what each saw, and which decided. */
  executeTraced(
    transaction: TransactionContent,
    state: StateWriter,
    block: BlockContext,
    trace: Trace,
  ): ExecutedTransaction;
}

type PayloadContent = Pick<TransactionContent, 'kind' | 'payload'>;
type DecodedPayload = ReturnType<Kind['payloadCodec']['fromWire']>;

/** Puts contracts behind the ledger's port. Synchronous, deterministic, without effects but those on the given state. */
export function createRuleExecutor(catalogue: Catalogue, options: RuleExecutorOptions): TracingRuleExecutor {
  const { ruleSet, verifySignature } = options;
  const identities = catalogue.contracts.find((contract) => contract.identities !== undefined)?.identities;
  const keeper = catalogue.contracts.find((contract) => contract.configuration !== undefined);

  // Of what is executed next: one reading serves the look at its form and the execution, which takes it along. Kept longer,
  // the many objects of a batch would be moved by V8.
  let read: { readonly content: PayloadContent; readonly decoded: DecodedPayload } | undefined;
  function takePayload(kind: Kind, content: PayloadContent): DecodedPayload {
    const decoded = read?.content === content ? read.decoded : kind.payloadCodec.fromWire(content.payload);
    read = undefined;
    return decoded;
  }

  function executeTraced(
    transaction: TransactionContent,
    state: StateWriter,
    block: BlockContext,
    trace: Trace | undefined,
  ): ExecutedTransaction {
    const kind = catalogue.kind(transaction.kind);
    assert(kind !== undefined, `a transaction of unknown kind ${transaction.kind} reached execution`);
    if (identities?.isDeactivated(state, transaction.sender, block.timestamp))
      return refused('identity-deactivated', 'sender-is-active');
    const decoded = takePayload(kind, transaction);
    if (!decoded.ok) return refused('payload-invalid', 'payload-shape');
    const session = new Session(state, kind.namespace, options.limits ?? (kind.isLarge ? largeLimits : limits));
    if (trace !== undefined) session.onRead = (key, found) => trace.read(key, found);
    const context: ApplyContext<Record<string, unknown>> = {
      payload: decoded.value,
      sender: transaction.sender,
      senderHex: toHex(transaction.sender),
      transaction: { id: transaction.id, idHex: toHex(transaction.id), validUntil: transaction.validUntil },
      block,
      state: session,
      ruleSet,
      verifySignature,
      saw: (what, value) => trace?.saw(what, value),
      emit: (stream, entry) => session.emit({ stream, entry }),
    };
    try {
      return run(kind, context, session, trace);
    } catch (thrown) {
      if (thrown instanceof LimitReached) return refused('limits', thrown.message);
      throw thrown;
    }
  }

  return {
    ruleSet,
    kinds: new Set(catalogue.kindNames),
    currentKey: (state: StateView, sender: Uint8Array) => identities?.currentKey(state, sender) ?? sender,
    largeKinds: catalogue.largeKinds,
    checkPayload(content, isExecutedNext) {
      const kind = catalogue.kind(content.kind);
      if (kind === undefined) return `unknown kind ${content.kind}`;
      const decoded = kind.payloadCodec.fromWire(content.payload);
      if (isExecutedNext) read = { content, decoded };
      return decoded.ok ? undefined : decoded.problem;
    },
    execute: (transaction, state, block) => executeTraced(transaction, state, block, undefined),
    executeTraced,
    latestDeadline(state) {
      const deadlines = catalogue.contracts.map((contract) => contract.latestDeadline?.(state) ?? 0);
      const latest = Math.max(0, ...deadlines);
      return latest === 0 ? undefined : latest;
    },
    configuration: (state) => keeper?.configuration?.current(state) ?? { generation: 0, nodes: [] },
    nextChange: (state) => keeper?.configuration?.next(state),
    enact(state, block) {
      const { namespace, configuration } = present(keeper, 'a change waits only where a contract keeps the nodes');
      const session = new Session(state, namespace, unbounded);
      session.beginWrites();
      configuration?.enact(session, block);
    },
    refound(state, recovery, block) {
      if (keeper?.configuration === undefined) return false;
      const session = new Session(state, keeper.namespace, unbounded);
      session.beginWrites();
      return keeper.configuration.refound(session, recovery, block);
    },
    initialise(genesis: GenesisContent, state: StateWriter) {
      for (const contract of catalogue.contracts) {
        const session = new Session(state, contract.namespace, unbounded);
        session.beginWrites();
        contract.initialise?.(genesis, session);
      }
    },
  };
}

// Genesis is checked by people before it is agreed on, and only its own size bounds it; what the rules let wait must be
// enacted.
const unbounded: Limits = {
  readsMax: Number.MAX_SAFE_INTEGER,
  writesMax: Number.MAX_SAFE_INTEGER,
  entriesMax: 0,
  bytesMax: Number.MAX_SAFE_INTEGER,
  valueBytesMax: limits.valueBytesMax,
};

function run(
  kind: Kind,
  context: ApplyContext<Record<string, unknown>>,
  session: Session,
  trace: Trace | undefined,
): ExecutedTransaction {
  for (const rule of kind.rules) {
    trace?.enter(rule);
    const permitted = rule.permits(context);
    trace?.leave(permitted);
    if (!permitted)
      return { result: { ok: false, code: rule.code, rule: rule.name, sentence: rule.sentence }, index: [] };
  }
  session.beginWrites();
  const output = kind.apply(context);
  return { result: { ok: true, output: encodeOutput(kind, output) }, index: session.index };
}

function encodeOutput(kind: Kind, output: Readonly<Record<string, unknown>> | undefined): CanonicalValue {
  assert((kind.outputCodec === undefined) === (output === undefined), `output of ${kind.name} is not as declared`);
  return output === undefined ? null : (kind.outputCodec?.toWire(output) ?? null);
}

function refused(code: 'identity-deactivated' | 'limits' | 'payload-invalid', rule: string): ExecutedTransaction {
  const result: TransactionResult = { ok: false, code, rule, sentence: engineCodes[code] ?? code };
  return { result, index: [] };
}
