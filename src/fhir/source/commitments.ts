import type { Random } from '../../base/index.ts';
import { COMMITMENT_SALT_BYTES, commit, sha256 } from '../../crypto/portable.ts';
import { decodeCanonical, encodeCanonical } from '../../ledger/portable.ts';
import type { BundleEntry, Resource } from './bundle.ts';
import { canonicalJson, canonicalResource } from './canonical.ts';
import { clinicalDate } from './clinical-date.ts';

/** Which bytes a commitment is over: the element as its file writes it, or the resource's RFC 8785 form without meta. */
export type CommittedForm = 'fhir-source' | 'fhir-canonical';

/** The content of a committed body. */
export interface CommittedContent {
  readonly form: CommittedForm;
  readonly resourceType: string;
  /** The clinical date as the resource writes it. */
  readonly date: string | undefined;
  readonly digest: Uint8Array;
}

/** A salted commitment with all that opens it. Only `commitment` may ever reach the ledger. */
export interface OpenedCommitment {
  readonly form: CommittedForm;
  readonly commitment: Uint8Array;
  /** 32 random bytes; destroying them destroys what the commitment says. */
  readonly salt: Uint8Array;
  /** Canonical msgpack `[1, form, resourceType, clinical date or null, SHA-256 of the form's bytes]`. */
  readonly body: Uint8Array;
}

/** The two commitments of one entry (protocol.md §2). */
export interface EntryCommitments {
  readonly source: OpenedCommitment;
  readonly canonical: OpenedCommitment;
}

/** Commits to an entry twice, under a fresh salt each, so that the two cannot be told to belong together. */
export function commitEntry(entry: BundleEntry, random: Random): EntryCommitments {
  return {
    source: openedCommitment('fhir-source', sourceBody(entry), random),
    canonical: openedCommitment('fhir-canonical', canonicalBody(entry.resource), random),
  };
}

/** What the `fhir-source` commitment of an entry is over. */
export function sourceBody(entry: BundleEntry): Uint8Array {
  return committedBody('fhir-source', entry.resource, sourceDigest(entry));
}

/** What the `fhir-canonical` commitment of a resource is over. */
export function canonicalBody(resource: Resource): Uint8Array {
  return committedBody('fhir-canonical', resource, canonicalDigest(resource));
}

/** SHA-256 of the resource's canonical form. Never on the ledger either. */
export function canonicalDigest(resource: Resource): Uint8Array {
  return sha256(canonicalResource(resource.node));
}

/** What a committed body says, for whoever holds its opening. Undefined when it is no body of this kind. */
export function readCommittedBody(body: Uint8Array): CommittedContent | undefined {
  const fields = decodeCanonical(body);
  if (!Array.isArray(fields) || fields.length !== 5) return undefined;
  const [version, form, resourceType, date, digest] = fields;
  if (version !== 1 || (form !== 'fhir-source' && form !== 'fhir-canonical')) return undefined;
  if (typeof resourceType !== 'string' || !(digest instanceof Uint8Array)) return undefined;
  return { form, resourceType, date: typeof date === 'string' ? date : undefined, digest };
}

/** SHA-256 of the entry's exact bytes. Never on the ledger, where a guess of the entry could be tested against it. */
export function sourceDigest(entry: BundleEntry): Uint8Array {
  return sha256(entry.bytes);
}

/**
 * SHA-256 over all of an entry that its canonical form leaves out (fullUrl, request, the resource's meta …), itself in
 * canonical form. It tells an entry that was only written anew from one whose wrapping was altered.
 */
export function wrappingDigest(entry: BundleEntry): Uint8Array {
  const meta = entry.resource.node.members.get('meta');
  return sha256(
    sha256(canonicalJson(entry.node, ['resource'])),
    meta === undefined ? new Uint8Array() : sha256(canonicalJson(meta)),
  );
}

function openedCommitment(form: CommittedForm, body: Uint8Array, random: Random): OpenedCommitment {
  const salt = random.bytes(COMMITMENT_SALT_BYTES);
  return { form, commitment: commit(salt, body), salt, body };
}

function committedBody(form: CommittedForm, resource: Resource, digest: Uint8Array): Uint8Array {
  return encodeCanonical([1, form, resource.resourceType, clinicalDate(resource.node)?.text ?? null, digest]);
}
