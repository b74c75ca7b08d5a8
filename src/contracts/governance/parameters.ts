import { z } from 'zod';
import { AssentError, present } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { approvalThresholdParameter, GenesisContent, StateView } from '../ledger-types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface ParameterDefinition {
  readonly unit: 'members' | 'milliseconds' | 'hours' | 'switch';
  readonly min: number;
  readonly max: number;
  /** What holds while nobody set it; of the threshold there is no such number. */
  readonly absent?: number;
  /** For people: what it sets. */
  readonly meaning: string;
}

export const parameterNames = [
  'governance.threshold',
  'governance.proposalValidityMs',
  'governance.proposalPauseMs',
  'governance.replaceIntervalMs',
  'domains.breakGlassRequired',
  'domains.reviewDeadlineHoursMax',
  'identity.recoveryDelayMinMs',
  'identity.recoveryDelayMaxMs',
] as const;
export type ParameterName = (typeof parameterNames)[number];

/** How many members decide. */
export const thresholdName: ParameterName & typeof approvalThresholdParameter = 'governance.threshold';

/** What members can set by a vote, and a genesis from the start: whole numbers, a switch being 0 or 1. */
export const parameterDefinitions: Readonly<Record<ParameterName, ParameterDefinition>> = {
  'governance.threshold': {
    unit: 'members',
    min: 1,
    max: 256,
    meaning: 'How many members must approve a proposal; more than half of them while it is not set.',
  },
  'governance.proposalValidityMs': {
    unit: 'milliseconds',
    min: hourMs,
    max: 90 * dayMs,
    absent: 7 * dayMs,
    meaning: 'How long members can vote on a proposal.',
  },
  'governance.proposalPauseMs': {
    unit: 'milliseconds',
    min: 0,
    max: 7 * dayMs,
    absent: hourMs,
    meaning: 'How long a member waits with the next proposal about what its last one was rejected or withdrawn about.',
  },
  'governance.replaceIntervalMs': {
    unit: 'milliseconds',
    min: 0,
    max: 365 * dayMs,
    absent: hourMs,
    meaning: 'How often a member may replace a node of its own.',
  },
  'domains.breakGlassRequired': {
    unit: 'switch',
    min: 0,
    max: 1,
    absent: 0,
    meaning: 'Whether the policy of every domain must allow breaking the glass.',
  },
  'domains.reviewDeadlineHoursMax': {
    unit: 'hours',
    min: 1,
    max: 8760,
    absent: 8760,
    meaning: 'The longest time that the policy of a domain may leave until an opened glass is reviewed.',
  },
  'identity.recoveryDelayMinMs': {
    unit: 'milliseconds',
    min: 1,
    max: 365 * dayMs,
    absent: dayMs,
    meaning: 'The shortest delay of a recovery that an identity may leave itself for a veto.',
  },
  'identity.recoveryDelayMaxMs': {
    unit: 'milliseconds',
    min: 1,
    max: 365 * dayMs,
    absent: 30 * dayMs,
    meaning: 'The longest; the shortest one while that is longer.',
  },
};

/** What is set, sorted by name. */
const parameters: StateRecord<{ values: { parameter: ParameterName; value: number }[] }> = stateRecord(
  'governance/parameters',
  z.strictObject({
    values: z
      .array(z.strictObject({ parameter: z.enum(parameterNames), value: z.int().min(0) }))
      .max(parameterNames.length),
  }),
);

/** What was set by a vote or by genesis. */
export function statedParameter(state: StateView, name: ParameterName): number | undefined {
  return parameters.get(state)?.values.find(({ parameter }) => parameter === name)?.value;
}

/** What holds; of {@link thresholdName} ask `thresholdOf`. */
export function parameterOf(state: StateView, name: Exclude<ParameterName, 'governance.threshold'>): number {
  return statedParameter(state, name) ?? present(parameterDefinitions[name].absent, 'all but the threshold have one');
}

/** Sets a parameter, or with undefined lets the default hold. */
export function putParameter(state: WritableState, name: ParameterName, value: number | undefined): void {
  const others = (parameters.get(state)?.values ?? []).filter(({ parameter }) => parameter !== name);
  const values = value === undefined ? others : [...others, { parameter: name, value }];
  parameters.put(state, [], { values: values.sort((left, right) => (left.parameter < right.parameter ? -1 : 1)) });
}

/** Whether the number is within the bounds of the parameter, whatever the ledger's state. */
export function isWithinBounds(name: ParameterName, value: number): boolean {
  const { min, max } = parameterDefinitions[name];
  return min <= value && value <= max;
}

/** Writes the parameters that genesis states. @throws AssentError `genesis-invalid`. */
export function initialiseParameters(genesis: GenesisContent, state: WritableState): void {
  parameters.put(state, [], { values: [] });
  for (const [name, value] of genesis.parameters) {
    const known = parameterNames.find((one) => one === name);
    if (known === undefined) throw invalid(`there is no parameter ${name}`);
    const { min, max } = parameterDefinitions[known];
    if (typeof value !== 'number' || !isWithinBounds(known, value))
      throw invalid(`the parameter ${name} is not a whole number from ${min} to ${max}`);
    putParameter(state, known, value);
  }
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
