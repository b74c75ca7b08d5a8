import type { AccessProof, AccessProofPage, JsonValue } from '../../src/api/index.ts';
import { fromHex, present } from '../../src/base/index.ts';
import {
  builtInContracts,
  describeEntry,
  proveBatchedAccess,
  verifyBatchedAccess,
  verifyLoggedAccess,
} from '../../src/contracts/index.ts';
import { verifySignature } from '../../src/crypto/index.ts';
import { UnverifiedTransaction } from '../../src/ledger/index.ts';
import type { ProvedAccesses } from './load-messages.ts';
import type { Loader } from './loader.ts';

const pageLength = 100;
/** Proving the place in a batch hashes the whole batch: done for one entry of so many. */
const inBatchEvery = 200;

/** Every entry of every subject's log with its proof, from all nodes in turn. */
export async function proveAccesses(
  urls: readonly string[],
  ledgerId: Uint8Array,
  subjects: readonly string[],
  loader: Loader,
): Promise<ProvedAccesses> {
  let [proved, provedInBatch, failed, next] = [0, 0, 0, 0];
  const check = (page: AccessProofPage, proof: AccessProof): void => {
    const entry = bytesOf(proof.entry);
    const { size, root } = page;
    const holds = verifyLoggedAccess({ ...proof, entry, size, root: bytesOf(root), path: proof.path.map(bytesOf) });
    if (holds) proved += 1;
    else failed += 1;
    if (!holds || proved % inBatchEvery !== 0) return;
    const { transaction, batchPlace } = describeEntry(entry);
    const signed = present(loader.signed(String(transaction)), 'an entry names its transaction');
    const { kind, payload } = new UnverifiedTransaction(signed.bytes);
    const inBatch = proveBatchedAccess(builtInContracts.payloadToJson(kind, payload), Number(batchPlace));
    if (inBatch !== undefined && verifyBatchedAccess(ledgerId, entry, inBatch, verifySignature)) provedInBatch += 1;
    else failed += 1;
  };
  await Promise.all(
    urls.map(async (url) => {
      for (let subject = subjects[next++]; subject !== undefined; subject = subjects[next++]) {
        for (let from = 0, size = 1; from < size; from += pageLength) {
          const page = await proofsOf(url, subject, from);
          size = page?.size ?? 0;
          for (const proof of page?.proofs ?? []) check(page as AccessProofPage, proof);
        }
      }
    }),
  );
  return { acknowledged: loader.accesses, proved, provedInBatch, failed };
}

/** Undefined for a log that is empty. */
async function proofsOf(url: string, subject: string, from: number): Promise<AccessProofPage | undefined> {
  const response = await fetch(`${url}/v1/subjects/${subject}/access/proofs?from=${from}&limit=${pageLength}`);
  const body = (await response.json()) as JsonValue;
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`proofs of ${subject}: ${response.status} ${JSON.stringify(body)}`);
  return body as unknown as AccessProofPage;
}

function bytesOf(text: string): Uint8Array {
  return present(fromHex(text), 'the API gives hexadecimal');
}
