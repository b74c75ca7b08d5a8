import { z } from 'zod';
import { present } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/** From which block on a version of the rules holds. */
export interface Activation {
  readonly ruleSet: string;
  readonly height: number;
}

/** Versions that a ledger can have had. */
export const activationsMax = 256;

export function ruleSetName(): z.ZodString {
  return z
    .string()
    .max(64)
    .regex(/^[a-z0-9]([a-z0-9./-]*[a-z0-9])?$/, 'expected the name of a rule set');
}

const ruleSets: StateRecord<{ activations: Activation[] }> = stateRecord(
  'governance/rule-sets',
  z.strictObject({
    activations: z.array(z.strictObject({ ruleSet: ruleSetName(), height: z.int().min(0) })).max(activationsMax),
  }),
);

/** Every version of the ledger's rules, ascending by height; the last may lie ahead. */
export function activationsOf(state: StateView): readonly Activation[] {
  return ruleSets.get(state)?.activations ?? [];
}

/** The version under which the block at this height runs, as far as this state knows: one that is at most its parent's. */
export function ruleSetAt(state: StateView, height: number): string | undefined {
  return activationsOf(state).findLast((activation) => activation.height <= height)?.ruleSet;
}

/** The version that lies ahead of a block at this height. */
export function pendingActivation(state: StateView, height: number): Activation | undefined {
  const last = activationsOf(state).at(-1);
  return last !== undefined && last.height > height ? last : undefined;
}

export function addActivation(state: WritableState, activation: Activation): void {
  ruleSets.put(state, [], { activations: [...activationsOf(state), activation] });
}

/** Drops the version that lies ahead. */
export function dropActivation(state: WritableState, height: number): void {
  present(pendingActivation(state, height), 'a rule checked that a version lies ahead');
  ruleSets.put(state, [], { activations: activationsOf(state).slice(0, -1) });
}

export function initialiseRuleSets(ruleSet: string, state: WritableState): void {
  ruleSets.put(state, [], { activations: [{ ruleSet, height: 0 }] });
}
