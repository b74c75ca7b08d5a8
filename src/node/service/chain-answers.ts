import type { CertificateView } from '../../api/index.ts';
import { AssentError, compareBytes, concatBytes, fromHex, present, toHex, uint64Bytes } from '../../base/index.ts';
import { decodeBlockCertificate } from '../../consensus/index.ts';
import type { Ledger, OpenedBlock, Receipt } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import { packResult } from '../ingress/packed-result.ts';
import {
  type AnswerOf,
  type Asked,
  headersMax,
  type InputOf,
  type Place,
  resultsMax,
  signersMax,
} from '../queries/query.ts';
import { certificateKey } from '../replica/index.ts';
import type { CommitWaiters } from './commit-waiters.ts';

/** Answers from committed blocks, receipts and indexes. Each reads a bounded piece. */
export class ChainAnswers
  implements Pick<Asked, 'place' | 'block' | 'headers' | 'results' | 'signers' | 'certificate' | 'stream' | 'valueAt'>
{
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #waiters: CommitWaiters;

  constructor(ledger: Ledger, store: Store, waiters: CommitWaiters) {
    this.#ledger = ledger;
    this.#store = store;
    this.#waiters = waiters;
  }

  async place({ id, timeoutMs }: InputOf<'place'>): Promise<AnswerOf<'place'>> {
    const receipt = await this.#waiters.receipt(hexBytes(id), timeoutMs).catch((error: unknown) => {
      if (!(error instanceof AssentError) || error.code !== 'transaction-unknown' || this.#isWhole) throw error;
      throw this.#notKept('No transaction with this id is committed here');
    });
    return placeOf(receipt);
  }

  signers({ transactions }: InputOf<'signers'>): AnswerOf<'signers'> {
    const { executor, state } = this.#ledger;
    return transactions.slice(0, signersMax).map(({ id, sender }) => {
      const key = executor.currentKey(state, sender);
      const receipt = this.#ledger.receipt(id);
      return receipt === undefined ? { key } : { key, place: placeOf(receipt) };
    });
  }

  block({ reference }: InputOf<'block'>): AnswerOf<'block'> {
    const block = this.#find(reference);
    if (block === undefined) {
      const isAbove = reference.length < 64 && Number(reference) > this.#ledger.applied.height;
      if (!this.#isWhole && !isAbove) throw this.#notKept(`No block that is kept here is ${reference}`);
      throw new AssentError('block-unknown', `No committed block is ${reference}.`);
    }
    return block.bytes;
  }

  headers({ from, limit }: InputOf<'headers'>): AnswerOf<'headers'> {
    if (from < this.#ledger.firstBlockHeight) throw this.#notKept(`Block ${from} is not kept here`);
    const last = Math.min(from + Math.min(limit, headersMax) - 1, this.#ledger.applied.height);
    const headers = [];
    for (let height = from; height <= last; height++) {
      const block = present(this.#ledger.block(height), 'every height up to the applied one has a block');
      headers.push({ headerBytes: block.headerBytes.slice(), hash: block.hashHex });
    }
    return headers;
  }

  results({ ids }: InputOf<'results'>): AnswerOf<'results'> {
    return ids.slice(0, resultsMax).map((id) => {
      const receipt = this.#ledger.receipt(id);
      if (receipt === undefined && !this.#isWhole)
        throw this.#notKept('A receipt is not kept here', this.#ledger.firstBlockHeight + 1);
      const { result } = present(receipt, 'a transaction of a committed block has a receipt');
      return result.ok ? { ok: true } : { ok: false, code: result.code, rule: result.rule };
    });
  }

  /** A certificate covers its block and all below; the nearest above is the one that committed this block. */
  async certificate({ height }: InputOf<'certificate'>): Promise<CertificateView | null> {
    const [from, to] = [certificateKey(height), certificateKey(Number.MAX_SAFE_INTEGER)];
    const [nearest] = await this.#store.range({ from, to, limit: 1 });
    if (nearest === undefined) return null;
    const { ack, signatures } = decodeBlockCertificate(nearest[1]);
    return {
      term: ack.term,
      height: ack.height,
      blockHash: toHex(ack.blockHash),
      configurationHash: toHex(ack.configurationHash),
      signatures: signatures.map(({ signer, signature }) => ({ signer, signature: toHex(signature) })),
    };
  }

  async stream({ stream, cursor, limit, newestFirst }: InputOf<'stream'>): Promise<AnswerOf<'stream'>> {
    const place = cursor === undefined ? undefined : hexBytes(cursor);
    const begin = streamBeginning(this.#ledger.firstBlockHeight);
    // Forwards, what begins with the first entry that is kept leaves nothing out.
    const order = place === undefined ? undefined : compareBytes(place, begin);
    const isBelow = order === undefined ? !newestFirst : newestFirst ? order <= 0 : order < 0;
    if (isBelow && !this.#isWhole)
      throw this.#notKept('The beginning of the stream is not kept here', this.#ledger.firstBlockHeight + 1);
    const after = place === undefined ? {} : { after: place };
    const page = await this.#ledger.stream(stream, { ...after, limit, reverse: newestFirst });
    const entries = page.entries.map(({ height, index, entry }) => ({ height, index, entry }));
    // There may be more where the history of this node ends: whoever goes on with the cursor is told so.
    const next = page.next ?? (newestFirst && !this.#isWhole ? begin : undefined);
    return next === undefined ? { entries } : { entries, next: toHex(next) };
  }

  async valueAt({ height, key }: InputOf<'valueAt'>): Promise<AnswerOf<'valueAt'>> {
    const { value, through } = await this.#ledger.valueAt(height, key);
    // A copy: between threads a view would drag its whole buffer along.
    return { value: value?.slice(), through };
  }

  get #isWhole(): boolean {
    return this.#ledger.isWhole;
  }

  /** Of the first block that is kept there is the block only: what was made of it is kept from the next on. */
  #notKept(what: string, from: number = this.#ledger.firstBlockHeight): AssentError {
    const { firstBlockHeight } = this.#ledger;
    return new AssentError('history-not-kept', `${what}: this node has its history from block ${from} on.`, {
      firstBlockHeight,
    });
  }

  #find(reference: string): OpenedBlock | undefined {
    if (reference === 'head') return this.#ledger.block(this.#ledger.applied.height);
    if (reference.length < 64) return this.#ledger.block(Number(reference));
    return this.#ledger.blockByHash(hexBytes(reference));
  }
}

/** The cursor after which the entries of the blocks above the first one follow: height, index and number. */
function streamBeginning(firstBlockHeight: number): Uint8Array {
  return concatBytes(uint64Bytes(firstBlockHeight + 1), new Uint8Array(8));
}

function placeOf({ height, index, timestamp, blockHash, result }: Receipt): Place {
  return { height, index, timestamp, blockHash: toHex(blockHash), result: packResult(result) };
}

function hexBytes(text: string): Uint8Array {
  return present(fromHex(text), 'the route checked the hexadecimal');
}
