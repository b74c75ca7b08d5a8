import { equalBytes, readUint64, toHex, uint64Bytes } from '../../src/base/index.ts';
import type { CanonicalValue } from '../../src/ledger/codec/index.ts';
import type {
  BlockContext,
  ExecutedTransaction,
  GenesisContent,
  RuleExecutor,
  StateView,
  StateWriter,
  TransactionContent,
} from '../../src/ledger/types/execution.ts';
import {
  awaitChange,
  beginConfiguration,
  configurationIn,
  enactFirstChange,
  isChange,
  refoundNodes,
  waitingChanges,
} from './simulated-changes.ts';

/**
 * The simulator's rules, few and small, so that a run spends its time in consensus:
 *
 * - `sim.put` `[1, key, value]` writes;
 * - `sim.compare` `[1, key, expected | nil, value]` writes if the present value is the expected one, else is refused;
 * - `sim.delete` `[1, key]` deletes, and is refused when nothing is there;
 * - `sim.deadline` `[1, key, time]` opens a deadline: until the chain's time has passed it, an idle leader keeps sealing;
 * - `sim.change` `[1, step, node key]` lets a change of the configuration wait, and is refused when it does not apply after
 *   those that wait already; `[1, step, node key, fewest voters]` also when it would leave fewer.
 *
 * Every transaction also counts itself under its sender, so that an order or a repetition shows in the state root.
 */
export const simulatedRules: RuleExecutor = {
  ruleSet: 'simulation/1',
  largeKinds: new Set(),
  kinds: new Set(['sim.put', 'sim.compare', 'sim.delete', 'sim.deadline', 'sim.change']),
  currentKey: (_state: StateView, sender: Uint8Array): Uint8Array => sender,
  checkPayload,
  execute,
  latestDeadline: (state: StateView): number | undefined => {
    const bytes = state.get(deadlineKey);
    return bytes === undefined ? undefined : readUint64(bytes);
  },
  configuration: configurationIn,
  nextChange: (state: StateView) => waitingChanges(state)[0],
  enact: enactFirstChange,
  refound: refoundNodes,
  initialise: (genesis: GenesisContent, state: StateWriter): void => {
    state.put('sim/born', Uint8Array.of(1));
    beginConfiguration(genesis.nodes, state);
  },
};

const deadlineKey = 'sim/deadline';

function checkPayload({ kind, payload }: Pick<TransactionContent, 'kind' | 'payload'>): string | undefined {
  if (!Array.isArray(payload) || payload[0] !== 1) return 'payload: not version 1';
  if (kind === 'sim.change') return isChange(payload) ? undefined : 'payload: not a step and a node key';
  const [, key, first, second] = payload as readonly CanonicalValue[];
  if (typeof key !== 'string' || !/^[a-z0-9]{1,16}$/.test(key)) return 'payload[1]: not a key';
  const isValue = (value: CanonicalValue | undefined): boolean => value instanceof Uint8Array && value.length > 0;
  switch (kind) {
    case 'sim.put':
      return payload.length === 3 && isValue(first) ? undefined : 'payload[2]: not a value';
    case 'sim.compare':
      return payload.length === 4 && (first === null || isValue(first)) && isValue(second)
        ? undefined
        : 'payload[2]: not an expectation and a value';
    case 'sim.deadline':
      return payload.length === 3 && typeof first === 'number' ? undefined : 'payload[2]: not a time';
    default:
      return payload.length === 2 ? undefined : 'payload: too long';
  }
}

function execute(transaction: TransactionContent, state: StateWriter, block: BlockContext): ExecutedTransaction {
  const [, key, first, second] = transaction.payload as readonly CanonicalValue[];
  if (transaction.kind === 'sim.change') return change(transaction, state);
  const stateKey = `sim/value/${String(key)}`;
  const present = state.get(stateKey);
  countOf(transaction, state);
  switch (transaction.kind) {
    case 'sim.put':
      state.put(stateKey, first as Uint8Array);
      break;
    case 'sim.compare': {
      // Written before the check on purpose: a refusal must take the write back.
      state.put(stateKey, second as Uint8Array);
      const expected = first as Uint8Array | null;
      const asExpected =
        expected === null ? present === undefined : present !== undefined && equalBytes(present, expected);
      if (!asExpected) return refused('sim-compare-differs', 'sim.compare');
      break;
    }
    case 'sim.deadline':
      state.put(deadlineKey, uint64Bytes(first as number));
      break;
    default:
      if (present === undefined) return refused('sim-nothing-there', 'sim.delete');
      state.delete(stateKey);
  }
  const entry = Uint8Array.of(block.height & 0xff);
  return { result: { ok: true, output: null }, index: [{ stream: `sim:${String(key)}`, entry }] };
}

function change(transaction: TransactionContent, state: StateWriter): ExecutedTransaction {
  countOf(transaction, state);
  const isTaken = awaitChange(transaction.payload as readonly CanonicalValue[], state);
  return isTaken ? { result: { ok: true, output: null }, index: [] } : refused('sim-not-applicable', 'sim.change');
}

function countOf(transaction: TransactionContent, state: StateWriter): void {
  const counterKey = `sim/count/${toHex(transaction.sender.subarray(0, 8))}`;
  const count = state.get(counterKey)?.[0] ?? 0;
  state.put(counterKey, Uint8Array.of((count + 1) & 0xff));
}

function refused(code: string, rule: string): ExecutedTransaction {
  return { result: { ok: false, code, rule, sentence: 'The simulator wanted it so.' }, index: [] };
}
