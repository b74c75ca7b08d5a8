import { present } from '../base/index.ts';
import type { ConsentName } from './consent.ts';
import { changesOf } from './element-changes.ts';
import { type ConsentResult, evaluateConsent } from './evaluate.ts';
import { type Candidate, Inquiry, type Settled } from './inquiry.ts';
import type { Question, Resource } from './request.ts';
import { scopingOf } from './scope.ts';
import { type Clause, includesPurpose, type Miss, Targets } from './target.ts';

/**
 * One change that is enough: whatever is named was tried, and permits. Only `fact-known` does not say that it would: it is
 * what has to be known before anything can be decided.
 */
export interface SmallestChange extends Partial<ConsentName> {
  readonly kind: 'role' | 'purpose' | 'element' | 'consent-revoked' | 'consent-given' | 'fact-known';
  /** Of the provision that would permit: `provision.provision[0]`. */
  readonly path?: string;
  readonly element?: Clause['element'];
  /** What would have to be asked, or to be so of the record: a code, a reference, a moment, an interval. */
  readonly value?: string;
  readonly sentence: string;
}

/** Changes that are tried at the most, for one record. */
const attemptsMax = 8;

/** Absent where no single change would do, of those that are tried. */
export function smallestChange(inquiry: Inquiry, resource: Resource, settled: Settled): SmallestChange | undefined {
  const { by, results } = settled;
  if (by === 'gate') return changeAtGate(inquiry, resource);
  if (by === 'undecided') return factToKnow(results);
  if (by === 'deny') return revocation(inquiry, resource, settled);
  // Nothing denies: then a consent that permits without condition is enough.
  return (
    elementOf(inquiry, resource, results) ?? {
      kind: 'consent-given',
      sentence: 'The subject gives a consent that permits this.',
    }
  );
}

function permits(inquiry: Inquiry, resource: Resource): boolean {
  return inquiry.settle(resource).decision === 'permit';
}

function asking(inquiry: Inquiry, question: Question): Inquiry {
  return new Inquiry(inquiry.policy, inquiry.candidates, question);
}

/** Another purpose that a role of the requester may claim, or a role that may claim this one. */
function changeAtGate(inquiry: Inquiry, resource: Resource): SmallestChange | undefined {
  const { policy, question } = inquiry;
  const { request } = question;
  const { roles } = request.requester;
  const listed = policy.roles ?? [];
  const purposes = listed.filter(({ role }) => roles.includes(role)).flatMap((one) => one.purposes);
  for (const purpose of purposes.slice(0, attemptsMax))
    if (permits(asking(inquiry, { ...question, purpose }), resource))
      return { kind: 'purpose', value: purpose, sentence: `To ask for the purpose ${purpose}.` };
  const able = listed.filter((one) => one.purposes.some((general) => includesPurpose(general, question.purpose)));
  for (const { role } of able.slice(0, attemptsMax)) {
    const requester = { ...request.requester, roles: [...roles, role] };
    if (permits(asking(inquiry, { ...question, request: { ...request, requester } }), resource))
      return { kind: 'role', value: role, sentence: `To hold the role ${role}.` };
  }
  return undefined;
}

/** What a consent comes to depends on no other. */
function revocation(
  inquiry: Inquiry,
  resource: Resource,
  { determining, results }: Settled,
): SmallestChange | undefined {
  const enough = determining.slice(0, attemptsMax).find((revoked) => {
    const left = results.filter((_, index) => index !== revoked);
    return inquiry.settleOn(left, resource).decision === 'permit';
  });
  if (enough === undefined) return undefined;
  const { name } = present(inquiry.candidates[enough], 'it was considered');
  return { kind: 'consent-revoked', ...name, sentence: 'The subject takes this consent back.' };
}

function factToKnow(results: readonly ConsentResult[]): SmallestChange {
  const open = results.flatMap(({ misses }) => misses).find(({ standing }) => standing === 'undecided');
  const what = open === undefined ? 'what is unknown' : `the ${open.describe().element}`;
  return { kind: 'fact-known', sentence: `To know ${what} of the record.` };
}

/** One element otherwise, so that a consent permits that has nothing else against it. */
function elementOf(
  inquiry: Inquiry,
  resource: Resource,
  results: readonly ConsentResult[],
): SmallestChange | undefined {
  let attempts = 0;
  for (const [index, { misses }] of results.entries()) {
    const miss = onlyMissOfPermit(misses);
    if (miss === undefined) continue;
    const candidate = present(inquiry.candidates[index], 'it was considered');
    const { element, got } = miss.describe();
    for (const { value, ...changed } of changesOf(element, miss.path, candidate.consent, inquiry.question, resource)) {
      attempts += 1;
      if (attempts > attemptsMax) return undefined;
      const { question = inquiry.question, resource: record = resource } = changed;
      if (!permitsAlone(candidate, question, record) || !permits(asking(inquiry, question), record)) continue;
      const sentence = `${element} ${value} instead of ${got} (${miss.path}).`;
      return { kind: 'element', ...candidate.name, path: miss.path, element, value, sentence };
    }
  }
  return undefined;
}

function permitsAlone({ consent }: Candidate, question: Question, resource: Resource): boolean {
  return evaluateConsent(consent.provision, new Targets(question), scopingOf(resource)).permit !== undefined;
}

/** Of a consent that has no other. */
function onlyMissOfPermit(misses: readonly Miss[]): Miss | undefined {
  let only: Miss | undefined;
  for (const miss of misses) {
    if (miss.type === 'deny') continue;
    if (only !== undefined) return undefined;
    only = miss;
  }
  return only;
}
