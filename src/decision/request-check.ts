import { actionCodes } from './consent.ts';
import { instantOf } from './instant.ts';
import { decisionLimits } from './limits.ts';
import type { DecisionRequest, ResourceFacts } from './request.ts';

const { listMax, resourcesMax, textMax } = decisionLimits;

/**
 * Whether this is a request as most are: one that the schema accepts as it is, with no member that is undefined. Written
 * out, since it is asked of every question; of anything else the schema says what it is. That `at` is a moment is not
 * looked at.
 */
export function isOrdinaryRequest(value: unknown): value is DecisionRequest {
  if (!isPlain<DecisionRequest>(value)) return false;
  const { subject, at, purpose, action, requester, legalBasis, breakGlass, resources } = value;
  if (!isText(subject) || !isText(at) || !isText(purpose)) return false;
  if (!(actionCodes as readonly unknown[]).includes(action) || !isRequester(requester)) return false;
  let known = 6;
  if (legalBasis !== undefined) {
    if (!isText(legalBasis)) return false;
    known += 1;
  }
  if (breakGlass !== undefined) {
    if (!isBreakGlass(breakGlass)) return false;
    known += 1;
  }
  return memberCount(value) === known && areResources(resources);
}

function isRequester(value: unknown): boolean {
  if (!isPlain<DecisionRequest['requester']>(value)) return false;
  return areTexts(value.references) && areTexts(value.roles) && memberCount(value) === 2;
}

function isBreakGlass(value: unknown): boolean {
  if (!isPlain<NonNullable<DecisionRequest['breakGlass']>>(value)) return false;
  const { justified, categories, openedAt, expiresAt } = value;
  if (typeof justified !== 'boolean' || !areTexts(categories) || memberCount(value) !== 4) return false;
  return isMoment(openedAt) && isMoment(expiresAt);
}

function areResources(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > resourcesMax) return false;
  for (let place = 0; place < value.length; place++) if (!isResource(value[place])) return false;
  return true;
}

function isResource(value: unknown): boolean {
  if (!isPlain<ResourceFacts>(value)) return false;
  const { reference, type, class: classes, codes, categories } = value;
  const { date, authors, related, confidentiality, sensitivity } = value;
  if (!isText(reference)) return false;
  let known = 1;
  if (type !== undefined) {
    if (!isText(type)) return false;
    known += 1;
  }
  if (classes !== undefined) {
    if (!isText(classes) && !areTexts(classes)) return false;
    known += 1;
  }
  if (codes !== undefined) {
    if (!areTexts(codes)) return false;
    known += 1;
  }
  if (categories !== undefined) {
    if (!areTexts(categories)) return false;
    known += 1;
  }
  if (date !== undefined) {
    if (!isText(date) && !isPeriod(date)) return false;
    known += 1;
  }
  if (authors !== undefined) {
    if (!areTexts(authors)) return false;
    known += 1;
  }
  if (related !== undefined) {
    if (!areTexts(related)) return false;
    known += 1;
  }
  if (confidentiality !== undefined) {
    if (!isText(confidentiality)) return false;
    known += 1;
  }
  if (sensitivity !== undefined) {
    if (!isText(sensitivity) && !areTexts(sensitivity)) return false;
    known += 1;
  }
  return memberCount(value) === known;
}

function isPeriod(value: unknown): boolean {
  if (!isPlain<{ readonly start: unknown; readonly end: unknown }>(value)) return false;
  const { start, end } = value;
  if ((start !== undefined && !isText(start)) || (end !== undefined && !isText(end))) return false;
  return memberCount(value) === (start === undefined ? 0 : 1) + (end === undefined ? 0 : 1);
}

/** An object without a prototype of its own: nothing is known of its members yet. */
function isPlain<T>(value: unknown): value is { readonly [Name in keyof T]?: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function memberCount(value: object): number {
  let count = 0;
  for (const _ in value) count += 1;
  return count;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= textMax;
}

function areTexts(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > listMax) return false;
  for (let place = 0; place < value.length; place++) if (!isText(value[place])) return false;
  return true;
}

function isMoment(value: unknown): boolean {
  return isText(value) && instantOf(value) !== undefined;
}
