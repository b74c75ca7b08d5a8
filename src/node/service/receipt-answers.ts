import { AssentError, equalBytes } from '../../base/index.ts';
import { decodeBlockCertificate } from '../../consensus/index.ts';
import { encodeResult, type Ledger } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import type { NodeArchive } from '../archive/index.ts';
import { type AnswerOf, type Asked, type InputOf, resultsMax } from '../queries/query.ts';
import { certificateKey, ownBytes } from '../replica/index.ts';
import type { PastProving } from './past-proving.ts';

/** What receipts are made of. Each answer is a few reads, but for what stood in an older state. */
export class ReceiptAnswers
  implements Pick<Asked, 'certified' | 'stateProof' | 'historyPath' | 'historyConsistency' | 'resultBytes'>
{
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #past: Pick<PastProving, 'prove'>;
  readonly #archive: Pick<NodeArchive, 'block'> | undefined;

  constructor(
    ledger: Ledger,
    store: Store,
    past: Pick<PastProving, 'prove'>,
    archive?: Pick<NodeArchive, 'block'> | undefined,
  ) {
    this.#ledger = ledger;
    this.#archive = archive;
    this.#past = past;
    this.#store = store;
  }

  async certified({ height }: InputOf<'certified'>): Promise<AnswerOf<'certified'>> {
    const [from, to] = [certificateKey(height), certificateKey(this.#ledger.applied.height + 1)];
    for (const [, certificate] of await this.#store.range({ from, to, limit: 1 })) {
      const { ack } = ownBytes('a certificate', () => decodeBlockCertificate(certificate));
      const block = this.#ledger.block(ack.height) ?? (await this.#archive?.block(ack.height));
      if (block === undefined || !equalBytes(block.hash, ack.blockHash)) return undefined;
      return { height: ack.height, header: block.headerBytes.slice(), certificate };
    }
    return undefined;
  }

  async stateProof({ key, at }: InputOf<'stateProof'>): Promise<AnswerOf<'stateProof'>> {
    if (at === undefined || at === this.#ledger.committedHeight) {
      const { height, value, proof } = this.#ledger.prove(key);
      return { height, value: value?.slice(), proof };
    }
    if (at > this.#ledger.applied.height) throw new AssentError('block-unknown', `No committed block is ${at}.`);
    const block = this.#ledger.block(at) ?? (await this.#archive?.block(at));
    if (block === undefined) throw new AssentError('history-not-kept', `Block ${at} is not kept here.`);
    const { value, proof } = await this.#past.prove(at, block.header.stateRoot, key);
    return { height: at, value: value?.slice(), proof };
  }

  historyPath({ height, above }: InputOf<'historyPath'>): AnswerOf<'historyPath'> {
    return this.#ledger.historyPath(height, above);
  }

  historyConsistency({ older, newer }: InputOf<'historyConsistency'>): AnswerOf<'historyConsistency'> {
    return this.#ledger.historyConsistency(older, newer);
  }

  async resultBytes({ height, from, ids }: InputOf<'resultBytes'>): Promise<AnswerOf<'resultBytes'>> {
    // Before the archive is waited for: afterwards they may have been pruned.
    const kept = ids.slice(0, resultsMax).map((id) => this.#ledger.receipt(id));
    const archived = kept.includes(undefined) ? await this.#archive?.block(height) : undefined;
    return kept.map((receipt, index) => {
      const bytes = receipt === undefined ? archived?.resultBytes[from + index] : encodeResult(receipt.result);
      if (bytes === undefined)
        throw new AssentError('history-not-kept', `The results of block ${height} are not kept here.`);
      return bytes;
    });
  }
}
