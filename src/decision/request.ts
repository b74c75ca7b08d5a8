import { z } from 'zod';
import type { AssentError } from '../base/index.ts';
import { actionCodes, type Consent, type Effect, type Interval } from './consent.ts';
import { intervalOf } from './fhir/interval.ts';
import { InputReader, invalidInput } from './input.ts';
import { instantOf } from './instant.ts';
import { decisionLimits } from './limits.ts';
import { isOrdinaryRequest } from './request-check.ts';
import { type Confidentiality, isConfidentiality } from './tables/confidentiality.ts';
import { readPurpose } from './tables/purposes.ts';
import { isSensitivity } from './tables/sensitivity.ts';
import { codeIn } from './tables/systems.ts';

const text = z.string().min(1).max(decisionLimits.textMax);
const texts = z.array(text).max(decisionLimits.listMax);
const notAMoment = 'a moment of RFC 3339 is expected';
const instant = text.refine((moment) => instantOf(moment) !== undefined, notAMoment);

/** What is known of a record; what is absent is unknown, and an empty list is none. */
export interface ResourceFacts {
  readonly reference: string;
  /** Default: what stands before the slash of the reference. */
  readonly type?: string | undefined;
  /** `system|code`. */
  readonly class?: string | readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  /** Coarse categories, as consents name them. */
  readonly categories?: readonly string[] | undefined;
  /** A FHIR date or dateTime, of any precision, or a period of them. */
  readonly date?: string | { readonly start?: string | undefined; readonly end?: string | undefined } | undefined;
  readonly authors?: readonly string[] | undefined;
  readonly related?: readonly string[] | undefined;
  /** A v3 Confidentiality code, or `system|code`. */
  readonly confidentiality?: string | undefined;
  /** v3 ActCode codes, or `system|code`. */
  readonly sensitivity?: string | readonly string[] | undefined;
}

export interface DecisionRequest {
  readonly subject: string;
  /** RFC 3339. */
  readonly at: string;
  /** A v3 ActReason code, or `system|code`. */
  readonly purpose: string;
  readonly action: (typeof actionCodes)[number];
  readonly requester: {
    /** The agent, and every group, team and organisation that it belongs to. */
    readonly references: readonly string[];
    readonly roles: readonly string[];
  };
  /** Name of one of the policy's. */
  readonly legalBasis?: string | undefined;
  readonly breakGlass?:
    | {
        readonly justified: boolean;
        readonly categories: readonly string[];
        /** RFC 3339, as the end. */
        readonly openedAt: string;
        readonly expiresAt: string;
      }
    | undefined;
  /** At least one. */
  readonly resources: readonly ResourceFacts[];
}

/** The rules of a custodian's domain. */
export interface DecisionPolicy {
  /** What holds when no consent speaks. */
  readonly implicit: Effect;
  /** The gate: what each role may claim, as a list or by the role's name. Absent: whatever anyone claims. */
  readonly roles?:
    | readonly { readonly role: string; readonly purposes: readonly string[] }[]
    | { readonly [role: string]: readonly string[] }
    | undefined;
  /** Absent: nobody breaks the glass. */
  readonly emergency?:
    | {
        readonly roles: readonly string[];
        /** What an opening may name. Default: allergies, problems, medications. */
        readonly categories?: readonly string[] | undefined;
        /** More than 24, the default, counts as 24. */
        readonly maxHours?: number | undefined;
        /** Whether a denial that names break-glass itself holds against it. Default: it does. */
        readonly honourDeny?: boolean | undefined;
      }
    | undefined;
  /** Accesses that need no consent; with `honourDeny` a denial beats the basis. */
  readonly legalBases?:
    | readonly {
        readonly name: string;
        readonly role: string | readonly string[];
        readonly purpose: string | readonly string[];
        readonly honourDeny?: boolean | undefined;
      }[]
    | undefined;
  /** IANA name; where resources' dates say no zone. Default: UTC. */
  readonly timeZone?: string | undefined;
}

