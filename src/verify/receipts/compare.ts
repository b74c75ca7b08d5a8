import { AssentError, compareBytes, equalBytes } from '../../base/index.ts';
import { type NodeId, sha256, type VerifySignature, verifySignaturePortable } from '../../crypto/portable.ts';
import { decodeCanonical, decodeHeader, encodeCanonical, openConfiguration } from '../../ledger/portable.ts';
import { configurationIn } from '../configuration-steps.ts';
import { encodeReceipt, type OpenedReceipt, openReceipt, type Receipt, receiptBytesMax } from './receipt.ts';
import { type CertifiedBy, type ProvedPlace, type ProvedReceipt, verifyReceipt } from './verify.ts';

/** One of two contradicting blocks, and what was shown for it. */
export interface View extends ProvedPlace {
  /** The block whose certificate proves it, and who signed that. */
  readonly certifiedBy: CertifiedBy;
  /** Who cosigned a block of this history; no witness that kept the rules stands in both. */
  readonly cosigners: readonly Uint8Array[];
}

/**
 * Two blocks of one height, each certified. `split`: the nodes showed two histories. `abandoned`: the members gave up what
 * stood above the base of a recovery, and one of the two is of before.
 */
export interface SplitView {
  readonly verdict: 'split' | 'abandoned';
  readonly ledgerId: Uint8Array;
  readonly height: number;
  /** In the order of what was compared. */
  readonly views: readonly [View, View];
  /** Nodes in both certificates. Within one term that is misuse of the key; over two terms it is where to look first. */
  readonly signedBoth: readonly NodeId[];
  /** Witnesses that cosigned both histories: each broke the one rule that a witness has. */
  readonly cosignedBoth: readonly Uint8Array[];
  /** All that it takes to check it: bytes as {@link verifySplitView} reads them. */
  readonly evidence: Uint8Array;
}

/** `unproved`: nothing shows that the newer block has the older one's history, nor the contrary. */
export interface NoContradiction {
  readonly verdict: 'same' | 'consistent' | 'unproved';
  readonly older: ProvedPlace;
  readonly newer: ProvedPlace;
}

export type Comparison = NoContradiction | SplitView;

export function isSplit(compared: Comparison): compared is SplitView {
  return compared.verdict === 'split' || compared.verdict === 'abandoned';
}

/** What a comparison rests on. */
export interface Compared {
  readonly genesisHash: Uint8Array;
  /** A receipt of the consistency of the two blocks; it is needed where their heights differ. */
  readonly proof?: Uint8Array | string | object;
}

const format = 'assent-split-view';
const version = 1;
const evidenceLimits = { bytesMax: 2 * receiptBytesMax + 64, depthMax: 1, countMax: 5 };

interface Shown {
  readonly receipt: OpenedReceipt;
  readonly proved: ProvedReceipt;
}

/**
 * Whether two receipts, of checkpoints or of any kind, show one history. Each is verified from genesis. Throws the code of
 * the receipt that proves nothing.
 */
export function compareCheckpoints(
  one: Uint8Array | string | object,
  other: Uint8Array | string | object,
  { genesisHash, proof }: Compared,
  verify: VerifySignature = verifySignaturePortable,
): Comparison {
  const [first, second] = [shown(one, genesisHash, verify), shown(other, genesisHash, verify)];
  const third = proof === undefined ? undefined : shown(proof, genesisHash, verify);
  const split =
    contradiction(first, second) ??
    (third === undefined ? undefined : (contradiction(first, third) ?? contradiction(third, second)));
  if (split !== undefined) return split;
  const [older, newer] = [first, second]
    .map(({ proved: { asOf } }) => asOf)
    .sort((left, right) => left.height - right.height) as [ProvedPlace, ProvedPlace];
  if (older.height === newer.height) return { verdict: 'same', older, newer };
  // Only the two blocks of a consistency receipt are proved to have one history; the head is above them.
  const isLinked = [first, second, third].some(
    (link) => link?.proved.kind === 'consistency' && isAt(link.proved.older, older) && isAt(link.proved.asOf, newer),
  );
  return { verdict: isLinked ? 'consistent' : 'unproved', older, newer };
}

