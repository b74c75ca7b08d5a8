/**
 * The demo: an invented consortium, the import of FHIR R4 Bundles, and the story of an emergency, played against a running
 * ledger through the client. It acts with keys of a keystore and keeps every opening there; of records, only salted
 * commitments leave it. Everything can be done again: what was done is found, not repeated.
 */
export {
  type Consortium,
  type DemoKey,
  generateConsortium,
  genesisDomains,
  genesisMembers,
  genesisParameters,
  type HospitalRecords,
  keepKeys,
} from './consortium/consortium.ts';
export type { Hospital, InventedPatient } from './consortium/invented.ts';
export {
  type Delivery,
  type DemoDecision,
  type DemoReport,
  type DemoStory,
  type DemoSummary,
  defaultDomain,
  playDemo,
} from './demo.ts';
export { type Custodian, custodiansIn, gatewayKey, governanceKey, linkedIdentities } from './enrol.ts';
export { type Home, identityNamed, type LedgerAccess, walletNamed } from './home.ts';
export { laterKeyRole, nextKey } from './later-keys.ts';
export { type ImportProgress, type ImportReport, importBundles } from './records/import.ts';
export type { Patient } from './records/people.ts';
export { type BundleSource, bundleFile, bundleOf, bundlesIn } from './records/sources.ts';
export { type TimelineRow, timelineOf } from './records/timeline.ts';
export { type EntryReference, parseEntryReference, type VerifiedRecord, verifyRecord } from './records/verify.ts';
export { type AccessRow, accessLogOf } from './story/access-log.ts';
export type { StoryStep } from './story/player.ts';
