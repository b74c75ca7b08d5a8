import {
  accessRecordedLate,
  disputeAnswered,
  entryCorrected,
  entryDisputed,
  glassReviewed,
} from './access/after/entries.ts';
import { access } from './access/contract.ts';
import { accessRecorded, glassBroken } from './access/entries.ts';
import { consent } from './consent/contract.ts';
import { consentAmended, consentGranted, consentRevoked, consentSuperseded } from './consent/entries.ts';
import { credential } from './credential/contract.ts';
import {
  credentialIssued,
  credentialResumed,
  credentialRevoked,
  credentialSuspended,
  groupJoined,
  groupLeft,
} from './credential/entries.ts';
import { type Catalogue, catalogueOf, type RuleCode } from './engine/catalogue.ts';
import { entryReader } from './engine/stream-entry.ts';
import { enrolment } from './enrolment/contract.ts';
import {
  domainDeclared,
  keyHolderChanged,
  mergeAgreed,
  subjectLinked,
  subjectsMerged,
  subjectsUnmerged,
  subjectUnlinked,
} from './enrolment/entries.ts';
import { governance } from './governance/contract.ts';
import { nodeReplaced, nodeRetired, proposalMade, proposalWithdrawn, voteCast } from './governance/entries.ts';
import { identity } from './identity/contract.ts';
import {
  deactivationDecided,
  delegateAdded,
  delegateRemoved,
  guardiansSet,
  keyRotated,
  recoveryApproved,
  recoveryFinished,
  recoveryOpened,
  recoveryVetoed,
} from './identity/entries.ts';

import { record, recordAnchored } from './record/contract.ts';
import { recordEnteredInError } from './record/entered-in-error.ts';

/** Name of the rule set that the built-in contracts and tables make up. */
export const ruleSet = 'assent-rules/1';

export const builtInContracts: Catalogue = catalogueOf([
  enrolment,
  identity,
  credential,
  consent,
  access,
  record,
  governance,
]);

/** Every code that this rule set refuses with. */
export const ruleCodes: readonly RuleCode[] = builtInContracts.ruleCodes;

const readEntry = entryReader([
  domainDeclared,
  subjectLinked,
  subjectUnlinked,
  keyHolderChanged,
  mergeAgreed,
  subjectsMerged,
  subjectsUnmerged,
  keyRotated,
  guardiansSet,
  recoveryOpened,
  recoveryApproved,
  recoveryVetoed,
  recoveryFinished,
  deactivationDecided,
  delegateAdded,
  delegateRemoved,
  credentialIssued,
  credentialSuspended,
  credentialResumed,
  credentialRevoked,
  groupJoined,
  groupLeft,
  consentGranted,
  consentAmended,
  consentRevoked,
  consentSuperseded,
  accessRecorded,
  glassBroken,
  glassReviewed,
  entryDisputed,
  disputeAnswered,
  entryCorrected,
  accessRecordedLate,
  recordAnchored,
  recordEnteredInError,
  proposalMade,
  voteCast,
  proposalWithdrawn,
  nodeReplaced,
  nodeRetired,
]);

/**
 * JSON form of an entry of any stream of the built-in contracts (`access:`, `timeline:`, `consents:`, `domain:`, `enrolment:`,
 * `credentials:`, `records:`): its `type` and fields. @throws AssentError `encoding-invalid`.
 * JSON form of an entry of any stream of the built-in contracts (`access:`, `timeline:`, `consents:`, `domain:`,
 * `credentials:`, `records:`, `identity:`): its `type` and fields. @throws AssentError `encoding-invalid`.
 */
export function describeEntry(entry: Uint8Array): Record<string, unknown> {
  return readEntry(entry);
}
