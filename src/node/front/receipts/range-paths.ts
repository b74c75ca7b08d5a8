import { assert } from '../../../base/index.ts';
import { nodeHash, type RootOf, splitPoint } from '../../../crypto/index.ts';

/** A complete subtree over the places [first, last). */
interface Span {
  readonly first: number;
  readonly last: number;
  readonly hash: Uint8Array;
}

/**
 * Takes the leaves of a long tree one after another and keeps what the path of a range needs: of all that stands before
 * or after the range only the roots of complete subtrees, log(size) of them.
 */
export class LeafSpans {
  readonly #spans: Span[] = [];
  /** Spans before this one are closed: what comes later never joins with them. */
  #open = 0;

  /** The next leaf outside of the range. */
  add(place: number, leafHash: Uint8Array): void {
    let [first, hash] = [place, leafHash];
    for (let left = this.#last; left !== undefined && joins(left, first, place + 1); left = this.#last) {
      this.#spans.pop();
      [first, hash] = [left.first, nodeHash(left.hash, hash)];
    }
    this.#spans.push({ first, last: place + 1, hash });
  }

  /** The range stands between what was added and what will be. */
  gap(): void {
    this.#open = this.#spans.length;
  }

  /** The root over places outside of the range. */
  readonly rootOf: RootOf = (first, last) => {
    const span = this.#spans.find((one) => one.first === first && one.last === last);
    if (span !== undefined) return span.hash;
    assert(last - first > 1, 'every place outside of the range was added');
    const middle = first + splitPoint(last - first);
    return nodeHash(this.rootOf(first, middle), this.rootOf(middle, last));
  };

  get #last(): Span | undefined {
    return this.#spans.length > this.#open ? this.#spans.at(-1) : undefined;
  }
}

/** Whether a span and the one after it are the halves of a complete subtree. */
function joins(left: Span, first: number, last: number): boolean {
  const width = last - first;
  return left.last === first && left.last - left.first === width && left.first % (2 * width) === 0;
}
