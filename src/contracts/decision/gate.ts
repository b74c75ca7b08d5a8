import { gateRefusal, type PurposeOfUse } from '../../decision/index.ts';
import type { Credential } from '../credential/state.ts';
import type { DomainPolicy } from '../enrolment/policy.ts';
import type { Role } from '../tables/codes.ts';
import { rulesOf } from './question.ts';

export interface GateMismatch {
  readonly element: 'credential' | 'role' | 'purpose';
  readonly expected: string;
  readonly got: string;
}

interface Claim {
  readonly role: Role;
  readonly organisation: string;
  readonly purpose: PurposeOfUse;
}

/**
 * Step 0: the requester holds the role it claims, and the domain lets that role claim the purpose. Consent never grants
 * what the role refuses. Returns what failed, or undefined when the gate is open.
 */
export function gateMismatch(
  policy: DomainPolicy,
  { role, organisation, purpose }: Claim,
  held: readonly Credential[],
): GateMismatch | undefined {
  if (!held.some((credential) => credential.role === role && credential.organisation === organisation)) {
    const got = held.map((credential) => `${credential.role} of ${credential.organisation}`).join(', ');
    return { element: 'credential', expected: `${role} of ${organisation}`, got: got || 'none' };
  }
  return gateRefusal(rulesOf(policy), { purpose, roles: [role] });
}
