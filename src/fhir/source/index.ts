export { type Bundle, type BundleEntry, type Resource, readBundle, readResource } from './bundle.ts';
export { canonicalJson, canonicalResource } from './canonical.ts';
export { type ClinicalDate, clinicalDate, startOfDate } from './clinical-date.ts';
export {
  type CommittedForm,
  canonicalBody,
  commitEntry,
  type EntryCommitments,
  type OpenedCommitment,
  sourceBody,
  sourceDigest,
  wrappingDigest,
} from './commitments.ts';
export { itemsAt, type JsonNode, type JsonObject, memberAt, stringAt } from './node.ts';
export { type JsonLimits, jsonLimits, scanJson } from './scanner.ts';
