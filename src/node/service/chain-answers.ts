import type { CertificateView } from '../../api/index.ts';
import { AssentError, compareBytes, concatBytes, fromHex, present, toHex, uint64Bytes } from '../../base/index.ts';
import { decodeBlockCertificate } from '../../consensus/index.ts';
import { type ArchivedPlace, type Ledger, openResult, type Receipt } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import type { NodeArchive } from '../archive/index.ts';
import { packResult } from '../ingress/packed-result.ts';
import { packEntries } from '../queries/packed-entries.ts';
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

export interface ChainAnswersOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly waiters: CommitWaiters;
  readonly archive: NodeArchive | undefined;
  /** The sentence that belongs to the code of a refusal. */
  readonly sentenceOf: (code: string) => string;
}

/** Answers from committed blocks, receipts and indexes, those that were pruned from the archive. Each reads a bounded piece. */
export class ChainAnswers
  implements Pick<Asked, 'place' | 'block' | 'headers' | 'results' | 'signers' | 'certificate' | 'stream' | 'valueAt'>
{
  readonly #options: ChainAnswersOptions;
  readonly #ledger: Ledger;
  readonly #archive: NodeArchive | undefined;

  constructor(options: ChainAnswersOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
    this.#archive = options.archive;
  }

  async place({ id, timeoutMs }: InputOf<'place'>): Promise<AnswerOf<'place'>> {
    const { waiters, sentenceOf } = this.#options;
    const key = hexBytes(id);
    try {
      return placeOf(await waiters.receipt(key, timeoutMs));
    } catch (error) {
      if (!(error instanceof AssentError) || error.code !== 'transaction-unknown') throw error;
      const archived = await this.#archive?.transaction(key);
      if (archived !== undefined) return placeInArchive(archived, sentenceOf);
      if (this.#knowsAllBefore(this.#firstReceiptHeight)) throw error;
      throw this.#notKept('No transaction with this id is committed here', this.#firstReceiptHeight);
    }
  }

  signers({ transactions }: InputOf<'signers'>): AnswerOf<'signers'> {
    const { executor, state } = this.#ledger;
    return transactions.slice(0, signersMax).map(({ id, sender }) => {
      const key = executor.currentKey(state, sender);
      const receipt = this.#ledger.receipt(id);
      return receipt === undefined ? { key } : { key, place: placeOf(receipt) };
    });
  }

  async block({ reference }: InputOf<'block'>): Promise<AnswerOf<'block'>> {
    const bytes = await this.#find(reference);
    if (bytes !== undefined) return bytes;
    const { firstBlockHeight, applied } = this.#ledger;
    const isAbove = reference.length < 64 && Number(reference) > applied.height;
    const isNone = reference === '0' || isAbove || this.#knowsAllBefore(firstBlockHeight);
    if (!isNone) throw this.#notKept(`No block that is kept here is ${reference}`);
    throw new AssentError('block-unknown', `No committed block is ${reference}.`);
  }

  async headers({ from, limit }: InputOf<'headers'>): Promise<AnswerOf<'headers'>> {
    const last = Math.min(from + Math.min(limit, headersMax) - 1, this.#ledger.applied.height);
    const headers = [];
    for (let height = from; height <= last; height++) {
      const block = this.#ledger.block(height) ?? (await this.#archive?.block(height));
      if (block === undefined) throw this.#notKept(`Block ${height} is not kept here`);
      headers.push({ headerBytes: block.headerBytes.slice(), hash: block.hashHex });
    }
    return headers;
  }

  async results({ height, from, ids }: InputOf<'results'>): Promise<AnswerOf<'results'>> {
    const asked = ids.slice(0, resultsMax);
    // Before the archive is waited for: afterwards they may have been pruned.
    const receipts = asked.map((id) => this.#ledger.receipt(id));
    const archived = receipts.includes(undefined) ? await this.#archive?.block(height) : undefined;
    return receipts.map((receipt, index) => {
      const bytes = archived?.resultBytes[from + index];
      const result = receipt?.result ?? (bytes && openResult(bytes, this.#options.sentenceOf));
      if (result !== undefined) return result.ok ? { ok: true } : { ok: false, code: result.code, rule: result.rule };
      // The block that came with a snapshot, and nothing of what it came to.
      if (height <= this.#ledger.originHeight) return null;
      throw this.#notKept('A receipt is not kept here', this.#firstReceiptHeight);
    });
  }

  /** A certificate covers its block and all below; the nearest above is the one that committed this block. */
  async certificate({ height }: InputOf<'certificate'>): Promise<CertificateView | null> {
    const [from, to] = [certificateKey(height), certificateKey(Number.MAX_SAFE_INTEGER)];
    const [nearest] = await this.#options.store.range({ from, to, limit: 1 });
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
    const { originHeight, isWhole } = this.#ledger;
    const place = cursor === undefined ? undefined : hexBytes(cursor);
    const begin = streamBeginning(Math.max(1, originHeight));
    // Forwards, what begins with the first entry that is kept leaves nothing out.
    const order = place === undefined ? undefined : compareBytes(place, begin);
    const isBelow = order === undefined ? !newestFirst : newestFirst ? order <= 0 : order < 0;
    if (isBelow && !isWhole) throw this.#notKept('The beginning of the stream is not kept here', originHeight + 1);
    const after = place === undefined ? {} : { after: place };
    const page = await this.#ledger.stream(stream, { ...after, limit, reverse: newestFirst });
    const packed = packEntries(page.entries);
    // There may be more where the history of this node ends: whoever goes on with the cursor is told so.
    const next = page.next ?? (newestFirst && !isWhole ? begin : undefined);
    return next === undefined ? { packed } : { packed, next: toHex(next) };
  }

  async valueAt({ height, key }: InputOf<'valueAt'>): Promise<AnswerOf<'valueAt'>> {
    const { value, through } = await this.#ledger.valueAt(height, key);
    // A copy: between threads a view would drag its whole buffer along.
    return { value: value?.slice(), through };
  }

  /** The first block whose transactions have their receipts in the store. */
  get #firstReceiptHeight(): number {
    return Math.max(this.#ledger.firstBlockHeight, this.#ledger.originHeight + 1);
  }

  /** Whether the archive has every block below this height. */
  #knowsAllBefore(height: number): boolean {
    return height <= 1 || (this.#archive?.coveredThrough(1) ?? 0) >= height - 1;
  }

  #notKept(what: string, from: number = this.#ledger.firstBlockHeight): AssentError {
    const { firstBlockHeight } = this.#ledger;
    return new AssentError('history-not-kept', `${what}: this node has its history from block ${from} on.`, {
      firstBlockHeight,
    });
  }

  async #find(reference: string): Promise<Uint8Array | undefined> {
    const ledger = this.#ledger;
    if (reference === 'head') return ledger.block(ledger.applied.height)?.bytes;
    const archive = this.#archive;
    if (reference.length < 64) {
      const height = Number(reference);
      const kept = ledger.block(height);
      if (kept !== undefined || archive === undefined || height > ledger.applied.height) return kept?.bytes;
      const archived = await archive.block(height);
      return archived && archive.blockBytes(archived);
    }
    const hash = hexBytes(reference);
    const kept = ledger.blockByHash(hash);
    if (kept !== undefined || archive === undefined) return kept?.bytes;
    const archived = await archive.blockByHash(hash);
    return archived && archive.blockBytes(archived);
  }
}

/** The cursor after which the entries of the blocks above the first one follow: height, index and number. */
function streamBeginning(firstBlockHeight: number): Uint8Array {
  return concatBytes(uint64Bytes(firstBlockHeight + 1), new Uint8Array(8));
}

function placeOf({ height, index, timestamp, blockHash, result }: Receipt): Place {
  return { height, index, timestamp, blockHash: toHex(blockHash), result: packResult(result) };
}

function placeInArchive({ block, index }: ArchivedPlace, sentenceOf: (code: string) => string): Place {
  const { header, hashHex, resultBytes } = block;
  const bytes = present(resultBytes[index], 'a place in a block has a result');
  const result = packResult(openResult(bytes, sentenceOf));
  return { height: header.height, index, timestamp: header.timestamp, blockHash: hashHex, result };
}

function hexBytes(text: string): Uint8Array {
  return present(fromHex(text), 'the route checked the hexadecimal');
}
