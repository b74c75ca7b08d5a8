import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import {
  accessRequestMessage,
  type Category,
  decodeAccessRequest,
  sealAccessBatch,
  type VerifySignature,
} from '../../contracts/index.ts';
import { encodeDid, sha256 } from '../../crypto/portable.ts';
import type { SignedAccessRequest } from './access-request.ts';
import type { Identity } from './identity.ts';

/** An access as the gateway puts it into a batch. */
export interface BatchedAccess extends SignedAccessRequest {
  /** What the gateway found for the consents in force; those it leaves out count as everything possible. */
  readonly results?: readonly BatchedResult[];
  /** Only where the domain declares categories open. */
  readonly category?: Category;
  readonly inEmergencyCategory?: boolean;
}

export interface BatchedResult {
  readonly consent: string;
  readonly version: number;
  /** Mask: 1 permit, 2 deny, 4 weak deny, 8 not applicable. */
  readonly results: number;
  readonly namesBreakGlass: boolean;
}

export interface AccessBatchRequest {
  readonly ledgerId: Uint8Array;
  readonly gateway: Identity;
  /** Of one domain, at most a thousand, in the order of the outcomes. Accesses of one subject take least together. */
  readonly accesses: readonly BatchedAccess[];
  /**
   * The nodes take the gateway's word that the agents signed: so it checks that here. It is asked with the key in an agent's
   * DID; of one whose key has changed, put the current key in its place.
   */
  readonly verify: VerifySignature;
}

export interface SealedAccessBatch {
  /** Payload of `access.recordBatch` in JSON form. */
  readonly payload: Record<string, unknown>;
  /** Milliseconds since the Unix epoch: when the first of the requests expires. The transaction's must not be later. */
  readonly validUntil: number;
}

interface Group {
  readonly key: string;
  readonly access: Record<string, unknown>;
  readonly items: Record<string, unknown>[];
}

/**
 * Makes a batch of agents' requests and signs it. Keep the requests: whoever disputes an entry is shown its request.
 * @throws AssentError `signature-invalid` or `transaction-payload-invalid` naming the access that is wrong.
 */
export function sealAccesses({ ledgerId, gateway, accesses, verify }: AccessBatchRequest): SealedAccessBatch {
  const askers = new Map<string, { readonly place: number; readonly asker: object }>();
  const groups: Group[] = [];
  let domain: string | undefined;
  let validUntil = Number.MAX_SAFE_INTEGER;
  for (const [place, access] of accesses.entries()) {
    const bytes = fromHex(access.request);
    const request = bytes && requestIn(bytes);
    if (bytes === undefined || request === undefined) throw invalid(place, 'is no access request');
    const signature = fromHex(access.requestSignature);
    if (signature === undefined || !verify(request.agent, accessRequestMessage(ledgerId, bytes), signature))
      throw new AssentError('signature-invalid', `Access ${place} of the batch is not signed by its agent.`, { place });
    domain ??= request.domain;
    if (request.domain !== domain) throw invalid(place, `is of the domain ${request.domain}, not ${domain}`);
    validUntil = Math.min(validUntil, request.validUntil);
    const { role, organisation, purpose, action, legalBasis } = request;
    const agent = encodeDid(request.agent);
    const asker = { agent, role, organisation, purpose, action, ...(legalBasis && { legalBasis }) };
    const askerKey = JSON.stringify(asker);
    const listed = askers.get(askerKey) ?? { place: askers.size, asker };
    askers.set(askerKey, listed);
    const { results = [], category, inEmergencyCategory = false } = access;
    const subject = encodeDid(request.subject);
    const asked = { asker: listed.place, subject, results, ...(category && { category }), inEmergencyCategory };
    const key = JSON.stringify(asked);
    if (groups.at(-1)?.key !== key) groups.push({ key, access: asked, items: [] });
    const { eventId, resource } = request;
    const item = { eventId: toHex(eventId), resource: toHex(resource), request: toHex(sha256(bytes)) };
    present(groups.at(-1), 'there is a group').items.push(item);
  }
  const content = {
    domain: domain ?? '',
    askers: [...askers.values()].map(({ asker }) => asker),
    accesses: groups.map(({ access, items }) => ({ ...access, items })),
  };
  return { payload: sealAccessBatch(ledgerId, gateway.signer, content), validUntil };
}

function requestIn(bytes: Uint8Array): ReturnType<typeof decodeAccessRequest> {
  try {
    return decodeAccessRequest(bytes);
  } catch (thrown) {
    if (thrown instanceof AssentError) return undefined; // Not canonical bytes: no request.
    throw thrown;
  }
}

function invalid(place: number, problem: string): AssentError {
  return new AssentError('transaction-payload-invalid', `Access ${place} of the batch ${problem}.`, { place });
}
