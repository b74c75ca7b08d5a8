import { compareBytes, present } from '../../src/base/index.ts';
import { sha256 } from '../../src/crypto/index.ts';
import { type Cosignature, cosignatureMessage } from '../../src/verify/index.ts';
import { type ReceiptLedger, who } from './receipt-ledger.ts';

/** Of a block of this ledger, by whoever has these names; each a second after the block's time. */
export function cosignaturesOf(ledger: ReceiptLedger, height: number, ...names: readonly string[]): Cosignature[] {
  const { ledgerId } = ledger.genesis;
  const time = present(ledger.ledger.block(height), 'a block').header.timestamp + 1000;
  const blockHash = sha256(ledger.header(height));
  return names
    .map(who)
    .map(({ publicKey, signer }) => {
      const signature = signer.sign(cosignatureMessage(ledgerId, { time, height, blockHash }));
      return { witness: publicKey, time, signature };
    })
    .sort((left, right) => compareBytes(left.witness, right.witness));
}

/** A cosigned checkpoint, in binary. */
export async function cosignedCheckpoint(
  ledger: ReceiptLedger,
  height: number,
  ...names: readonly string[]
): Promise<Uint8Array> {
  const { bytes } = await ledger.receipts.checkpoint(height, cosignaturesOf(ledger, height, ...names));
  return bytes;
}
