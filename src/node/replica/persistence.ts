import { uint64Bytes } from '../../base/index.ts';
import {
  type BlockCertificate,
  decodeTermCertificate,
  encodeBlockCertificate,
  encodeTermCertificate,
  type PeerPromise,
  type PersistRequest,
  type TermCertificate,
} from '../../consensus/index.ts';
import { deleteBlock, putBlock } from '../../ledger/index.ts';
import { type KeyRange, type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import {
  blockCertificateKey,
  encodeHardState,
  encodePromise,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
  promiseKey,
  readRecord,
  termCertificateKey,
} from './records.ts';
import type { WrittenCertificates } from './written-certificates.ts';

/**
 * The batch of a persist request, and the signer's mark where the request changes what was promised. `storedHeight` is
 * the highest block that earlier requests wrote.
 */
export function persistOperations(
  request: PersistRequest,
  bodies: BlockBodies,
  configurations: ConfigurationRecords,
  certificates: WrittenCertificates,
  storedHeight: number,
): { operations: Operation[]; mark: Uint8Array | undefined; storedHeight: number } {
  const operations: Operation[] = [];
  let height = storedHeight;
  if (request.truncateAbove !== undefined) {
    for (; height > request.truncateAbove; height--) operations.push(deleteBlock(height));
  }
  for (const block of request.append) {
    operations.push(putBlock(block.height, bodies.body(block).bytes));
    height = block.height;
  }
  operations.push(...configurations.operations(request.truncateAbove, request.append));
  const mark = request.hardState === undefined ? undefined : encodeHardState(request.hardState);
  if (mark !== undefined) operations.push({ type: 'put', key: hardStateKey, value: mark });
  if (request.termCertificate !== undefined) operations.push(...termCertificateOperations(request.termCertificate));
  if (request.certificate !== undefined) operations.push(...certificates.operations(request.certificate));
  operations.push(...request.peerPromises.map(putPromise));
  return { operations, mark, storedHeight: height };
}

/** The record of what another key has promised. */
export function putPromise(promise: PeerPromise): Operation {
  return { type: 'put', key: promiseKey(promise.nodeId), value: encodePromise(promise) };
}

/** Key of the certificate whose ack names this height; blocks between two certificates are proved by the later one. */
export function certificateKey(height: number): Uint8Array {
  return prefixedKey('certificate', blockCertificateKey, uint64Bytes(height));
}

/** Where the certificates of blocks up to this height stand. */
export function blockCertificateRange(through: number): KeyRange {
  return { from: certificateKey(0), to: certificateKey(through + 1) };
}

export function certificateOperations(certificate: BlockCertificate): Operation[] {
  const value = encodeBlockCertificate(certificate);
  return [
    { type: 'put', key: highestCertificateKey, value },
    { type: 'put', key: certificateKey(certificate.ack.height), value },
  ];
}

/** The certificate of a term, where this node followed it. Throws `storage-damaged`. */
export function termCertificateOf(store: Store, term: number): TermCertificate | undefined {
  return readRecord(store, termKey(term), decodeTermCertificate);
}

function termKey(term: number): Uint8Array {
  return prefixedKey('certificate', termCertificateKey, uint64Bytes(term));
}

export function termCertificateOperations(certificate: TermCertificate): Operation[] {
  const value = encodeTermCertificate(certificate);
  return [
    { type: 'put', key: highestTermKey, value },
    { type: 'put', key: termKey(certificate.request.term), value },
  ];
}
