import { AssentError, compareBytes } from '../base/index.ts';
import type { Evidence } from '../consensus/portable.ts';
import { HASH_BYTES, PUBLIC_KEY_BYTES, sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../ledger/portable.ts';

/** The kinds of evidence (protocol.md §5, "Evidence", i to vi; iii has two). Append-only. */
export type EvidenceKind = Evidence['kind'];

export const evidenceKinds: readonly EvidenceKind[] = [
  'two-headers',
  'two-acks',
  'two-votes',
  'two-vote-requests',
  'ack-then-vote',
  'broken-claim',
  'broken-change',
];

/** Room for the largest: two certificates and two configurations of 64 nodes with their headers. */
export const evidenceBytesMax: number = 48 * 1024;

const recordVersion = 1;
const recordFieldCount = 8;
const contextMax = 2;
const recordLimits = { bytesMax: evidenceBytesMax, depthMax: 2, countMax: 16 };

/** Kinds of which the two statements have no order of their own. */
const unorderedKinds: ReadonlySet<EvidenceKind> = new Set([
  'two-headers',
  'two-acks',
  'two-votes',
  'two-vote-requests',
]);

/**
 * What one key signed against the rules, with all that it takes to check it. A statement is its fixed-width body and the
 * signature, a header its bytes and the signature, a term certificate its encoding.
 *
 * | kind | first | second | context |
 * |---|---|---|---|
 * | two-headers, two-acks, two-votes, two-vote-requests | a statement | the other; the lower bytes come first | none |
 * | ack-then-vote | the ack | the vote | none |
 * | broken-claim | the term certificate | the leader's header | the configuration that the header names |
 * | broken-change | the header with the change | its parent's | its justification; the configuration before, if known |
 */
export interface EvidenceRecord {
  readonly kind: EvidenceKind;
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  readonly generation: number;
  /** Ed25519 node key, 32 bytes. */
  readonly culprit: Uint8Array;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly context: readonly Uint8Array[];
}

/** The record with its statements in their one order. */
export function evidenceRecord(parts: EvidenceRecord): EvidenceRecord {
  return isOrdered(parts) ? parts : { ...parts, first: parts.second, second: parts.first };
}

/** Whether the statements stand in the one order that the kind allows, so that one contradiction is one record. */
export function isOrdered({ kind, first, second }: EvidenceRecord): boolean {
  return !unorderedKinds.has(kind) || compareBytes(first, second) < 0;
}

/** Canonical bytes `[version, kind, ledgerId, generation, culprit, first, second, [context, …]]`. */
export function encodeEvidence(record: EvidenceRecord): Uint8Array {
  const { kind, ledgerId, generation, culprit, first, second, context } = record;
  return encodeCanonical([recordVersion, kind, ledgerId, generation, culprit, first, second, context]);
}

/** Strict inverse of {@link encodeEvidence}. Nothing is verified. Throws `encoding-invalid` or `encoding-too-large`. */
export function decodeEvidence(bytes: Uint8Array): EvidenceRecord {
  const value = decodeCanonical(bytes, recordLimits);
  if (!isList(value) || value.length !== recordFieldCount) throw invalid(`it has ${recordFieldCount} fields`);
  const [version, kindText, ledgerId, generation, culprit, first, second, context] = value;
  if (version !== recordVersion) throw invalid(`version ${String(version)} is not ${recordVersion}`);
  const kind = evidenceKinds.find((known) => known === kindText);
  if (kind === undefined) throw invalid('the kind is unknown');
  if (typeof generation !== 'number' || generation < 0) throw invalid('the generation is not a count');
  if (!isList(context) || context.length > contextMax) throw invalid('the context is not a short list');
  return {
    kind,
    ledgerId: binary(ledgerId, HASH_BYTES),
    generation,
    culprit: binary(culprit, PUBLIC_KEY_BYTES),
    first: binary(first),
    second: binary(second),
    context: context.map((item) => binary(item)),
  };
}

/** SHA-256 of the encoded record. */
export function evidenceId(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

function isList(value: CanonicalValue | undefined): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function binary(value: CanonicalValue | undefined, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length))
    throw invalid('a field is not binary of its length');
  return value;
}

function invalid(reason: string): AssentError {
  return new AssentError('encoding-invalid', `the evidence is malformed: ${reason}`);
}
