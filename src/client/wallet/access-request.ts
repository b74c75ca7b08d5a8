import { toHex } from '../../base/index.ts';
import type { Action, PurposeOfUse, Role } from '../../contracts/index.ts';
import { accessRequestMessage, encodeAccessRequest } from '../../contracts/index.ts';
import type { Identity } from './identity.ts';

/** What an agent asks a custodian for. */
export interface AccessRequestContent {
  /** 16 random bytes, hexadecimal: one request is one event, one entry of the subject's log. */
  readonly eventId: string;
  /** The role that the agent claims, by a credential of this organisation. */
  readonly role: Role;
  readonly organisation: string;
  /** DID of the subject in the domain. */
  readonly subject: string;
  readonly domain: string;
  /** Salted commitment to what is asked for, hexadecimal; the custodian gets the opening. */
  readonly resource: string;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  /** Milliseconds since the Unix epoch; at most a day ahead. */
  readonly validUntil: number;
}

/** A request as the custodian's gateway embeds it in `access.record`; bytes as hexadecimal. */
export interface SignedAccessRequest {
  readonly request: string;
  readonly requestSignature: string;
}

/** Signs a request as this agent. Throws `transaction-payload-invalid` when it does not match its schema. */
export function signAccessRequest(
  ledgerId: Uint8Array,
  agent: Identity,
  content: AccessRequestContent,
): SignedAccessRequest {
  const request = encodeAccessRequest({ agent: agent.did, ...content });
  const requestSignature = agent.signer.sign(accessRequestMessage(ledgerId, request));
  return { request: toHex(request), requestSignature: toHex(requestSignature) };
}
