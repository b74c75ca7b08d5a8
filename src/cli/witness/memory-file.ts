import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, concatBytes, present, toHex } from '../../base/index.ts';
import { decodeMemory, type MemoryFile, type WitnessMemory } from '../../client/index.ts';
import { sha256 } from '../../crypto/index.ts';
import { type Keystore, readFileIfPresent, replaceFile } from '../../vault/index.ts';

const namePattern = /^witness-[0-9a-f]{16}$/;

/** The memory of a witness: a file beside the keystore's own, whose lock is this one's, too. */
export class WitnessFile implements MemoryFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Where a key of this keystore remembers what it cosigned of this ledger. */
  static of(keystore: Keystore, ledgerId: Uint8Array, witness: Uint8Array): WitnessFile {
    const name = toHex(sha256(concatBytes(ledgerId, witness))).slice(0, 16);
    return new WitnessFile(join(keystore.directory, `witness-${name}`));
  }

  /** The only witness of this keystore, or the one with this key. Throws `not-found`, `usage`, `storage-damaged`. */
  static find(keystore: Keystore, keyName: string | undefined): WitnessFile {
    const [found, another] = WitnessFile.all(keystore).filter(
      ({ memory }) => keyName === undefined || memory.keyName === keyName || memory.keyName === `witness/${keyName}`,
    );
    if (found === undefined)
      throw new AssentError('not-found', 'This keystore has no such witness; begin with `assent witness init`.');
    if (another !== undefined)
      throw new AssentError('usage', 'This keystore has several witnesses; say which with --as NAME.');
    return found.file;
  }

  static all(keystore: Keystore): { readonly file: WitnessFile; readonly memory: WitnessMemory }[] {
    return readdirSync(keystore.directory)
      .filter((name) => namePattern.test(name))
      .sort()
      .map((name) => {
        const file = new WitnessFile(join(keystore.directory, name));
        return { file, memory: decodeMemory(present(file.read(), 'it was listed')) };
      });
  }

  /** The cosigned checkpoint as a node gave it out, from genesis: to be held against what is shown later. */
  get checkpointPath(): string {
    return `${this.path}.checkpoint`;
  }

  read(): Uint8Array | undefined {
    const bytes = readFileIfPresent(this.path);
    return bytes && Uint8Array.from(bytes);
  }

  write(bytes: Uint8Array): void {
    replaceFile(this.path, bytes);
  }
}
