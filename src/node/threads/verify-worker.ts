import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { present } from '../../base/index.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature } from '../../crypto/index.ts';
import { transactionMessage } from '../../ledger/portable.ts';
import type { VerifyQuestion, VerifyThreadData } from './verify-messages.ts';

/* Checks signatures, most of them of blocks' transactions, beside the main thread. */

const port: MessagePort = present(parentPort, 'this file runs as a worker');
const { ledgerId } = workerData as VerifyThreadData;

port.on('message', ({ bytes, lengths, areBodies }: VerifyQuestion) => {
  const valid = new Uint8Array(lengths.length);
  let offset = 0;
  for (const [index, length] of lengths.entries()) {
    const key = bytes.subarray(offset, offset + PUBLIC_KEY_BYTES);
    const signature = bytes.subarray(offset + PUBLIC_KEY_BYTES, offset + PUBLIC_KEY_BYTES + SIGNATURE_BYTES);
    const signed = bytes.subarray(offset + PUBLIC_KEY_BYTES + SIGNATURE_BYTES, offset + length);
    const message = areBodies ? transactionMessage(ledgerId, signed) : signed;
    valid[index] = verifySignature(key, message, signature) ? 1 : 0;
    offset += length;
  }
  port.postMessage(valid, [valid.buffer]);
});
