import { present } from '../../base/index.ts';
import { decodeBlockCertificate, encodeBlockCertificate, encodeTermCertificate } from '../../consensus/index.ts';
import { ChunkBuilder, type ChunkRange, encodeSignatures, type ReadBlock } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import { certificateKey, termCertificateOf } from '../replica/index.ts';
import type { ChunkRecord } from './chunk-records.ts';

const certificatesAtOnce = 256;

/** The files of one chunk. */
export interface ChunkFiles {
  readonly record: ChunkRecord;
  readonly chunk: Uint8Array;
  readonly signatures: Uint8Array;
}

/** A chunk that grows with the chain, and what is kept beside it. */
export class ChunkInProgress {
  readonly first: number;
  readonly #ledgerId: Uint8Array;
  readonly #builder: ChunkBuilder;
  readonly #headerSignatures: Uint8Array[] = [];
  readonly #terms = new Set<number>();
  #parentHash: Uint8Array | undefined;
  #lastHash: Uint8Array | undefined;

  constructor(ledgerId: Uint8Array, first: number) {
    this.#ledgerId = ledgerId;
    this.first = first;
    this.#builder = new ChunkBuilder(ledgerId);
  }

  get nextHeight(): number {
    return this.first + this.#headerSignatures.length;
  }

  get isFull(): boolean {
    return this.#builder.isFull;
  }

  add({ block, headerSignature }: ReadBlock): void {
    this.#builder.add(block);
    // A view would keep the whole block.
    this.#headerSignatures.push(headerSignature.slice());
    this.#terms.add(block.header.term);
    this.#parentHash ??= block.header.parentHash;
    this.#lastHash = block.hash;
  }

  /** The files of a full chunk; `pause` lies between the slices of the work. */
  async finish(store: Pick<Store, 'get' | 'range'>, pause: () => Promise<void>): Promise<ChunkFiles> {
    const steps = this.#builder.finish();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) await pause();
    const chunk = step.value;
    const range = present(this.#builder.range, 'a full chunk has blocks');
    const record = {
      ...range,
      digest: chunk.slice(-32),
      parentHash: present(this.#parentHash, 'a full chunk has blocks'),
      lastHash: present(this.#lastHash, 'a full chunk has blocks'),
    };
    const signatures = encodeSignatures(this.#ledgerId, range, {
      headerSignatures: this.#headerSignatures,
      blockCertificates: await certificatesOf(store as Store, range, pause),
      termCertificates: [...this.#terms].flatMap((term) => {
        const certificate = termCertificateOf(store as Store, term);
        return certificate === undefined ? [] : [encodeTermCertificate(certificate)];
      }),
    });
    return { record, chunk, signatures };
  }
}

async function certificatesOf(store: Store, range: ChunkRange, pause: () => Promise<void>): Promise<Uint8Array[]> {
  const certificates: Uint8Array[] = [];
  const to = certificateKey(range.last + 1);
  for (let from = certificateKey(range.first); ; ) {
    const page = await store.range({ from, to, limit: certificatesAtOnce });
    // Their own encoding, whatever an earlier version wrote.
    for (const [, value] of page) certificates.push(encodeBlockCertificate(decodeBlockCertificate(value)));
    const last = page.at(-1);
    if (last === undefined || page.length < certificatesAtOnce) return certificates;
    from = new Uint8Array([...last[0], 0]);
    await pause();
  }
}