export const resourceSchema: z.ZodType<ResourceFacts> = z.strictObject({
  reference: text,
  type: text.optional(),
  class: z.union([text, texts]).optional(),
  codes: texts.optional(),
  categories: texts.optional(),
  date: z.union([text, z.strictObject({ start: text.optional(), end: text.optional() })]).optional(),
  authors: texts.optional(),
  related: texts.optional(),
  confidentiality: text.optional(),
  sensitivity: z.union([text, texts]).optional(),
});

export const requestSchema: z.ZodType<DecisionRequest> = z.strictObject({
  subject: text,
  at: instant,
  purpose: text,
  action: z.enum(actionCodes),
  requester: z.strictObject({ references: texts, roles: texts }),
  legalBasis: text.optional(),
  breakGlass: z
    .strictObject({ justified: z.boolean(), categories: texts, openedAt: instant, expiresAt: instant })
    .optional(),
  resources: z.array(resourceSchema).min(1).max(decisionLimits.resourcesMax),
});

const oneOrMore = z.union([text, texts]);

export const policySchema: z.ZodType<DecisionPolicy> = z.strictObject({
  implicit: z.enum(['permit', 'deny']),
  roles: z
    .union([
      z.array(z.strictObject({ role: text, purposes: texts })).max(decisionLimits.listMax),
      z.record(text, texts),
    ])
    .optional(),
  emergency: z
    .strictObject({
      roles: texts,
      categories: texts.optional(),
      maxHours: z.number().nonnegative().optional(),
      honourDeny: z.boolean().optional(),
    })
    .optional(),
  legalBases: z
    .array(z.strictObject({ name: text, role: oneOrMore, purpose: oneOrMore, honourDeny: z.boolean().optional() }))
    .max(decisionLimits.listMax)
    .optional(),
  timeZone: text.optional(),
});

/** A domain's rules as the evaluation takes them: purposes as they are compared. */
export interface Policy {
  readonly implicit: Effect;
  readonly roles: readonly { readonly role: string; readonly purposes: readonly string[] }[] | undefined;
  readonly emergency: DecisionPolicy['emergency'];
  readonly legalBases: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly purposes: readonly string[];
    readonly honourDeny: boolean;
  }[];
  readonly timeZone: string;
}

export interface DecisionInput {
  /** Of any subject; those of others are left out. */
  readonly consents: readonly Consent[];
  readonly request: DecisionRequest;
  readonly policy: DecisionPolicy;
}

/** A resource, with `undefined` for what is unknown of it. */
export interface Resource {
  /** As it was given. */
  readonly given: string;
  /** Of whatever version. */
  readonly reference: string;
  readonly type: string | undefined;
  readonly classes: readonly string[] | undefined;
  readonly codes: readonly string[] | undefined;
  readonly categories: readonly string[] | undefined;
  readonly date: Interval | undefined;
  readonly authors: readonly string[] | undefined;
  readonly related: readonly string[] | undefined;
  readonly confidentiality: Confidentiality | undefined;
  readonly sensitivity: readonly string[] | undefined;
}

/** A request as the evaluation takes it. */
export interface Question {
  readonly request: DecisionRequest;
  readonly atMs: number;
  /** A code of v3 ActReason, or `system|code`. */
  readonly purpose: string;
  readonly resources: readonly Resource[];
}

const policyReader = new InputReader(policySchema);
const requestReader = new InputReader(requestSchema);

/** Throws `decision-input-invalid` with the path of what is wrong, as the other does. */
export function readPolicy(value: unknown): Policy {
  const policy = policyReader.read(value, 'policy');
  const { roles, emergency, legalBases = [] } = policy;
  const listed =
    roles === undefined || isList(roles)
      ? roles
      : Object.entries(roles).map(([role, purposes]) => ({ role, purposes }));
  return {
    implicit: policy.implicit,
    roles: listed?.map(({ role, purposes }) => ({
      role,
      purposes: purposes.map((purpose) => purposeOf(purpose, () => 'policy.roles')),
    })),
    emergency: emergency && {
      ...emergency,
      roles: emergency.roles.slice(),
      categories: emergency.categories?.slice(),
    },
    legalBases: legalBases.map(({ name, role, purpose, honourDeny }) => ({
      name,
      roles: listOf(role).slice(),
      purposes: listOf(purpose).map((one) => purposeOf(one, () => 'policy.legalBases')),
      honourDeny: honourDeny ?? false,
    })),
    timeZone: policy.timeZone ?? 'UTC',
  };
}

