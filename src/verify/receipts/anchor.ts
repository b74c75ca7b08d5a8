import { AssentError, equalBytes, messageOf } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../../crypto/portable.ts';
import { type BlockHeader, decodeCanonical, decodeHeader, encodeCanonical } from '../../ledger/portable.ts';
import type { Witnesses } from './witnesses.ts';

/** What a verifier trusts before it looks at anything: the hash of the genesis, or the header of a block. */
export type Anchor =
  | { readonly type: 'genesis'; readonly ledgerId: Uint8Array }
  | { readonly type: 'checkpoint'; readonly header: BlockHeader; readonly hash: Uint8Array };

/** What a verifier demands: one of the first two. */
export interface Pinned {
  /** SHA-256 of the genesis bytes, which is the ledger id. */
  readonly genesisHash?: Uint8Array;
  /** A checkpoint as {@link encodeCheckpoint} writes it. */
  readonly checkpoint?: Uint8Array;
  /** Also demanded, whichever of the two it is. */
  readonly witnesses?: Witnesses;
}

const version = 1;
const format = 'assent-checkpoint';
const checkpointLimits = { bytesMax: 2048, depthMax: 1, countMax: 4 };

/** Canonical bytes `[1, "assent-checkpoint", header]`. Whoever pins it must have verified it, or have it from whom he trusts. */
export function encodeCheckpoint(header: Uint8Array): Uint8Array {
  return encodeCanonical([version, format, header]);
}

/** What is pinned. Throws `usage` unless it is one thing, `input-invalid` for a checkpoint that is none. */
export function anchorOf({ genesisHash, checkpoint }: Pinned): Anchor {
  if ((genesisHash === undefined) === (checkpoint === undefined))
    throw new AssentError('usage', 'Pin a genesis hash or a checkpoint, one of the two.');
  if (checkpoint !== undefined) return openCheckpoint(checkpoint);
  if (genesisHash?.length !== HASH_BYTES) throw new AssentError('usage', `A genesis hash has ${HASH_BYTES} bytes.`);
  return { type: 'genesis', ledgerId: genesisHash };
}

function openCheckpoint(bytes: Uint8Array): Anchor {
  try {
    const value = decodeCanonical(bytes, checkpointLimits);
    if (Array.isArray(value) && value.length === 3 && value[0] === version && value[1] === format) {
      const [, , header] = value;
      if (header instanceof Uint8Array)
        return { type: 'checkpoint', header: decodeHeader(header), hash: sha256(header) };
    }
  } catch (error) {
    throw new AssentError('input-invalid', `The checkpoint cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  throw new AssentError('input-invalid', 'The file is no checkpoint.');
}

/** The ledger that the anchor is of. */
export function ledgerOf(anchor: Anchor): Uint8Array {
  return anchor.type === 'genesis' ? anchor.ledgerId : anchor.header.ledgerId;
}

/** Whether a block of this height can be in one chain with the anchor. */
export function agrees(anchor: Anchor, height: number, hash: Uint8Array): boolean {
  return anchor.type === 'genesis' || anchor.header.height !== height || equalBytes(anchor.hash, hash);
}
