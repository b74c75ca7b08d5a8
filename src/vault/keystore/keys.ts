import { join } from 'node:path';
import { AssentError, concatBytes, utf8 } from '../../base/index.ts';
import { domainPrefix, seal, unseal } from '../../crypto/index.ts';
import { readFileIfPresent, replaceFile } from './files.ts';
import { packRecord, unpackRecord } from './records.ts';

/** What a key of the keystore says about itself. */
export interface KeyEntry {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface SealedEntry extends KeyEntry {
  /** Sealed once more inside the sealed file, so that no seed is in memory before it is asked for. */
  readonly sealedSeed: Uint8Array;
}

type AttributeList = readonly (readonly [name: string, text: string])[];

const fileDomain = domainPrefix('keystore-keys');
const seedDomain = domainPrefix('keystore-seed');

/** Named 32-byte seeds, in one sealed file that is replaced as a whole. */
export class KeyFile {
  readonly #path: string;
  readonly #key: Uint8Array;
  #entries: ReadonlyMap<string, SealedEntry>;

  private constructor(directory: string, key: Uint8Array) {
    this.#path = join(directory, 'keys');
    this.#key = key;
    this.#entries = new Map();
  }

  static create(directory: string, key: Uint8Array): KeyFile {
    const file = new KeyFile(directory, key);
    file.#write(file.#entries);
    return file;
  }

  static open(directory: string, key: Uint8Array): KeyFile {
    const file = new KeyFile(directory, key);
    const sealed = readFileIfPresent(file.#path);
    const plain = sealed === undefined ? undefined : unseal(key, sealed, fileDomain);
    if (plain === undefined) throw file.#damaged();
    const [list] = unpackRecord<[[string, Uint8Array, AttributeList][]]>(plain);
    file.#entries = new Map(
      list.map(([name, sealedSeed, attributes]) => [
        name,
        { name, sealedSeed, attributes: Object.fromEntries(attributes) },
      ]),
    );
    return file;
  }

  list(): KeyEntry[] {
    return [...this.#entries.values()].map(({ name, attributes }) => ({ name, attributes }));
  }

  /** Throws AssentError 'key-exists' rather than replace a seed: what it signs for could be lost for ever. */
  put(name: string, seed: Uint8Array, attributes: Readonly<Record<string, string>>): void {
    if (this.#entries.has(name)) throw new AssentError('key-exists', `there is a key named ${name} already`, { name });
    const sealedSeed = seal(this.#key, seed, seedAssociated(name));
    const entries = new Map(this.#entries).set(name, { name, sealedSeed, attributes: { ...attributes } });
    this.#write(entries);
    this.#entries = entries;
  }

  /** A copy, which the caller may wipe. Throws AssentError 'key-unknown'. */
  seed(name: string): Uint8Array {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new AssentError('key-unknown', `there is no key named ${name}`, { name });
    const seed = unseal(this.#key, entry.sealedSeed, seedAssociated(name));
    if (seed === undefined) throw this.#damaged();
    return seed;
  }

  #write(entries: ReadonlyMap<string, SealedEntry>): void {
    const list = [...entries.values()].map((entry) => [entry.name, entry.sealedSeed, Object.entries(entry.attributes)]);
    replaceFile(this.#path, seal(this.#key, packRecord(list), fileDomain));
  }

  #damaged(): AssentError {
    return new AssentError('keystore-damaged', `${this.#path} is missing or changed`, { path: this.#path });
  }
}

function seedAssociated(name: string): Uint8Array {
  return concatBytes(seedDomain, utf8(name));
}
