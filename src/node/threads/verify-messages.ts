/** Signatures to check: for each, 32 bytes of key, 64 of signature, then what is signed. Answered in the order of the questions. */
export interface VerifyQuestion {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length of each part, key and signature included. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Whether what is signed are bodies of transactions; else they are whole messages. */
  readonly areBodies: boolean;
}

/** One byte each: 1 valid, 0 not. */
export type VerifyAnswer = Uint8Array<ArrayBuffer>;

export interface VerifyThreadData {
  readonly ledgerId: Uint8Array;
}
