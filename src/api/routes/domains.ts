import type { Nothing, Route } from '../route.ts';
import {
  type DomainList,
  type DomainParams,
  type DomainView,
  domainList,
  domainParams,
  domainView,
  type LinkParams,
  type LinkView,
  linkParams,
  linkView,
} from '../schemas/subjects.ts';
import {
  type DisputePage,
  disputePage,
  type ReviewPage,
  type ReviewsQuery,
  reviewPage,
  reviewsQuery,
  type WaitingQuery,
  waitingQuery,
} from '../schemas/waiting.ts';
import { type Stream, streamOf } from './common.ts';

/** Custodians of records, and what waits for them. */
export interface DomainRoutes {
  readonly domains: Route<Nothing, Nothing, never, DomainList>;
  readonly domain: Route<DomainParams, Nothing, never, DomainView>;
  readonly link: Route<LinkParams, Nothing, never, LinkView>;
  readonly domainRecords: Stream<DomainParams>;
  readonly reviews: Route<DomainParams, ReviewsQuery, never, ReviewPage>;
  readonly disputes: Route<DomainParams, WaitingQuery, never, DisputePage>;
}

export const domainRoutes: DomainRoutes = {
  domains: {
    operation: 'listDomains',
    method: 'GET',
    path: '/v1/domains',
    summary: 'The custodians of records on this ledger.',
    reply: { mediaType: 'application/json', schema: domainList },
    readsLedger: true,
    errors: [],
  },
  domain: {
    operation: 'getDomain',
    method: 'GET',
    path: '/v1/domains/{name}',
    summary: 'One domain and its policy.',
    params: domainParams,
    reply: { mediaType: 'application/json', schema: domainView },
    readsLedger: true,
    errors: ['not-found'],
  },
  link: {
    operation: 'getLink',
    method: 'GET',
    path: '/v1/domains/{name}/subjects/{did}',
    summary: 'The link between a subject and a domain.',
    params: linkParams,
    reply: { mediaType: 'application/json', schema: linkView },
    readsLedger: true,
    errors: ['not-found'],
  },
  domainRecords: {
    ...streamOf('listDomainRecords', '/v1/domains/{name}/records', 'Records anchored for the domain, of no subject.'),
    params: domainParams,
  },
  reviews: {
    operation: 'listReviews',
    method: 'GET',
    path: '/v1/domains/{name}/reviews',
    summary: 'Broken glasses that wait for a review: in time, or with the deadline passed.',
    params: domainParams,
    query: reviewsQuery,
    reply: { mediaType: 'application/json', schema: reviewPage },
    readsLedger: true,
    errors: ['not-found'],
  },
  disputes: {
    operation: 'listDisputes',
    method: 'GET',
    path: '/v1/domains/{name}/disputes',
    summary: 'Disputes of log entries that wait for an answer.',
    params: domainParams,
    query: waitingQuery,
    reply: { mediaType: 'application/json', schema: disputePage },
    readsLedger: true,
    errors: ['not-found'],
  },
};
