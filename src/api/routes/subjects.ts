import type { Nothing, Route } from '../route.ts';
import { type IdentityView, identityView } from '../schemas/identities.ts';
import {
  type AccessProofPage,
  type AccessProofQuery,
  accessProofPage,
  accessProofQuery,
  type CredentialList,
  credentialList,
  didParams,
  type RecordParams,
  type RecordView,
  recordParams,
  recordView,
  type SubjectParams,
} from '../schemas/subjects.ts';
import { type Stream, streamOf, subjectStream } from './common.ts';

/** What there is of one person, one agent or one record. */
export interface SubjectRoutes {
  readonly consents: Stream<SubjectParams>;
  readonly access: Stream<SubjectParams>;
  readonly accessProofs: Route<SubjectParams, AccessProofQuery, never, AccessProofPage>;
  readonly timeline: Stream<SubjectParams>;
  readonly enrolment: Stream<SubjectParams>;
  readonly identity: Route<SubjectParams, Nothing, never, IdentityView>;
  readonly identityHistory: Stream<SubjectParams>;
  readonly credentials: Route<SubjectParams, Nothing, never, CredentialList>;
  readonly record: Route<RecordParams, Nothing, never, RecordView>;
}

export const subjectRoutes: SubjectRoutes = {
  consents: subjectStream('listConsents', 'consents', "What happened to the subject's consents."),
  access: subjectStream('listAccess', 'access', "The subject's access log: every decision, denials included."),
  accessProofs: {
    operation: 'listAccessProofs',
    method: 'GET',
    path: '/v1/subjects/{did}/access/proofs',
    summary: "Entries of the subject's access log, each with the proof that it stands there.",
    params: didParams,
    query: accessProofQuery,
    reply: { mediaType: 'application/json', schema: accessProofPage },
    readsLedger: true,
    errors: ['not-found', 'history-not-kept'],
  },
  timeline: subjectStream('listTimeline', 'timeline', 'Records anchored for the subject.'),
  enrolment: subjectStream(
    'listEnrolment',
    'enrolment',
    "The history of the subject's link to its domain: linked, unlinked, merged, who holds the key.",
  ),
  identity: {
    operation: 'getIdentity',
    method: 'GET',
    path: '/v1/identities/{did}',
    summary: 'Which key signs for an identity, who can recover it, what is open, and who acts for it.',
    params: didParams,
    reply: { mediaType: 'application/json', schema: identityView },
    readsLedger: true,
    errors: [],
  },
  identityHistory: {
    ...streamOf(
      'listIdentityHistory',
      '/v1/identities/{did}/history',
      'What happened to an identity: keys, guardians, recoveries, delegates.',
    ),
    params: didParams,
  },
  credentials: {
    operation: 'listCredentials',
    method: 'GET',
    path: '/v1/agents/{did}/credentials',
    summary: "The agent's credentials that are not revoked, and its groups, with what counts now.",
    params: didParams,
    reply: { mediaType: 'application/json', schema: credentialList },
    readsLedger: true,
    errors: [],
  },
  record: {
    operation: 'getRecord',
    method: 'GET',
    path: '/v1/agents/{did}/records/{eventId}',
    summary: 'One anchored item, by who anchored it and under which event id.',
    params: recordParams,
    reply: { mediaType: 'application/json', schema: recordView },
    readsLedger: true,
    errors: ['not-found'],
  },
};
