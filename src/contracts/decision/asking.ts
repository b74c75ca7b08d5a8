import type { Asked } from '../../decision/index.ts';
import type { Credential } from '../credential/state.ts';
import type { DomainPolicy } from '../enrolment/policy.ts';
import { type GateMismatch, gateMismatch } from './gate.ts';
import { askedOf, type RequestFacts } from './question.ts';

/** What a decision takes of who asks and what for, whoever it is about. */
export interface Asking {
  /** What failed of step 0. */
  readonly gate: GateMismatch | undefined;
  readonly asked: Asked;
}

/** See `DecisionInput`. */
export function askingOf(known: {
  readonly policy: DomainPolicy;
  readonly request: RequestFacts;
  readonly held: readonly Credential[];
  readonly groups: readonly string[];
  readonly atMs: number;
}): Asking {
  const { policy, request, held, groups, atMs } = known;
  return { gate: gateMismatch(policy, request, held), asked: askedOf(request, held, groups, atMs) };
}
