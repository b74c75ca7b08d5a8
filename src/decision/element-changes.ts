import { present } from '../base/index.ts';
import type { ReadConsent, ReadProvision } from './read-consents.ts';
import { type Question, type Resource, unversioned } from './request.ts';
import { type Scope, scopeOf } from './scope.ts';
import { type Clause, heldRole, intervalText, momentText } from './target.ts';

/** A question or a record that an element of a provision would fit. */
export interface ElementChange {
  readonly value: string;
  readonly question?: Question;
  readonly resource?: Resource;
}

/** Each way to ask, or to be asked about, that this element of the permit at the path would fit. */
export function changesOf(
  element: Clause['element'],
  path: string,
  { provision: root }: ReadConsent,
  question: Question,
  resource: Resource,
): readonly ElementChange[] {
  const { provision, scope } = placed(root, path);
  switch (element) {
    case 'period':
      return [momentWithin(provision, question)];
    case 'actor':
      return (provision.actors ?? []).map((value) => ({ value, question: askedAs(value, question) }));
    case 'purpose':
      return (provision.purposes ?? []).map((value) => ({ value, question: { ...question, purpose: value } }));
    case 'action':
      return (provision.actions ?? []).map((value) => ({
        value,
        question: { ...question, request: { ...question.request, action: value } },
      }));
    default:
      return recordsWithin(element, scope, resource).map(({ value, ...facts }) => ({
        value,
        resource: { ...resource, ...facts },
      }));
  }
}

function momentWithin({ period }: ReadProvision, question: Question): ElementChange {
  const { from, until } = present(period, 'a period failed');
  const isEarly = from !== undefined && question.atMs < from;
  const atMs = isEarly ? from : present(until, 'what is not too early is too late') - 1;
  return { value: momentText(atMs), question: { ...question, atMs } };
}

function askedAs(actor: string, question: Question): Question {
  const { request } = question;
  const { references, roles } = request.requester;
  const role = heldRole(actor);
  const requester =
    role === undefined ? { references: [...references, actor], roles } : { references, roles: [...roles, role] };
  return { ...question, request: { ...request, requester } };
}

function recordsWithin(
  element: Clause['element'],
  { labels, dataPeriod, data = [], classes = [], codes = [], categories = [] }: Scope,
  resource: Resource,
): readonly ({ readonly value: string } & Partial<Resource>)[] {
  const { related = [], authors = [] } = resource;
  switch (element) {
    case 'securityLabel':
      return [
        ...(labels?.confidentiality ?? []).map((value) => ({ value, confidentiality: value })),
        ...(labels?.sensitivity ?? []).map((value) => ({ value, sensitivity: [value] })),
      ];
    case 'dataPeriod':
      return dataPeriod === undefined ? [] : [{ value: intervalText(dataPeriod), date: dataPeriod }];
    case 'data':
      return data.map(({ meaning, reference }) => {
        const value = `${meaning} ${reference}`;
        if (meaning === 'authoredby') return { value, authors: [...authors, reference] };
        const record = unversioned(reference);
        return meaning === 'instance' ? { value, reference: record } : { value, related: [...related, record] };
      });
    case 'class':
      return classes.map((value) => ({ value, classes: [...(resource.classes ?? []), value] }));
    case 'code':
      return codes.map((value) => ({ value, codes: [...(resource.codes ?? []), value] }));
    case 'category':
      return categories.map((value) => ({ value, categories: [...(resource.categories ?? []), value] }));
    default:
      return [];
  }
}

/** The provision at a path, with the data clauses that hold for it. */
function placed(root: ReadProvision, path: string): { readonly provision: ReadProvision; readonly scope: Scope } {
  let provision = root;
  let scope = scopeOf(root, undefined);
  for (const [, place] of path.matchAll(/provision\[(\d+)\]/g)) {
    const around = provision.type === 'permit' ? scope : undefined;
    provision = present(provision.provisions?.[Number(place)], 'a path leads to a provision');
    scope = scopeOf(provision, around);
  }
  return { provision, scope };
}
