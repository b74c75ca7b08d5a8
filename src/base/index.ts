/**
 * What every room stands on: assertions, typed errors with stable codes, bytes, bounded queues, and the ports through
 * which time, randomness and logging come in. No effects of its own.
 */
export { assert, InvariantError, present, unreachable } from './assert.ts';
export {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  latin1Bytes,
  latin1Text,
  putLatin1,
  putUint32,
  putUint64,
  readUint32,
  readUint64,
  toHex,
  uint64Bytes,
  utf8,
} from './bytes.ts';
export { type ErrorCode, type ErrorEntry, errorTable } from './error-table.ts';
export { AssentError, type ErrorData, messageOf } from './errors.ts';
export { type Clock, type LogFields, type Logger, type Random, silentLogger, type Timer } from './ports.ts';
export { BoundedQueue } from './queue.ts';
export { shortLivedBytes, shortLivedCopy } from './short-lived.ts';
