import type { TransactionsQuery } from '../../api/index.ts';
import {
  AssentError,
  concatBytes,
  equalBytes,
  fromHex,
  present,
  readUint64,
  toHex,
  uint64Bytes,
  utf8,
} from '../../base/index.ts';
import { sha256 } from '../../crypto/index.ts';
import type { RowPlace } from '../query-index/index.ts';

const placeBytes = 16;
const tagBytes = 8;

/**
 * Cursors of one query: a place in the ledger, and a tag over it and the query. A place does not move when blocks are
 * added. What is no cursor of this query is refused: it would leave out what lies between.
 */
export class RowCursors {
  readonly #query: Uint8Array;

  constructor({ limit: _limit, cursor: _cursor, ...query }: TransactionsQuery) {
    const { subject, agent, organisation, kind, consent, from, to, order } = query;
    this.#query = utf8(JSON.stringify([subject, agent, organisation, kind, consent, from, to, order]));
  }

  encode(place: RowPlace): string {
    const bytes = new Uint8Array(placeBytes);
    bytes.set(uint64Bytes(place.height));
    const view = new DataView(bytes.buffer);
    view.setUint32(8, place.index);
    view.setUint32(12, place.number);
    return toHex(concatBytes(bytes, this.#tag(bytes)));
  }

  /** Throws `request-invalid`. */
  decode(cursor: string): RowPlace {
    const bytes = present(fromHex(cursor), 'the route checked the hexadecimal');
    const place = bytes.subarray(0, placeBytes);
    if (!equalBytes(bytes.subarray(placeBytes), this.#tag(place)))
      throw new AssentError('request-invalid', 'The cursor is not one of a page of this query.');
    const view = new DataView(place.buffer, place.byteOffset, placeBytes);
    return { height: readUint64(place), index: view.getUint32(8), number: view.getUint32(12) };
  }

  #tag(place: Uint8Array): Uint8Array {
    return sha256(concatBytes(this.#query, place)).subarray(0, tagBytes);
  }
}
