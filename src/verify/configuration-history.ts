import { AssentError, messageOf } from '../base/index.ts';
import { HASH_BYTES } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical, ledgerLimits } from '../ledger/portable.ts';

/** The most that a piece of history takes on the wire: 1 MiB. A longer history goes on from the end of a piece. */
export const historyBytesMax: number = 1024 * 1024;
/** The most changes in one piece. */
export const historyStepsMax = 1024;
/** What a history takes besides its steps, at most. */
export const historyFrameBytesMax = 128;
/** The most headers from a change to the certified one, far above the uncertified tail that a leader may build. */
export const historyLinksMax = 256;

const historyVersion = 1;
const historyFieldCount = 5;
const stepFieldCount = 4;
const headerBytesMax = 1024;
/** An ack and as many signatures as a configuration has nodes, with room to spare. */
const certificateBytesMax = 16_384;
// A step of no links has six heads and values at least; one of many is bounded by the bytes of its headers.
const historyLimits = { bytesMax: historyBytesMax, depthMax: 5, countMax: 16 * historyStepsMax };

/** A change of the configuration with all that proves it to whoever knows the configuration before. */
export interface HistoryStep {
  /** Header of the block that changes the configuration. */
  readonly header: Uint8Array;
  /** Its justification: the configuration that comes, and why it may. */
  readonly justification: Uint8Array;
  /** The headers above it, upwards, up to the certified one; none when the change's own block is certified. */
  readonly links: readonly Uint8Array[];
  /** The certificate of the last of these blocks, under the configuration that comes. */
  readonly certificate: Uint8Array;
}

/**
 * The changes of a ledger's configuration, each proved, from one that the verifier knows. What comes first is what the
 * history was made for; it proves nothing by itself.
 */
export interface ConfigurationHistory {
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  /** Height of the block that brought the configuration before the first step; 0 for that of genesis. */
  readonly knownHeight: number;
  /** Hash of that configuration. */
  readonly knownHash: Uint8Array;
  readonly steps: readonly HistoryStep[];
}

/**
 * Canonical bytes `[version, ledgerId, knownHeight, knownHash, [[header, justification, [link, …], certificate], …]]`.
 * The caller keeps the bounds.
 */
export function encodeHistory({ ledgerId, knownHeight, knownHash, steps }: ConfigurationHistory): Uint8Array {
  return encodeCanonical([historyVersion, ledgerId, knownHeight, knownHash, steps.map(stepValue)]);
}

/** The bytes of one step, as they stand in a history. */
export function encodeHistoryStep(step: HistoryStep): Uint8Array {
  return encodeCanonical(stepValue(step));
}

/** Strict inverse of {@link encodeHistoryStep}. Throws `history-invalid`. */
export function decodeHistoryStep(bytes: Uint8Array): HistoryStep {
  return readStep(decodeOrRefuse(bytes));
}

/** Strict inverse of {@link encodeHistory}. Nothing is verified. Throws `history-invalid`. */
export function decodeHistory(bytes: Uint8Array): ConfigurationHistory {
  const value = decodeOrRefuse(bytes);
  if (!isList(value) || value.length !== historyFieldCount) throw invalidHistory(`it has ${historyFieldCount} fields`);
  const [version, ledgerId, knownHeight, knownHash, steps] = value;
  if (version !== historyVersion) throw invalidHistory(`version ${String(version)} is not ${historyVersion}`);
  if (typeof knownHeight !== 'number' || knownHeight < 0) throw invalidHistory('its beginning is no height');
  if (!isList(steps) || steps.length > historyStepsMax) throw invalidHistory('its steps are not a bounded list');
  return {
    ledgerId: hash(ledgerId),
    knownHeight,
    knownHash: hash(knownHash),
    steps: steps.map(readStep),
  };
}

export function invalidHistory(reason: string, height?: number, cause?: unknown): AssentError {
  const where = height === undefined ? '' : ` at block ${height}`;
  const data = height === undefined ? {} : { height };
  return new AssentError('history-invalid', `The configuration history is wrong${where}: ${reason}.`, data, { cause });
}

function stepValue({ header, justification, links, certificate }: HistoryStep): CanonicalValue {
  return [header, justification, links, certificate];
}

function readStep(value: CanonicalValue): HistoryStep {
  if (!isList(value) || value.length !== stepFieldCount)
    throw invalidHistory(`a step does not have ${stepFieldCount} fields`);
  const [header, justification, links, certificate] = value;
  if (!isList(links) || links.length > historyLinksMax) throw invalidHistory('the links are not a bounded list');
  return {
    header: binary(header, headerBytesMax),
    justification: binary(justification, ledgerLimits.justificationBytesMax),
    links: links.map((link) => binary(link, headerBytesMax)),
    certificate: binary(certificate, certificateBytesMax),
  };
}

function decodeOrRefuse(bytes: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(bytes, historyLimits);
  } catch (error) {
    throw invalidHistory(messageOf(error), undefined, error);
  }
}

function isList(value: CanonicalValue | undefined): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function hash(value: CanonicalValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== HASH_BYTES) throw invalidHistory('a hash is not 32 bytes');
  return value;
}

function binary(value: CanonicalValue | undefined, bytesMax: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > bytesMax)
    throw invalidHistory('a field is not binary within its bound');
  return value;
}
