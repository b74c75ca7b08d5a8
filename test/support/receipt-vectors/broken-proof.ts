import { concatBytes, present } from '../../../src/base/index.ts';
import { encodeCanonical } from '../../../src/ledger/index.ts';
import type { ReceiptOf } from '../../../src/verify/index.ts';
import { edited, flipped, opened, swapped } from './editing.ts';
import type { Material } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** The head is not certified, or does not prove the block or what it holds. */
export function brokenProofVectors(material: Material): readonly ReceiptVector[] {
  const { ledger, genesis, transaction, value, absence, consistency } = material;
  const { vectors, add } = vectorList();
  const { head } = opened('transaction', transaction);
  const certificate = present(head.certificate, 'a certificate');
  const withCertificate = (bytes: Uint8Array): Uint8Array =>
    edited('transaction', transaction, (receipt) => ({ ...receipt, head: { ...head, certificate: bytes } }));
  add(
    'broken-signature',
    'a bit of a signature',
    genesis,
    withCertificate(flipped(certificate, certificate.length - 40)),
    'receipt-certificate-invalid',
  );
  add(
    'broken-minority',
    'one signature is missing',
    genesis,
    withCertificate(
      concatBytes(certificate.slice(0, 80), Uint8Array.of((certificate[80] as number) - 1), certificate.slice(81, -96)),
    ),
    'receipt-certificate-invalid',
  );
  add(
    'broken-certificate-term',
    'the acks are of another term',
    genesis,
    withCertificate(flipped(certificate, 7)),
    'receipt-certificate-invalid',
  );
  add(
    'broken-certificate-bytes',
    'a byte follows the certificate',
    genesis,
    withCertificate(concatBytes(certificate, Uint8Array.of(0))),
    'receipt-malformed',
  );
  add(
    'broken-head',
    'the header of another block',
    genesis,
    edited('transaction', transaction, (receipt) => ({ ...receipt, head: { ...head, header: ledger.header(11) } })),
    'receipt-certificate-invalid',
  );
  add(
    'broken-path',
    'a hash on the way to the block',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      block: { ...present(receipt.block, 'a block'), path: swapped(present(receipt.block, 'a block').path) },
    })),
    'receipt-block-unproved',
  );
  add(
    'broken-block',
    'another block on the same way',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      block: { ...present(receipt.block, 'a block'), header: ledger.header(4) },
    })),
    'receipt-block-unproved',
  );
  const contentOf = (
    change: (content: ReceiptOf<'transaction'>['content']) => Partial<ReceiptOf<'transaction'>['content']>,
  ): Uint8Array =>
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, ...change(receipt.content) },
    }));
  add(
    'broken-place',
    'another place in the block',
    genesis,
    contentOf(({ index }) => ({ index: index + 1 })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-place-outside',
    'a place that the block does not have',
    genesis,
    contentOf(() => ({ index: 3 })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-transaction',
    'a bit of the transaction',
    genesis,
    contentOf((content) => ({ transaction: flipped(content.transaction, 60) })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-result',
    'another result',
    genesis,
    contentOf(() => ({ result: encodeCanonical([1, false, 'refused', 'rule']) })),
    'receipt-result-unproved',
  );

  add(
    'broken-value',
    'another value',
    genesis,
    edited('state', value, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, value: flipped(present(receipt.content.value, 'a value'), 3) },
    })),
    'receipt-state-unproved',
  );
  add(
    'broken-value-denied',
    'a value is passed off as absent',
    genesis,
    edited('state', value, (receipt) => ({ ...receipt, content: { ...receipt.content, value: undefined } })),
    'receipt-state-unproved',
  );
  add(
    'broken-absence',
    'the absence of another key',
    genesis,
    edited('state', absence, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, key: 'access/log/somebody' },
    })),
    'receipt-state-unproved',
  );
  add(
    'broken-older',
    'the header of another older block',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, older: ledger.header(4) },
    })),
    'receipt-consistency-unproved',
  );
  add(
    'broken-inclusion',
    'a hash on the way to the older block',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, inclusionPath: swapped(receipt.content.inclusionPath) },
    })),
    'receipt-consistency-unproved',
  );
  add(
    'broken-consistency',
    'a hash of the consistency proof',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, consistencyPath: swapped(receipt.content.consistencyPath) },
    })),
    'receipt-consistency-unproved',
  );
  return vectors;
}