export function readRequest(value: unknown, timeZone = 'UTC'): Question {
  const request = isOrdinaryRequest(value) ? value : requestReader.read(value, 'request');
  const atMs = instantOf(request.at);
  if (atMs === undefined) throw invalidInput('request.at', notAMoment);
  const resources: Resource[] = [];
  for (const resource of request.resources) resources.push(readResource(resource, resources.length, timeZone));
  return { request, atMs, purpose: purposeOf(request.purpose, () => 'request.purpose'), resources };
}

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

/** As it is compared. */
export function purposeOf(text: string, path: () => string): string {
  const purpose = readPurpose(text);
  if (purpose === undefined) throw invalidInput(path(), `${text} is no purpose of use`);
  return purpose;
}

function readResource(resource: ResourceFacts, place: number, timeZone: string): Resource {
  const { reference, type, codes, categories, date, authors, related, confidentiality, sensitivity } = resource;
  const record = unversioned(reference);
  const level = confidentiality === undefined ? undefined : codeIn('confidentiality', confidentiality);
  if (confidentiality !== undefined && (level === undefined || !isConfidentiality(level)))
    throw invalidResource(place, 'confidentiality', `${confidentiality} is no level of confidentiality`);
  const interval = date === undefined ? undefined : dateOf(date, timeZone);
  if (typeof interval === 'string') throw invalidResource(place, 'date', interval);
  return {
    given: reference,
    reference: record,
    type: type ?? typeIn(record),
    classes: resource.class === undefined ? undefined : listOf(resource.class),
    codes,
    categories,
    date: interval,
    authors,
    related: related?.map(unversioned),
    confidentiality: level as Confidentiality | undefined,
    sensitivity:
      sensitivity === undefined ? undefined : listOf(sensitivity).map((label) => sensitivityOf(label, place)),
  };
}

function invalidResource(place: number, member: keyof ResourceFacts, reason: string): AssentError {
  return invalidInput(`request.resources[${place}].${member}`, reason);
}

const history = '/_history';

/** A record is the same in each of its versions. */
export function unversioned(reference: string): string {
  const slash = slashBefore(reference, reference.length);
  const end = slash - history.length;
  const isVersioned = end >= 0 && slash < reference.length - 1 && reference.startsWith(history, end);
  return isVersioned ? reference.slice(0, end) : reference;
}

/** `Observation` of `Observation/1`, and of an address that ends so. */
function typeIn(reference: string): string | undefined {
  const end = slashBefore(reference, reference.length);
  if (end < 1 || end === reference.length - 1) return undefined;
  let start = end;
  while (start > 0 && isLetter(reference.charCodeAt(start - 1))) start -= 1;
  if (end - start < 2 || (start > 0 && reference.charCodeAt(start - 1) !== slashCode)) return undefined;
  return isCapital(reference.charCodeAt(start)) ? reference.slice(start, end) : undefined;
}

const slashCode = 0x2f;

function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isLetter(code: number): boolean {
  return isCapital(code & ~0x20);
}

/** The place of the last slash before `end`; -1 where there is none. */
function slashBefore(text: string, end: number): number {
  let place = end - 1;
  while (place >= 0 && text.charCodeAt(place) !== slashCode) place -= 1;
  return place;
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function sensitivityOf(label: string, place: number): string {
  const code = codeIn('sensitivity', label);
  if (code === undefined || !isSensitivity(code))
    throw invalidResource(place, 'sensitivity', `${label} is no sensitivity`);
  return code;
}

type DateInput = NonNullable<ResourceFacts['date']>;

/** Or what is wrong with it. */
function dateOf(date: DateInput, timeZone: string): Interval | string {
  return intervalOf(typeof date === 'string' ? { start: date, end: date } : date, timeZone);
}