/** Checks the evidence of a split view, offline. Throws `verification-failed`, or the code of a receipt in it. */
export function verifySplitView(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
  verify: VerifySignature = verifySignaturePortable,
): SplitView {
  const [one, other] = decodeSplitView(bytes);
  const compared = compareCheckpoints(one, other, { genesisHash }, verify);
  if (isSplit(compared)) return compared;
  throw new AssentError('verification-failed', 'The two receipts in it do not contradict each other.');
}

/** Canonical bytes `[1, "assent-split-view", receipt, receipt]`, the lower bytes first. */
function encodeSplitView(one: Receipt, other: Receipt): Uint8Array {
  const receipts = [encodeReceipt(one), encodeReceipt(other)].sort(compareBytes);
  return encodeCanonical([version, format, ...receipts]);
}

/** Strict inverse; nothing is verified. Throws `verification-failed`. */
export function decodeSplitView(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const value = isSplitView(bytes) ? decodeCanonical(bytes, evidenceLimits) : undefined;
  const [, , one, other] = Array.isArray(value) && value.length === 4 && value[0] === version ? value : [];
  if (one instanceof Uint8Array && other instanceof Uint8Array && compareBytes(one, other) < 0) return [one, other];
  throw new AssentError('verification-failed', 'The file is no evidence of a split view.');
}

/** Whether a file says of itself that it is such evidence. */
export function isSplitView(bytes: Uint8Array): boolean {
  const beginning = encodeCanonical([version, format, null, null]).slice(0, -2);
  return equalBytes(bytes.subarray(0, beginning.length), beginning);
}

/** Throws the code of a receipt. */
function shown(input: Uint8Array | string | object, genesisHash: Uint8Array, verify: VerifySignature): Shown {
  const receipt = openReceipt(input);
  const proved = verifyReceipt(input, { genesisHash }, verify);
  if (!proved.ok) throw new AssentError(proved.code, proved.message);
  return { receipt, proved };
}

/** Every block of which a receipt proves the hash; the first is the one that it is about. */
function placesOf(proved: ProvedReceipt): readonly ProvedPlace[] {
  const { asOf, certifiedBy } = proved;
  return [
    asOf,
    ...(certifiedBy === undefined ? [] : [certifiedBy]),
    ...(proved.kind === 'consistency' ? [proved.older] : []),
  ];
}

function isAt(place: ProvedPlace, { height, blockHash }: ProvedPlace): boolean {
  return place.height === height && equalBytes(place.blockHash, blockHash);
}

function contradiction(one: Shown, other: Shown): SplitView | undefined {
  for (const left of placesOf(one.proved))
    for (const right of placesOf(other.proved))
      if (left.height === right.height && !equalBytes(left.blockHash, right.blockHash))
        return splitAt([left, one], [right, other]);
  return undefined;
}

function splitAt([left, one]: [ProvedPlace, Shown], [right, other]: [ProvedPlace, Shown]): SplitView {
  const views = [viewOf(left, one), viewOf(right, other)] as const;
  const { height } = left;
  const [generation, later] =
    views[0].certifiedBy.generation < views[1].certifiedBy.generation
      ? [views[0].certifiedBy.generation, other]
      : [views[1].certifiedBy.generation, one];
  const begins = recoveredAt(later.receipt, generation);
  return {
    verdict: begins !== undefined && height >= begins ? 'abandoned' : 'split',
    ledgerId: sha256(one.receipt.genesis),
    height,
    views,
    signedBoth: views[0].certifiedBy.signers.filter((signer) => views[1].certifiedBy.signers.includes(signer)),
    cosignedBoth: views[0].cosigners.filter((key) => views[1].cosigners.some((twin) => equalBytes(key, twin))),
    evidence: encodeSplitView(one.receipt, other.receipt),
  };
}

function viewOf({ height, time, blockHash }: ProvedPlace, { proved }: Shown): View {
  const { certifiedBy } = proved;
  if (certifiedBy === undefined) throw new AssentError('checkpoint-unproved', 'A receipt carries no certificate.');
  const cosigners = proved.kind === 'checkpoint' ? proved.cosignatures.map(({ witness }) => witness) : [];
  return { height, time, blockHash, certifiedBy, cosigners };
}

/** Height of the first block of a later generation than this one. */
function recoveredAt({ configurations }: Receipt, generation: number): number | undefined {
  const step = configurations.find((each) => openConfiguration(configurationIn(each)).generation > generation);
  return step && decodeHeader(step.header).height;
}
