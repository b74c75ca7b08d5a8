import { AssentError, assert, equalBytes, present } from '../../base/index.ts';
import { type Signer, sha256, type VerifySignature, verifySignaturePortable } from '../../crypto/portable.ts';
import {
  anchorOf,
  type Cosignature,
  type CosignatureStatement,
  cosignatureMessage,
  encodeCheckpoint,
  headerOf,
  openReceipt,
  type ProvedReceipt,
  verifyReceipt,
} from '../../verify/index.ts';
import { decodeMemory, encodeMemory, type MemoryFile, type WitnessMemory } from './memory.ts';

/** What a witness gives out: whoever holds the header can check it. */
export interface SignedSighting extends CosignatureStatement, Cosignature {}

export interface WitnessOptions {
  readonly signer: Signer;
  /** One process at a time may hold it. */
  readonly memory: MemoryFile;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: () => number;
  readonly verify?: VerifySignature;
}

/**
 * Cosigns checkpoints of one ledger. Promises that all that it ever signs is one history: it signs no block that was not
 * proved to be certified, to stand above the last one that it signed, and to have that one's history as its beginning.
 * What it signed is durable before anyone sees it, so that this holds across every crash.
 */
export class Witness {
  readonly #options: WitnessOptions;
  #memory: WitnessMemory;

  /** Throws `witness-refused` where there is no memory, `storage-damaged` where it cannot be read. */
  constructor(options: WitnessOptions, publicKey: Uint8Array) {
    const bytes = options.memory.read();
    if (bytes === undefined) throw refused('it has no memory of what it signed; begin with a new key');
    this.#options = options;
    this.#memory = decodeMemory(bytes);
    if (!equalBytes(this.#memory.witness, publicKey)) throw refused('the memory is of another key');
  }

  /** Begins a memory. Only for a key that never cosigned anything of this ledger. Throws `witness-refused` where one is. */
  static begin(memory: MemoryFile, of: Omit<WitnessMemory, 'last'>): void {
    if (memory.read() !== undefined) throw refused('this key witnesses this ledger already');
    memory.write(encodeMemory({ ...of, last: undefined }));
  }

  get ledgerId(): Uint8Array {
    return this.#memory.ledgerId;
  }

  /** What it signed last. */
  get last(): SignedSighting | undefined {
    const { last, witness } = this.#memory;
    if (last === undefined) return undefined;
    const { height, hash } = pinnedBlock(last.checkpoint);
    return { height, blockHash: hash, time: last.time, witness, signature: last.signature };
  }

  /**
   * Cosigns the block of a receipt: at first of a checkpoint from genesis; then of the consistency with the last block
   * that it signed, from there as the checkpoint. For the last block itself it gives out what it signed.
   *
   * Throws `witness-refused`, or the code of a receipt that proves nothing.
   */
  cosign(receiptBytes: Uint8Array): SignedSighting {
    const { last } = this.#memory;
    const { verify = verifySignaturePortable } = this.#options;
    const pinned = last === undefined ? { genesisHash: this.ledgerId } : { checkpoint: last.checkpoint };
    const proved = verifyReceipt(receiptBytes, pinned, verify);
    if (!proved.ok) throw new AssentError(proved.code, proved.message);
    const repeated = last === undefined ? undefined : this.#checkedAgainst(proved);
    return repeated ?? this.#sign(headerOf(openReceipt(receiptBytes)), proved);
  }

  /**
   * Cosignatures under its own key that others hold. One of a block above the last that it knows of shows that its memory
   * was set back; then it never signs again. Throws `witness-refused`.
   */
  heardOf(sightings: readonly SignedSighting[]): void {
    const { last, ledgerId } = this;
    const { verify = verifySignaturePortable } = this.#options;
    for (const sighting of sightings) {
      if (!equalBytes(sighting.witness, this.#memory.witness)) continue;
      const isForgotten =
        last === undefined ||
        sighting.height > last.height ||
        (sighting.height === last.height && !equalBytes(sighting.blockHash, last.blockHash));
      if (isForgotten && verify(sighting.witness, cosignatureMessage(ledgerId, sighting), sighting.signature))
        throw refused(
          `it signed block ${sighting.height}, of which its memory knows nothing: the memory was set back; begin with a new key`,
        );
    }
  }

  /** The cosignature to repeat; undefined for a block above that has the last one's history. */
  #checkedAgainst(proved: ProvedReceipt): SignedSighting | undefined {
    const last = present(this.last, 'something was signed');
    const { height, blockHash } = proved.asOf;
    if (height < last.height) throw refused(`block ${height} is below block ${last.height}, which it signed last`);
    if (height === last.height) {
      if (!equalBytes(blockHash, last.blockHash)) throw refused(`it signed another block of height ${height}`);
      return last;
    }
    const goesOn =
      proved.kind === 'consistency' &&
      proved.older.height === last.height &&
      equalBytes(proved.older.blockHash, last.blockHash);
    if (!goesOn) throw refused(`nothing proves that block ${height} has the history of block ${last.height}`);
    return undefined;
  }

  #sign(header: Uint8Array, { asOf }: ProvedReceipt): SignedSighting {
    const { signer, memory, nowMs } = this.#options;
    const { ledgerId, witness, last } = this.#memory;
    const { height, blockHash } = asOf;
    assert(equalBytes(sha256(header), blockHash), 'the header is that of the proved block');
    // A clock that was set back does not make a later sighting the earlier one.
    const time = Math.max(nowMs(), (last?.time ?? -1) + 1);
    const signature = signer.sign(cosignatureMessage(ledgerId, { time, height, blockHash }));
    const remembered = { ...this.#memory, last: { checkpoint: encodeCheckpoint(header), time, signature } };
    memory.write(encodeMemory(remembered));
    this.#memory = remembered;
    return { height, blockHash, time, witness, signature };
  }
}

function pinnedBlock(checkpoint: Uint8Array): { readonly height: number; readonly hash: Uint8Array } {
  const anchor = anchorOf({ checkpoint });
  assert(anchor.type === 'checkpoint', 'a checkpoint was pinned');
  return { height: anchor.header.height, hash: anchor.hash };
}

function refused(reason: string): AssentError {
  return new AssentError('witness-refused', `The witness does not sign: ${reason}.`);
}
