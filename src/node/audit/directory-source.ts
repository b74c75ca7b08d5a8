import { uint64Bytes } from '../../base/index.ts';
import { type BlockCertificate, decodeBlockCertificate } from '../../consensus/index.ts';
import { prefixedKey, prefixRange, type Store } from '../../storage/index.ts';
import { highestCertificateKey, readRecord } from '../replica/records.ts';
import type { BlockSource } from './source.ts';

/** Blocks that are read at a time, beside this thread. */
const readAhead = 32;

/** The blocks of a node's database. */
export async function directorySource(store: Store, name: string): Promise<BlockSource> {
  const certificate: BlockCertificate | undefined = readRecord(store, highestCertificateKey, decodeBlockCertificate);
  const range = prefixRange('block');
  const [first] = await store.range({ ...range, limit: 1 });
  const [last] = await store.range({ ...range, limit: 1, reverse: true });
  const heightOf = (key: Uint8Array): number =>
    Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
  const snapshot = store.snapshot();
  return {
    name,
    firstHeight: first === undefined ? 1 : heightOf(first[0]),
    height: last === undefined ? 0 : heightOf(last[0]),
    certificate,
    async *blocks(from, to) {
      const read = (begin: number): Promise<(Uint8Array | undefined)[]> => {
        const count = Math.max(0, Math.min(readAhead, to - begin + 1));
        return snapshot.getMany(
          Array.from({ length: count }, (_, index) => prefixedKey('block', uint64Bytes(begin + index))),
        );
      };
      let next = read(from);
      for (let height = from; height <= to; height += readAhead) {
        const blocks = await next;
        next = read(height + readAhead);
        for (const block of blocks) {
          if (block === undefined) return;
          yield { bytes: block, isSigned: true };
        }
      }
    },
    close: () => snapshot.close(),
  };
}
