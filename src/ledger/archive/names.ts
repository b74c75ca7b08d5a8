/** Names of the files of an archive. */

/** Digits of a height in a name: names sort as heights do. */
const digits = 12;
const chunkPattern = /^blocks-(\d{12})-(\d{12})\.chunk$/;

/** Heights of the blocks of a chunk. */
export interface ChunkRange {
  readonly first: number;
  readonly last: number;
}

/** The genesis file, of which the ledger's id is the hash. */
export const genesisName: string = 'genesis';

export function chunkName(range: ChunkRange): string {
  return `${stem(range)}.chunk`;
}

/** The file with the header signatures and certificates of a chunk's blocks. */
export function signaturesName(range: ChunkRange): string {
  return `${stem(range)}.signatures`;
}

/** The range in a chunk's name; undefined for another name. */
export function rangeOfName(name: string): ChunkRange | undefined {
  const [, first, last] = chunkPattern.exec(name) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined;
  return { first: Number(first), last: Number(last) };
}

function stem({ first, last }: ChunkRange): string {
  return `blocks-${String(first).padStart(digits, '0')}-${String(last).padStart(digits, '0')}`;
}
