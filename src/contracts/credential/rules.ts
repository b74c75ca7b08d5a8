import { equalBytes, present, toHex } from '../../base/index.ts';
import type { ApplyContext, Rule, RuleContext } from '../engine/contract.ts';
import { memberOfKey } from '../governance/members.ts';
import { senderIsMember } from '../rules.ts';
import { type Credential, credentialsOf, held, type IssuedCredential, issued } from './state.ts';

/** What is done to a credential that was issued. */
export interface OnCredential {
  readonly credential: Uint8Array;
}

const credentialIsOwn: Rule<OnCredential> = {
  name: 'credential-is-own',
  code: 'credential-not-own',
  sentence: 'This member has issued no such credential.',
  permits: ({ payload, state, senderHex }) =>
    issued.get(state, toHex(payload.credential))?.organisation === memberOfKey(state, senderHex),
};

const credentialIsNotRevoked: Rule<OnCredential> = {
  name: 'credential-is-not-revoked',
  code: 'credential-revoked',
  sentence: 'This credential was already revoked.',
  permits: ({ payload, state }) => issued.get(state, toHex(payload.credential))?.revokedAt === undefined,
};

/** Only the member that issued a credential changes it, until it revokes it. */
export const rulesOfIssuer: readonly Rule<OnCredential>[] = [senderIsMember, credentialIsOwn, credentialIsNotRevoked];

/** What is kept of the credential for ever. */
export function issuedCredential({ payload, state }: RuleContext<OnCredential>): IssuedCredential {
  return present(issued.get(state, toHex(payload.credential)), 'a rule checked that the credential was issued');
}

/** The credential as the agent holds it. */
export function heldCredential(context: RuleContext<OnCredential>): Credential {
  const all = credentialsOf(context.state, issuedCredential(context).agent);
  const found = all.find(({ id }) => equalBytes(id, context.payload.credential));
  return present(found, 'a credential that is not revoked is held');
}

/** Puts another in the place of the credential, or none. */
export function replaceHeld(context: ApplyContext<OnCredential>, changed: Credential | undefined): void {
  const { agent } = issuedCredential(context);
  const credentials = credentialsOf(context.state, agent).flatMap((credential) => {
    if (!equalBytes(credential.id, context.payload.credential)) return [credential];
    return changed === undefined ? [] : [changed];
  });
  held.put(context.state, [toHex(agent)], { credentials });
}
