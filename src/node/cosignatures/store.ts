import { AssentError, compareBytes, equalBytes, fromHex, type Logger, present, toHex } from '../../base/index.ts';
import { HASH_BYTES, SIGNATURE_BYTES, type VerifySignature } from '../../crypto/index.ts';
import { decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type Journal, type Operation, prefixedKey, prefixRange, type Store } from '../../storage/index.ts';
import { type CosignatureStatement, cosignatureMessage } from '../../verify/index.ts';
import { ownBytes } from '../replica/index.ts';
import { binary, count, list } from '../replica/records.ts';

/** Of each witness the newest are kept, so that none crowds out another's. */
export const cosignaturesPerWitnessMax = 8;
/** Those of genesis, and as many as the configuration can name. */
const witnessesMax = 1000;

/** A cosignature that was verified. */
export interface KeptCosignature extends CosignatureStatement {
  readonly witness: Uint8Array;
  readonly signature: Uint8Array;
}

export interface StoreOptions {
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  readonly ledgerId: Uint8Array;
  readonly verify: VerifySignature;
  readonly logger: Logger;
}

const version = 1;
const limits = { bytesMax: 4096, depthMax: 3, countMax: 8 * cosignaturesPerWitnessMax };

/** What witnesses sent: a record a witness, `[1, [[height, block hash, time, signature], …]]`, heights ascending. */
export class CosignatureStore {
  readonly #journal: Pick<Journal, 'append'>;
  readonly #perWitness: Map<string, readonly KeptCosignature[]>;

  private constructor(journal: Pick<Journal, 'append'>, perWitness: Map<string, readonly KeptCosignature[]>) {
    this.#journal = journal;
    this.#perWitness = perWitness;
  }

  /** A record that is damaged is left out, and said so: its witness can send it again. */
  static async open({ store, journal, ledgerId, verify, logger }: StoreOptions): Promise<CosignatureStore> {
    const perWitness = new Map<string, readonly KeptCosignature[]>();
    for (const [key, bytes] of await store.range({ ...prefixRange('cosignature'), limit: witnessesMax })) {
      const witness = key.slice(1);
      const problem = problemOf(ledgerId, witness, bytes, verify);
      if (problem === undefined) perWitness.set(toHex(witness), decodeCosignatures(witness, bytes));
      else logger.error({ witness: toHex(witness), problem }, 'the cosignatures of a witness are damaged and left out');
    }
    return new CosignatureStore(journal, perWitness);
  }

  /** What the disk should hold, a record a witness. */
  get records(): readonly { readonly key: Uint8Array; readonly value: Uint8Array }[] {
    return [...this.#perWitness].map(([name, kept]) => ({ key: keyOf(name), value: encodeCosignatures(kept) }));
  }

  /** Of all witnesses, ascending by height, then by key. */
  get all(): readonly KeptCosignature[] {
    return [...this.#perWitness.values()]
      .flat()
      .sort((left, right) => left.height - right.height || compareBytes(left.witness, right.witness));
  }

  /**
   * Keeps a verified one, and resolves when it is durable; false where the same is here, or newer ones take its place.
   * Records of witnesses that are not `known` any more go with it. Throws `checkpoint-contradicted` where the witness
   * cosigned another block of that height.
   */
  async add(cosignature: KeptCosignature, known: ReadonlySet<string>): Promise<boolean> {
    const { witness, height, blockHash } = cosignature;
    const name = toHex(witness);
    const before = this.#perWitness.get(name) ?? [];
    const twin = before.find((kept) => kept.height === height);
    if (twin !== undefined && equalBytes(twin.blockHash, blockHash)) return false;
    if (twin !== undefined)
      throw new AssentError('checkpoint-contradicted', `The witness cosigned another block of height ${height}, too.`);
    const after = [...before, cosignature]
      .sort((left, right) => left.height - right.height)
      .slice(-cosignaturesPerWitnessMax);
    if (!after.includes(cosignature)) return false;
    const strangers = [...this.#perWitness.keys()].filter((other) => !known.has(other));
    const operations: readonly Operation[] = [
      { type: 'put', key: keyOf(name), value: encodeCosignatures(after) },
      ...strangers.map((other) => ({ type: 'delete', key: keyOf(other) }) as const),
    ];
    const written = Promise.withResolvers<void>();
    // Throws where the journal is full: then nothing has changed.
    this.#journal.append(operations, undefined, (error) =>
      error === undefined ? written.resolve() : written.reject(error),
    );
    this.#perWitness.set(name, after);
    for (const other of strangers) this.#perWitness.delete(other);
    await written.promise;
    return true;
  }
}

/** What is wrong with a record; undefined where all of it is readable and signed. */
export function problemOf(
  ledgerId: Uint8Array,
  witness: Uint8Array,
  bytes: Uint8Array,
  verify: VerifySignature,
): string | undefined {
  try {
    const isSigned = decodeCosignatures(witness, bytes).every((kept) =>
      verify(witness, cosignatureMessage(ledgerId, kept), kept.signature),
    );
    return isSigned ? undefined : 'a cosignature is not signed by its witness';
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    return error.message;
  }
}

/** Strict inverse of what is stored under a witness's key. Throws `storage-damaged`. */
export function decodeCosignatures(witness: Uint8Array, bytes: Uint8Array): readonly KeptCosignature[] {
  return ownBytes('a record of cosignatures', () => {
    const [readVersion, rows] = list(decodeCanonical(bytes, limits), 2);
    if (readVersion !== version) throw new AssentError('encoding-invalid', 'cosignatures are of another version');
    return list(rows).map((row) => {
      const [height, blockHash, time, signature] = list(row, 4);
      return {
        witness,
        height: count(height),
        blockHash: binary(blockHash, HASH_BYTES),
        time: count(time),
        signature: binary(signature, SIGNATURE_BYTES),
      };
    });
  });
}

function encodeCosignatures(kept: readonly KeptCosignature[]): Uint8Array {
  const rows = kept.map(({ height, blockHash, time, signature }) => [height, blockHash, time, signature]);
  return encodeCanonical([version, rows]);
}

function keyOf(witness: string): Uint8Array {
  return prefixedKey('cosignature', present(fromHex(witness), 'a name is hexadecimal'));
}
