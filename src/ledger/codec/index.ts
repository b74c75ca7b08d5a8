/**
 * The canonical subset of MessagePack (protocol.md §1): nil, booleans, shortest integers within ±(2^53 - 1), UTF-8
 * strings, byte strings and arrays. Every value has exactly one encoding, and nothing else decodes.
 */
export { checkCanonical, decodeCanonical } from './decode.ts';
export {
  type EncodedRuns,
  encodeArrayHead,
  encodeCanonical,
  encodeElements,
  encodeLayers,
  encodeRuns,
  type ItemRun,
  type LayerRun,
} from './encode.ts';
export { type CanonicalValue, type CodecLimits, codecLimits } from './value.ts';
