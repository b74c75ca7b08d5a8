import { AssentError, equalBytes } from '../../base/index.ts';
import { leafHash, sha256, verifyInclusion } from '../../crypto/portable.ts';
import type { VerifySignature } from '../engine/contract.ts';
import { type AccessBatchProof, accessBatchMessage } from './batch/sealed-batch.ts';
import { decodeAccessStatement } from './batch/statement.ts';
import { type AccessEntry, accessRecorded } from './entries.ts';
import { accessRequestDigest, accessRequestMessage, decodeAccessRequest } from './request.ts';

/** Verification of one entry of an access log without a node and without any other entry. Portable, no effects. */

/** That an entry stands at a place of its subject's log. */
export interface AccessLogProof {
  /** As it stands in the log. */
  readonly entry: Uint8Array;
  readonly place: number;
  /** Of the log, as the state holds them. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
}

export function verifyLoggedAccess({ entry, place, size, root, path }: AccessLogProof): boolean {
  return verifyInclusion({ leafHash: leafHash(entry), index: place, size, root, path });
}

/**
 * Whether the gateway that the entry names stated this very access at the entry's place of a batch. `gatewayKey` is the
 * key that was its own then; it has to be given where it is not that of the DID any more.
 */
export function verifyBatchedAccess(
  ledgerId: Uint8Array,
  entryBytes: Uint8Array,
  proof: AccessBatchProof,
  verify: VerifySignature,
  gatewayKey?: Uint8Array,
): boolean {
  const { size, root, path, signature } = proof;
  const entry = decoded(() => accessRecorded.decode(entryBytes));
  const statement = decoded(() => decodeAccessStatement(proof.statement));
  if (entry?.batchPlace === undefined || statement === undefined) return false;
  const isOfEntry = equalBytes(statement.asked, askedIn(entry)) && equalBytes(statement.request, entry.request);
  const index = entry.batchPlace;
  return (
    isOfEntry &&
    verifyInclusion({ leafHash: leafHash(proof.statement), index, size, root, path }) &&
    verify(gatewayKey ?? entry.gateway, accessBatchMessage(ledgerId, size, root), signature)
  );
}

/**
 * Whether this is the request that the entry stands for: signed by its agent, the same in every word, and valid when it
 * was recorded. Of an entry from a batch only its gateway can show it; one that cannot has logged what nobody asked.
 * `agentKey` as {@link verifyBatchedAccess}'s.
 */
export function verifyRequestOfAccess(
  ledgerId: Uint8Array,
  entryBytes: Uint8Array,
  signed: { readonly request: Uint8Array; readonly requestSignature: Uint8Array },
  verify: VerifySignature,
  agentKey?: Uint8Array,
): boolean {
  const entry = decoded(() => accessRecorded.decode(entryBytes));
  const request = decoded(() => decodeAccessRequest(signed.request));
  if (entry === undefined || request === undefined) return false;
  return (
    equalBytes(sha256(signed.request), entry.request) &&
    equalBytes(accessRequestDigest(request), askedIn(entry)) &&
    entry.at <= request.validUntil &&
    verify(agentKey ?? entry.agent, accessRequestMessage(ledgerId, signed.request), signed.requestSignature)
  );
}

/** Hash of all that was asked, as an entry tells it again. */
function askedIn(entry: AccessEntry): Uint8Array {
  const { eventId, agent, role, organisation, subject, domain, resource, purpose, action, legalBasis } = entry;
  const asked = { eventId, agent, role, organisation, subject, domain, resource, purpose, action };
  return accessRequestDigest({ ...asked, ...(legalBasis !== undefined && { legalBasis }), validUntil: 0 });
}

/** What is not canonical is nothing that these proofs are of. */
function decoded<T>(decode: () => T | undefined): T | undefined {
  try {
    return decode();
  } catch (thrown) {
    if (thrown instanceof AssentError) return undefined;
    throw thrown;
  }
}
