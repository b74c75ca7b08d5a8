/** What canonical bytes can say. Numbers are integers within ±(2^53 - 1). */
export type CanonicalValue = null | boolean | number | string | Uint8Array | readonly CanonicalValue[];

/** Bounds on what is decoded. They hold before anything is allocated. */
export interface CodecLimits {
  readonly bytesMax: number;
  /** Arrays within arrays: a scalar has depth 0, an array of scalars 1. */
  readonly depthMax: number;
  /** Values in all, arrays included. */
  readonly countMax: number;
  /** Arrays nested deeper are checked like the others, and come out empty; all are kept where this is absent. */
  readonly keptDepth?: number;
}

/** Bounds that every caller can live with: one batch transaction of the largest size (protocol.md §3). */
export const codecLimits: CodecLimits = { bytesMax: 256 * 1024, depthMax: 16, countMax: 65_536 };

/** The first byte of each form of the subset (MessagePack specification, "Formats"). */
export const head = {
  fixArray: 0x90,
  fixString: 0xa0,
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  bin16: 0xc5,
  bin32: 0xc6,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  string8: 0xd9,
  string16: 0xda,
  string32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  negativeFixInt: 0xe0,
} as const;
