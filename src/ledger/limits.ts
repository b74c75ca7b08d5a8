/** Bounds that every node applies alike (protocol.md §3, §4). Changing one changes which blocks are valid. */
export const ledgerLimits = {
  /** Signed bytes of one transaction: 64 KiB. */
  transactionBytesMax: 65_536,
  /** The same of a large kind, 192 KiB: a thousand accesses of 170 bytes, and who made them. A block holds one. */
  largeTransactionBytesMax: 196_608,
  transactionDepthMax: 16,
  /** For each eight bytes one. */
  transactionValuesMax: 24_576,
  /** Sum of the signed bytes of a block's transactions: 256 KiB. */
  blockTransactionBytesMax: 262_144,
  blockTransactionsMax: 1024,
  /** Whole block on the wire: transactions, header, justification. */
  blockBytesMax: 524_288,
  justificationBytesMax: 65_536,
  /** How far ahead of a block's time `validUntil` may lie: ten minutes. */
  validityWindowMs: 600_000,
  /** Executed ids are grouped by the minute of their `validUntil`. */
  idBucketMs: 60_000,
  genesisBytesMax: 1_048_576,
  configurationNodesMax: 64,
  stateKeyCharactersMax: 256,
  stateValueBytesMax: 262_144,
} as const;
