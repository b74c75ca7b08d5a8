import { AssentError, assert, equalBytes, unreachable } from '../../base/index.ts';
import { type NodeId, sha256, type VerifySignature, verifySignaturePortable } from '../../crypto/portable.ts';
import { type Anchor, anchorOf, encodeCheckpoint, type Pinned } from './anchor.ts';
import {
  type AccessLogVerdict,
  type ConsistencyVerdict,
  type StateVerdict,
  type TransactionVerdict,
  verifyAccessLog,
  verifyConsistencyContent,
  verifyStateContent,
  verifyTransaction,
} from './contents.ts';
import { malformed } from './fields.ts';
import { type ProvedBlock, type ProvedHead, verifyBlock, verifyHead } from './head.ts';
import { digestOf, headerOf, type OpenedReceipt, openReceipt, type Receipt } from './receipt.ts';
import {
  type CheckpointVerdict,
  checkDemand,
  metDemand,
  type Sighting,
  verifyCosignatures,
  type Witnesses,
} from './witnesses.ts';

/** What a receipt proves, as of its block and from what the verifier has pinned; never more, and never "now". */
export type ProvedReceipt = ProvedFrame & ContentVerdict;

type ContentVerdict = TransactionVerdict | StateVerdict | ConsistencyVerdict | AccessLogVerdict | CheckpointVerdict;

interface ProvedFrame {
  readonly ok: true;
  /** The block that the content is of. */
  readonly asOf: ProvedPlace;
  /** What the proof rests on: the genesis of the ledger, also where a checkpoint is pinned that it does not need. */
  readonly anchor:
    | { readonly type: 'genesis'; readonly ledgerId: Uint8Array }
    | ({ readonly type: 'checkpoint'; readonly ledgerId: Uint8Array } & ProvedPlace);
  /** The block whose certificate covers this one; undefined where it is the checkpoint itself. */
  readonly certifiedBy: CertifiedBy | undefined;
  /** Of the demanded witnesses, those that saw the block or its checkpoint; undefined where none were demanded. */
  readonly witnesses?: readonly Sighting[];
}

export interface ProvedPlace {
  readonly height: number;
  /** Of the block, milliseconds since the Unix epoch. */
  readonly time: number;
  readonly blockHash: Uint8Array;
}

export interface CertifiedBy extends ProvedPlace {
  readonly term: number;
  readonly generation: number;
  readonly configurationHash: Uint8Array;
  /** Whose acks the certificate holds: a majority of the configuration's voters. */
  readonly signers: readonly NodeId[];
  /** Changes of the configuration that were verified on the way. */
  readonly changes: number;
}

/** Why a receipt proves nothing: a code of docs/errors.md, and one sentence. */
export interface RefusedReceipt {
  readonly ok: false;
  readonly code: ReceiptFault;
  readonly message: string;
}

export type ReceiptFault = Extract<AssentError['code'], `receipt-${string}`>;

export type ReceiptVerdict = ProvedReceipt | RefusedReceipt;

/**
 * Verifies a receipt in either form with nothing but what is pinned: no network, no clock, no data. A receipt that proves
 * nothing is a verdict, too. Throws `usage` or `input-invalid` where what is pinned is not one readable thing.
 */
export function verifyReceipt(
  input: Uint8Array | string | object,
  pinned: Pinned,
  verify: VerifySignature = verifySignaturePortable,
): ReceiptVerdict {
  const anchor = anchorOf(pinned);
  const { witnesses } = pinned;
  if (witnesses !== undefined) checkDemand(witnesses);
  try {
    return witnesses === undefined
      ? prove(openReceipt(input), anchor, verify)
      : proveWitnessed(input, anchor, witnesses, verify);
  } catch (error) {
    if (error instanceof AssentError && isReceiptFault(error.code))
      return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

/** Throws a code of a receipt. */
function prove(receipt: OpenedReceipt, anchor: Anchor, verify: VerifySignature): ProvedReceipt {
  const head = verifyHead(receipt, anchor, verify);
  const block = verifyBlock(receipt, head.block, anchor);
  const content = verifyContent(receipt, block, verify);
  if (!equalBytes(receipt.digest, digestOf(receipt))) throw malformed('its digest is that of another content');
  return {
    ok: true,
    asOf: placeOf(block),
    anchor: anchorView(restsOn(anchor, receipt, head.block)),
    certifiedBy: certifiedBy(head),
    ...content,
  };
}

/**
 * Witnesses vouch for one block and its history. So a receipt that is no checkpoint must be proved by that very block: a
 * majority that misuses its keys can certify a later head whose history leads anywhere.
 */
function proveWitnessed(
  input: Uint8Array | string | object,
  anchor: Anchor,
  witnesses: Witnesses,
  verify: VerifySignature,
): ProvedReceipt {
  const cosigned = openReceipt(witnesses.cosigned ?? input);
  if (cosigned.kind !== 'checkpoint')
    throw new AssentError('receipt-witnesses-missing', 'What is to be cosigned is a receipt of another kind.');
  const vouched = prove(cosigned, anchor, verify);
  assert(vouched.kind === 'checkpoint', 'a receipt proves what is its kind');
  const sightings = metDemand(vouched, witnesses);
  if (witnesses.cosigned === undefined) return { ...vouched, witnesses: sightings };
  const receipt = openReceipt(input);
  if (!equalBytes(sha256(receipt.head.header), vouched.asOf.blockHash))
    throw new AssentError(
      'receipt-witnesses-missing',
      `It is not proved by block ${vouched.asOf.height}, which the witnesses cosigned.`,
    );
  const below = anchorOf({ checkpoint: encodeCheckpoint(headerOf(cosigned)) });
  return { ...prove(receipt, below, verify), witnesses: sightings };
}

function verifyContent(receipt: Receipt, block: ProvedBlock, verify: VerifySignature): ContentVerdict {
  switch (receipt.kind) {
    case 'transaction':
      return verifyTransaction(receipt.content, block);
    case 'state':
      return verifyStateContent(receipt.content, block);
    case 'consistency':
      return verifyConsistencyContent(receipt.content, block);
    case 'access-log':
      return verifyAccessLog(receipt.content, block);
    case 'checkpoint':
      return verifyCosignatures(receipt.content, block, verify);
    default:
      return unreachable(receipt);
  }
}

function placeOf({ height, timestamp, hash }: ProvedBlock): ProvedPlace {
  return { height, time: timestamp, blockHash: hash };
}

/** A receipt that begins with genesis is no better for a checkpoint, unless that is its head. */
function restsOn(anchor: Anchor, { checkpoint }: Receipt, head: ProvedBlock): Anchor {
  const isPinned = anchor.type === 'checkpoint' && (checkpoint !== undefined || equalBytes(anchor.hash, head.hash));
  return isPinned ? anchor : { type: 'genesis', ledgerId: head.ledgerId };
}

function anchorView(anchor: Anchor): ProvedFrame['anchor'] {
  if (anchor.type === 'genesis') return anchor;
  const { header, hash } = anchor;
  return { type: 'checkpoint', ledgerId: header.ledgerId, ...placeOf({ ...header, hash }) };
}

function certifiedBy({ block, certified, changes }: ProvedHead): CertifiedBy | undefined {
  if (certified === undefined) return undefined;
  const { configuration, certificate } = certified;
  return {
    ...placeOf(block),
    term: block.term,
    generation: configuration.generation,
    configurationHash: configuration.hash,
    signers: certificate.signatures.map(({ signer }) => signer),
    changes,
  };
}

function isReceiptFault(code: AssentError['code']): code is ReceiptFault {
  return code.startsWith('receipt-');
}
