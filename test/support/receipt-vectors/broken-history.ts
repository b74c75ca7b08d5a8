import { present } from '../../../src/base/index.ts';
import { ackMessage, encodeBlockCertificate } from '../../../src/consensus/index.ts';
import { encodeNodeId, sha256 } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  decodeHeader,
  encodeCanonical,
  encodeHeader,
} from '../../../src/ledger/index.ts';
import type { Receipt } from '../../../src/verify/index.ts';
import { who } from '../receipt-ledger.ts';
import { edited, flipped, opened } from './editing.ts';
import type { Material } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** The history of the configuration does not lead from what is pinned to the head. */
export async function brokenHistoryVectors(material: Material): Promise<readonly ReceiptVector[]> {
  const { ledger, recovered, genesis, ofRecovered, transaction, recovery } = material;
  const { vectors, add } = vectorList();
  const { configurations } = opened('transaction', transaction);
  for (const [index] of configurations.entries())
    add(
      `broken-change-${index + 1}-missing`,
      `change ${index + 1} of the nodes is cut out`,
      genesis,
      edited('transaction', transaction, (receipt) => ({
        ...receipt,
        configurations: configurations.toSpliced(index, 1),
      })),
      'receipt-history-invalid',
    );
  add(
    'broken-no-history',
    'all changes are cut out',
    genesis,
    edited('transaction', transaction, (receipt) => ({ ...receipt, configurations: [] })),
    'receipt-history-invalid',
  );
  add(
    'broken-change-twice',
    'a change stands there twice',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      configurations: configurations.toSpliced(1, 0, present(configurations[0], 'a change')),
    })),
    'receipt-history-invalid',
  );
  add(
    'broken-recovery-signature',
    "the members' signature of the recovery is another",
    ofRecovered,
    edited('transaction', recovery, (receipt) => ({
      ...receipt,
      configurations: receipt.configurations.map((step, index) =>
        index === 0 ? step : { ...step, justification: flipped(step.justification, 330) },
      ),
    })),
    'receipt-history-invalid',
  );
  const ofHead = (await recovered.receipts.state('access/log/nobody')).bytes;
  add(
    'broken-head-term',
    'a head certified in a term before that of the recovery below it',
    ofRecovered,
    edited('state', ofHead, (receipt) => ({
      ...receipt,
      head: headOfTerm(receipt.head.header, 1, [5, 6]),
    })),
    'receipt-history-invalid',
  );
  const thresholdless = encodeCanonical([
    ...(decodeCanonical(ledger.genesis.bytes) as readonly CanonicalValue[]).slice(0, 6),
    [['governance.threshold', 0]],
    ledger.genesis.content.ruleSet,
  ]);
  add(
    'broken-genesis-threshold',
    'a genesis by which no member need sign a recovery, pinned',
    { genesisHash: sha256(thresholdless) },
    edited('transaction', transaction, (receipt) => ({ ...receipt, genesis: thresholdless })),
    'receipt-malformed',
  );
  return vectors;
}

/** The header in another term, as these nodes would certify it. */
function headOfTerm(header: Uint8Array, term: number, signers: readonly number[]): Receipt['head'] {
  const content = { ...decodeHeader(header), term };
  const { ledgerId, height, configurationHash } = content;
  const bytes = encodeHeader(content);
  const ack = { term, height, blockHash: sha256(bytes), configurationHash };
  const signatures = signers
    .map((number) => who(`node ${number}`))
    .sort((left, right) => Buffer.compare(left.publicKey, right.publicKey))
    .map(({ publicKey, signer }) => {
      return { signer: encodeNodeId(publicKey), signature: signer.sign(ackMessage(ledgerId, ack)) };
    });
  return { header: bytes, certificate: encodeBlockCertificate({ ack, signatures }) };
}
