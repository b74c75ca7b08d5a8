import type { Policy } from './request.ts';
import { type Asked, includesPurpose } from './target.ts';

export interface GateRefusal {
  readonly element: 'role' | 'purpose';
  readonly expected: string;
  readonly got: string;
}

/** Step 0: one of the requester's roles may claim the purpose. Consent never grants what the role refuses. */
export function gateRefusal(
  policy: Pick<Policy, 'roles'>,
  { roles, purpose }: { readonly roles: readonly string[]; readonly purpose: string },
): GateRefusal | undefined {
  if (policy.roles === undefined || mayClaim(policy.roles, roles, purpose)) return undefined;
  const held = policy.roles.filter(({ role }) => roles.includes(role));
  if (held.length === 0)
    return {
      element: 'role',
      expected: policy.roles.map(({ role }) => role).join(', ') || 'none',
      got: roles.join(', ') || 'none',
    };
  return { element: 'purpose', expected: held.flatMap(({ purposes }) => purposes).join(', '), got: purpose };
}

function mayClaim(listed: NonNullable<Policy['roles']>, roles: readonly string[], purpose: string): boolean {
  for (const { role, purposes } of listed)
    if (roles.includes(role)) for (const general of purposes) if (includesPurpose(general, purpose)) return true;
  return false;
}

/** What became of the legal basis that was cited; undefined when none was. */
export type Basis =
  | { readonly name: string; readonly applies: true; readonly honourDeny: boolean }
  | { readonly name: string; readonly applies: false; readonly failed: 'not-listed' | 'purpose' | 'role' };

/** Step 10: the domain lists it, with the purpose, by subsumption, and a role that the requester holds. */
export function citedBasis(policy: Policy, { request, purpose }: Asked): Basis | undefined {
  const { legalBasis: name, requester } = request;
  if (name === undefined) return undefined;
  const listed = policy.legalBases.filter((basis) => basis.name === name);
  const held = listed.filter(({ roles }) => roles.some((role) => requester.roles.includes(role)));
  const applying = held.find(({ purposes }) => purposes.some((general) => includesPurpose(general, purpose)));
  if (applying !== undefined) return { name, applies: true, honourDeny: applying.honourDeny };
  return { name, applies: false, failed: listed.length === 0 ? 'not-listed' : held.length === 0 ? 'role' : 'purpose' };
}
