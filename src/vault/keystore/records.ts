import { Packr } from 'msgpackr';
import { AssentError } from '../../base/index.ts';

/** What opens a salted commitment, and what one searches it by. */
export interface Opening {
  /** 32 bytes, as on the ledger. */
  readonly commitment: Uint8Array;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  readonly labels: Labels;
}

/** Free text by name: source file, entry number, subject … */
export type Labels = Readonly<Record<string, string>>;

type LabelList = readonly (readonly [name: string, text: string])[];

const RECORD_VERSION = 1;
const packr = new Packr({ useRecords: false });

/** Bytes of a record: a positional array with its version first. */
export function packRecord(...fields: readonly unknown[]): Uint8Array {
  return Uint8Array.from(packr.pack([RECORD_VERSION, ...fields]));
}

/** The fields of a record. Only bytes that a seal vouches for come here, so their shape is not checked again. */
export function unpackRecord<Fields extends readonly unknown[]>(bytes: Uint8Array): Fields {
  const [version, ...fields] = packr.unpack(bytes) as [number, ...Fields];
  if (version !== RECORD_VERSION)
    throw new AssentError('storage-format-unknown', `a record of the keystore has version ${version}`);
  return fields as unknown as Fields;
}

export function packOpenings(openings: readonly Opening[]): Uint8Array {
  return packRecord(
    openings.map(({ commitment, salt, body, labels }) => [commitment, salt, body, Object.entries(labels)]),
  );
}

export function unpackOpenings(bytes: Uint8Array): Opening[] {
  const [list] = unpackRecord<[[Uint8Array, Uint8Array, Uint8Array, LabelList][]]>(bytes);
  return list.map(([commitment, salt, body, labels]) => ({
    commitment,
    salt,
    body,
    labels: Object.fromEntries(labels),
  }));
}
