import { concatBytes, toHex } from '../../../base/index.ts';
import { domainPrefix, inclusionPath, leafHash, type Signer } from '../../../crypto/portable.ts';
import { valueFromJson } from '../../engine/catalogue.ts';
import { encodeCanonical } from '../../ledger-types.ts';
import { accessBatch, accessBatchContent } from './batch.ts';
import { batchDigests, eachStatement } from './statement.ts';

const prefix = domainPrefix('access-batch');
const messageVersion = 1;

/** What the gateway signs: `"assent/access-batch/v1" 0x00 ledgerId [1, size, root]`. */
export function accessBatchMessage(ledgerId: Uint8Array, size: number, root: Uint8Array): Uint8Array {
  return concatBytes(prefix, ledgerId, encodeCanonical([messageVersion, size, root]));
}

/**
 * The payload of `access.recordBatch`, in JSON form, of a batch in JSON form without root and signature.
 * @throws AssentError `transaction-payload-invalid`.
 */
export function sealAccessBatch(ledgerId: Uint8Array, gateway: Signer, content: object): Record<string, unknown> {
  const { size, root } = batchDigests(valueFromJson(accessBatchContent, content, 'access batch'));
  const signature = gateway.sign(accessBatchMessage(ledgerId, size, root));
  return { ...content, root: toHex(root), signature: toHex(signature) };
}

/** That a gateway stated an access in a batch that it signed. */
export interface AccessBatchProof {
  /** What it stated. */
  readonly statement: Uint8Array;
  /** Number of entries of the batch, and the root over their statements. */
  readonly size: number;
  readonly root: Uint8Array;
  readonly path: readonly Uint8Array[];
  /** The gateway's, of root and size. */
  readonly signature: Uint8Array;
}

/** The proof of one entry of a batch, given in JSON form as the chain holds it; undefined where it has no such entry. */
export function proveBatchedAccess(payload: unknown, batchPlace: number): AccessBatchProof | undefined {
  const batch = valueFromJson(accessBatch, payload, 'access batch');
  const leafHashes: Uint8Array[] = [];
  let proved: Uint8Array | undefined;
  eachStatement(batch, (statement) => {
    if (leafHashes.length === batchPlace) proved = statement.slice();
    leafHashes.push(leafHash(statement));
  });
  if (proved === undefined) return undefined;
  const path = inclusionPath(leafHashes, batchPlace);
  return { statement: proved, size: leafHashes.length, root: batch.root, path, signature: batch.signature };
}
