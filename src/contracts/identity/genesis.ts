import { AssentError } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import type { GenesisContent } from '../ledger-types.ts';
import { delayBounds } from './state.ts';

/** Parameters of genesis: how long the delay of a recovery is at least, and at most. */
export const delayMinimumParameter = 'identity.recoveryDelayMinMs';
export const delayMaximumParameter = 'identity.recoveryDelayMaxMs';

const dayMs = 24 * 3_600_000;
const delayMinimumMsDefault = dayMs;
const delayMaximumMsDefault: number = 30 * dayMs;
/** A year: what is open in the state ends in a foreseeable time. */
const delayMsMax: number = 365 * dayMs;

/** Writes the bounds that genesis sets for delays. @throws AssentError `genesis-invalid`. */
export function initialiseIdentity(genesis: GenesisContent, state: WritableState): void {
  const minimumMs = parameter(genesis, delayMinimumParameter, delayMinimumMsDefault);
  const maximumMs = parameter(genesis, delayMaximumParameter, Math.max(minimumMs, delayMaximumMsDefault));
  if (minimumMs > maximumMs)
    throw new AssentError('genesis-invalid', `${delayMinimumParameter} is more than ${delayMaximumParameter}`);
  delayBounds.put(state, [], { minimumMs, maximumMs });
}

function parameter(genesis: GenesisContent, name: string, absent: number): number {
  const [, value = absent] = genesis.parameters.find(([parameterName]) => parameterName === name) ?? [];
  if (typeof value === 'number' && value >= 0 && value <= delayMsMax) return value;
  throw new AssentError(
    'genesis-invalid',
    `the parameter ${name} is not a whole number of milliseconds up to ${delayMsMax}`,
  );
}
