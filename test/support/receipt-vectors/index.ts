import { brokenAccessLogVectors } from './broken-access-log.ts';
import { brokenFormVectors } from './broken-form.ts';
import { brokenHistoryVectors } from './broken-history.ts';
import { brokenProofVectors } from './broken-proof.ts';
import { cosignedVectors } from './cosigned.ts';
import { goodVectors } from './good.ts';
import { vectorMaterial } from './material.ts';
import type { ReceiptVector } from './vector.ts';

export type { ReceiptVector } from './vector.ts';

/** Good receipts of each kind, and broken ones, each with the code that it comes to. */
export async function receiptVectors(): Promise<readonly ReceiptVector[]> {
  const material = await vectorMaterial();
  return [
    ...(await goodVectors(material)),
    ...(await cosignedVectors(material)),
    ...brokenFormVectors(material),
    ...(await brokenHistoryVectors(material)),
    ...brokenProofVectors(material),
    ...(await brokenAccessLogVectors(material)),
  ];
}
