import type { ReceiptFault } from '../../../src/verify/index.ts';

/** A receipt with what is pinned and what comes of it. */
export interface ReceiptVector {
  readonly name: string;
  readonly what: string;
  readonly pinned: ({ readonly genesisHash: Uint8Array } | { readonly checkpoint: Uint8Array }) & {
    readonly witnesses?: VectorWitnesses;
  };
  readonly receipt: Uint8Array;
  /** `ok`, or the code. */
  readonly expect: 'ok' | ReceiptFault;
}

/** What is demanded; `cosigned` names the vector whose receipt is the cosigned checkpoint. */
export interface VectorWitnesses {
  readonly keys: readonly Uint8Array[];
  readonly atLeast: number;
  readonly cosigned?: string;
}

export type AddVector = (
  name: string,
  what: string,
  pinned: ReceiptVector['pinned'],
  receipt: Uint8Array,
  verdict?: ReceiptVector['expect'],
) => void;

/** A list, and what adds to it; receipts hold unless said otherwise. */
export function vectorList(): { readonly vectors: readonly ReceiptVector[]; readonly add: AddVector } {
  const vectors: ReceiptVector[] = [];
  const add: AddVector = (name, what, pinned, receipt, verdict = 'ok') =>
    void vectors.push({ name, what, pinned, receipt, expect: verdict });
  return { vectors, add };
}
