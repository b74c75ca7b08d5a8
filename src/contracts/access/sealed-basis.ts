import { consents } from '../consent/state.ts';
import { askedOf } from '../decision/question.ts';
import { domainPolicyToJson } from '../enrolment/policy.ts';
import type { StateView } from '../ledger-types.ts';
import { inputOfQuestion } from './evaluate.ts';

/** All that lies open on the ledger of what sealed clauses were looked at with, in JSON form. */
export interface SealedBasis {
  readonly policy: Readonly<Record<string, unknown>>;
  /** Consents that were in force, sealed clauses as commitments. */
  readonly consents: readonly Readonly<Record<string, unknown>>[];
  /** What consents could name the agent by beside its key: `member:NAME`, `role:ROLE`, `group:MEMBER/NAME`. */
  readonly belongsTo: readonly string[];
  /** Glasses that the agent had broken for the subject; ended ones possibly among them. */
  readonly openings: readonly {
    readonly categories: readonly string[];
    readonly openedAt: number;
    readonly expiresAt: number;
  }[];
}

/** @throws as `evaluateAccess`. */
export function sealedBasis(state: StateView, question: unknown, atMs: number): SealedBasis {
  const { asked, domain, input } = inputOfQuestion(state, question, atMs);
  const [, ...belongsTo] = askedOf(asked, input.held, input.groups, atMs).request.requester.references;
  return {
    policy: domainPolicyToJson(domain.policy),
    consents: [...input.consents, ...(input.mergedConsents ?? [])].map((consent) => consents.toJson(consent)),
    belongsTo,
    openings: input.openings.map(({ categories, openedAt, expiresAt }) => ({ categories, openedAt, expiresAt })),
  };
}
