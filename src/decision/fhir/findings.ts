import { consentLimits } from '../consent.ts';

/** Why a FHIR consent cannot be taken. */
export const refusalCodes = {
  'shape-invalid': 'an element has another shape than FHIR R4 gives it',
  'too-large': 'more, deeper or longer than the bounds of a consent',
  'element-unknown': 'an element that the decision does not know may not be left out',
  'modifier-unknown': 'a modifier changes the meaning, and is not understood',
  'status-not-active': 'only an active consent can be in force',
  'scope-unsupported': 'another scope than patient-privacy',
  'subject-missing': 'it does not say whose consent it is',
  'root-type-ambiguous': 'the root has clauses and does not say whether it permits or denies',
  'type-missing': 'a nested provision does not say whether it permits or denies',
  'list-empty': 'an empty list states nothing',
  'text-only': 'a text without a code cannot be compared',
  'code-unknown': 'a code that the tables of the rule set do not hold',
  'system-missing': 'a code without a system cannot be compared',
  'actor-role-unsupported': 'an actor in another role than recipient (IRCP, PRCP)',
  'reference-unresolved': 'a reference that stands for nobody here',
  'period-invalid': 'a period that is none',
} as const;

export type RefusalCode = keyof typeof refusalCodes;

export interface Refusal {
  /** Of the element, as FHIRPath writes it without the resource's name: `provision.provision[0].actor[1].role`. */
  readonly path: string;
  readonly code: RefusalCode;
  readonly message: string;
}

const refusalsMax = 100;
/** Of what was given, a refusal repeats a part at the most. */
const [pathMax, messageMax] = [512, 1024];

/** What was found wrong, all of it up to a bound. */
export class Findings {
  readonly refusals: Refusal[] = [];

  /** Answers undefined, for `return findings.refuse(…)`. */
  refuse(path: string, code: RefusalCode, message: string): undefined {
    if (this.refusals.length < refusalsMax)
      this.refusals.push({ path: cut(path, pathMax), code, message: cut(message, messageMax) });
    return undefined;
  }
}

function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= consentLimits.textMax;
}

/** Of a code system, or of what is referred to: with a space or a control character it would be equal to nothing. */
export function isAddress(value: unknown): value is string {
  return isText(value) && !/[\s\p{Cc}]/u.test(value);
}

export type Element = Readonly<Record<string, unknown>>;

export function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Extensions that modify nothing may be left out (FHIR R4, "Extensibility"), as may ids. */
function isIgnorable(name: string, element: Element): boolean {
  if (name === 'id' || name === 'extension') return true;
  // What extends a value may be left out; what stands in place of one may not.
  return name.startsWith('_') && element[name.slice(1)] !== undefined;
}

/** Refuses a modifier, and every element but those named. */
export function refuseUnknown(findings: Findings, element: Element, path: string, known: readonly string[]): void {
  for (const name of Object.keys(element)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === 'modifierExtension') findings.refuse(at, 'modifier-unknown', 'The extension modifies the meaning.');
    else if (!known.includes(name) && !isIgnorable(name, element))
      findings.refuse(at, 'element-unknown', `${name} is no element of it that can be evaluated.`);
  }
}

/** What a Reference refers to; undefined where that is no address. */
export function readReference(findings: Findings, element: Element, path: string): string | undefined {
  refuseUnknown(findings, element, path, ['reference', 'type', 'identifier', 'display']);
  const { reference } = element;
  return isAddress(reference) ? reference : undefined;
}

/** The items of a list, each read, texts once; undefined where the element is absent or refused. */
export function readList<T>(
  findings: Findings,
  value: unknown,
  path: string,
  limit: number,
  readItem: (item: unknown, path: string) => T | readonly T[] | undefined,
): T[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return findings.refuse(path, 'shape-invalid', 'A list is expected.');
  if (value.length === 0) return findings.refuse(path, 'list-empty', 'The list is empty.');
  if (value.length > limit) return findings.refuse(path, 'too-large', `More than ${limit} of them.`);
  const items = new Set<T>();
  for (const [place, item] of value.entries()) {
    const read = readItem(item, `${path}[${place}]`);
    for (const one of Array.isArray(read) ? (read as readonly T[]) : [read as T | undefined])
      if (one !== undefined) items.add(one);
  }
  // Items that list several can come to more than they are.
  if (items.size > limit) return findings.refuse(path, 'too-large', `More than ${limit} of them.`);
  return [...items];
}
