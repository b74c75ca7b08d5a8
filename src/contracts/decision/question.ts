import { toHex } from '../../base/index.ts';
import { type Asked, type DecisionPolicy, type PurposeOfUse, readDomainPolicy } from '../../decision/index.ts';
import type { Credential } from '../credential/state.ts';
import type { DomainPolicy } from '../enrolment/policy.ts';
import type { Action, Role } from '../tables/codes.ts';

/** Who asks for what. Signed by the agent; the same shape is asked without a log entry. */
export interface RequestFacts {
  readonly agent: Uint8Array;
  /** The role that the agent claims, by a credential of this organisation. */
  readonly role: Role;
  readonly organisation: string;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  /** Name of one of the domain's, where the access is not to stand on consent. */
  readonly legalBasis?: string;
}

/** How a key is named among actors. */
export function keyText(key: Uint8Array): string {
  return `key:${toHex(key)}`;
}

/** Keys in a text as DIDs, for people. @param didOf of a key in hexadecimal */
export function withDids(text: string, didOf: (keyHex: string) => string): string {
  return text.replace(/key:([0-9a-f]{64})/g, (_, hex: string) => didOf(hex));
}

/**
 * The question as the decision takes it. An actor of a consent is met by the agent's key, a role that it holds, and every
 * organisation and group that it belongs to then; what it may claim follows from the one role that it names.
 */
export function askedOf(
  request: RequestFacts,
  held: readonly Credential[],
  groups: readonly string[],
  atMs: number,
): Asked {
  const { agent, role, purpose, action, legalBasis } = request;
  const references = [
    keyText(agent),
    ...held.flatMap((credential) => [`member:${credential.organisation}`, `role:${credential.role}`]),
    ...groups,
  ];
  return {
    atMs,
    purpose,
    request: { action, requester: { references, roles: [role] }, ...(legalBasis === undefined ? {} : { legalBasis }) },
  };
}

const known = new WeakMap<DomainPolicy, ReturnType<typeof readDomainPolicy>>();

/** The domain's rules as the decision takes them; read once for each version, which never changes. */
export function rulesOf(policy: DomainPolicy): ReturnType<typeof readDomainPolicy> {
  const before = known.get(policy);
  if (before !== undefined) return before;
  const rules = readDomainPolicy(decisionPolicyOf(policy));
  known.set(policy, rules);
  return rules;
}

/** The domain's policy in the form of `assent/decision`. */
export function decisionPolicyOf({ implicit, timeZone, roles, emergency, legalBases }: DomainPolicy): DecisionPolicy {
  return { implicit, timeZone, roles, emergency, legalBases };
}
