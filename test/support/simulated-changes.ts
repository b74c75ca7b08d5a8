import { assert, equalBytes, present, toHex } from '../../src/base/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../src/ledger/codec/index.ts';
import {
  type NodeConfiguration,
  type NodeOfConfiguration,
  nodeConfiguration,
  openConfiguration,
} from '../../src/ledger/configuration.ts';
import type { ConfigurationStep, RecoveryContent, StateView, StateWriter } from '../../src/ledger/types/execution.ts';

/** The simulator's rules for the configuration: what is in force, and a queue of changes, with as few rules as will do. */

const configurationKey = 'sim/configuration';
const changesKey = 'sim/changes';
const steps: readonly unknown[] = ['add', 'promote', 'demote', 'remove'];
const waitingMax = 16;

export function beginConfiguration(nodes: readonly NodeOfConfiguration[], state: StateWriter): void {
  state.put(configurationKey, nodeConfiguration(0, nodes).bytes);
}

export function configurationIn(state: StateView): NodeConfiguration {
  return openConfiguration(present(state.get(configurationKey), 'genesis begins a configuration'));
}

export function waitingChanges(state: StateView): readonly ConfigurationStep[] {
  const bytes = state.get(changesKey);
  if (bytes === undefined) return [];
  return (decodeCanonical(bytes) as readonly CanonicalValue[]).map((item) => {
    const [step, publicKey] = item as readonly CanonicalValue[];
    return { step: step as ConfigurationStep['step'], publicKey: publicKey as Uint8Array };
  });
}

/** Whether the payload is `[1, step, node key]`, perhaps with the fewest voters that may be left. */
export function isChange(payload: readonly CanonicalValue[]): boolean {
  const [, step, publicKey, votersMin] = payload;
  const isBound = payload.length === 3 || (payload.length === 4 && typeof votersMin === 'number');
  return isBound && steps.includes(step) && publicKey instanceof Uint8Array && publicKey.length === 32;
}

/** Puts a change at the end of the queue; false when it does not apply after those before it. A removed key never returns. */
export function awaitChange(payload: readonly CanonicalValue[], state: StateWriter): boolean {
  const [, step, publicKey, votersMin = 1] = payload as readonly [
    CanonicalValue,
    ConfigurationStep['step'],
    Uint8Array,
    number?,
  ];
  const waiting = waitingChanges(state);
  let nodes: readonly NodeOfConfiguration[] | undefined = configurationIn(state).nodes;
  for (const before of waiting) nodes = nodes && after(nodes, before);
  const isRetired = (change: ConfigurationStep): boolean =>
    change.step === 'remove' && equalBytes(change.publicKey, publicKey);
  if (step === 'add' && (state.get(retiredKey(publicKey)) !== undefined || waiting.some(isRetired))) return false;
  const changed = nodes && after(nodes, { step, publicKey });
  if (waiting.length === waitingMax || changed === undefined) return false;
  const isShrinking = step === 'demote' || step === 'remove';
  if (isShrinking && changed.filter(({ role }) => role === 'voter').length < votersMin) return false;
  putWaiting([...waiting, { step, publicKey }], state);
  return true;
}

export function enactFirstChange(state: StateWriter): void {
  const [first, ...rest] = waitingChanges(state);
  assert(first !== undefined, 'a change waits');
  const { generation, nodes } = configurationIn(state);
  const changed = present(after(nodes, first), 'a waiting change applies');
  state.put(configurationKey, nodeConfiguration(generation, changed).bytes);
  putWaiting(rest, state);
  if (first.step === 'remove') state.put(retiredKey(first.publicKey), Uint8Array.of(1));
}

/** Puts the nodes of a recovery in the place of all others. */
export function refoundNodes(state: StateWriter, recovery: RecoveryContent): boolean {
  const { generation, nodes } = configurationIn(state);
  if (recovery.generation !== generation + 1) return false;
  if (recovery.nodes.some(({ publicKey }) => state.get(retiredKey(publicKey)) !== undefined)) return false;
  for (const { publicKey } of nodes) state.put(retiredKey(publicKey), Uint8Array.of(1));
  const founded = recovery.nodes.map(({ publicKey, role }) => ({ publicKey, role }));
  state.put(configurationKey, nodeConfiguration(recovery.generation, founded).bytes);
  putWaiting([], state);
  return true;
}

function retiredKey(publicKey: Uint8Array): string {
  return `sim/retired/${toHex(publicKey)}`;
}

function putWaiting(waiting: readonly ConfigurationStep[], state: StateWriter): void {
  if (waiting.length === 0) state.delete(changesKey);
  else state.put(changesKey, encodeCanonical(waiting.map(({ step, publicKey }) => [step, publicKey])));
}

/** The nodes after a step; undefined when it does not apply. */
function after(
  nodes: readonly NodeOfConfiguration[],
  { step, publicKey }: ConfigurationStep,
): readonly NodeOfConfiguration[] | undefined {
  const found = nodes.find((node) => equalBytes(node.publicKey, publicKey));
  const others = nodes.filter((node) => node !== found);
  const isLastVoter = !others.some(({ role }) => role === 'voter');
  const withRole = (role: NodeOfConfiguration['role']): readonly NodeOfConfiguration[] =>
    nodes.map((node) => (node === found ? { publicKey, role } : node));
  switch (step) {
    case 'add':
      return found === undefined ? [...nodes, { publicKey, role: 'learner' }] : undefined;
    case 'promote':
      return found?.role === 'learner' ? withRole('voter') : undefined;
    case 'demote':
      return found?.role === 'voter' && !isLastVoter ? withRole('learner') : undefined;
    case 'remove':
      return found === undefined || isLastVoter ? undefined : others;
  }
}
