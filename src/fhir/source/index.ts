export { type Bundle, type BundleEntry, type Resource, readBundle, readResource } from './bundle.ts';
export { canonicalJson, canonicalResource } from './canonical.ts';
export { type ClinicalDate, clinicalDate, startOfDate } from './clinical-date.ts';
export {
  type CommittedContent,
  type CommittedForm,
  canonicalBody,
  canonicalDigest,
  commitEntry,
  type EntryCommitments,
  type OpenedCommitment,
  readCommittedBody,
  sourceBody,
  sourceDigest,
  wrappingDigest,
} from './commitments.ts';
export { identifierOf, nameOf, patientReferenceOf, titleOf } from './describe.ts';
export { itemsAt, type JsonNode, type JsonObject, memberAt, stringAt } from './node.ts';
export { type JsonLimits, jsonLimits, scanJson } from './scanner.ts';
