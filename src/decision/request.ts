import { z } from 'zod';
import { AssentError } from '../base/index.ts';
import { actionCodes, type Consent, consentSchema, type Effect, type Interval } from './consent.ts';
import { intervalOf } from './fhir/interval.ts';
import { type Confidentiality, confidentialities } from './tables/confidentiality.ts';
import { isSensitivity } from './tables/sensitivity.ts';
import { codeIn, systems } from './tables/systems.ts';

/** Bounds of one question. */
export const decisionLimits = { consentsMax: 10_000, resourcesMax: 10_000, listMax: 1024, textMax: 512 } as const;

const text = z.string().min(1).max(decisionLimits.textMax);
const texts = z.array(text).max(decisionLimits.listMax);
const instant = z.iso.datetime({ offset: true });

/** What is known of a record; what is absent is unknown, and an empty list is none. */
export interface ResourceFacts {
  readonly reference: string;
  /** Default: what stands before the slash of the reference. */
  readonly type?: string;
  /** `system|code`. */
  readonly class?: string | readonly string[];
  readonly codes?: readonly string[];
  /** A FHIR date or dateTime, of any precision, or a period of them. */
  readonly date?: string | { readonly start?: string; readonly end?: string };
  readonly authors?: readonly string[];
  readonly related?: readonly string[];
  /** A v3 Confidentiality code, or `system|code`. */
  readonly confidentiality?: string;
  /** v3 ActCode codes, or `system|code`. */
  readonly sensitivity?: string | readonly string[];
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
  readonly legalBasis?: string;
  readonly breakGlass?: {
    readonly justified: boolean;
    readonly categories: readonly string[];
    /** RFC 3339, as the end. */
    readonly openedAt: string;
    readonly expiresAt: string;
  };
  /** At least one. */
  readonly resources: readonly ResourceFacts[];
}

/** The rules of a custodian's domain. */
export interface DecisionPolicy {
  /** What holds when no consent speaks. */
  readonly implicit: Effect;
  /** The gate: what each role may claim. Absent: whatever anyone claims. */
  readonly roles?: readonly { readonly role: string; readonly purposes: readonly string[] }[];
  /** Absent: nobody breaks the glass. */
  readonly emergency?: {
    readonly roles: readonly string[];
    /** What an opening may name. Default: allergies, problems, medications. */
    readonly categories?: readonly string[];
    /** At most 24, the default. */
    readonly maxHours?: number;
    /** Whether a denial that names break-glass itself holds against it. Default: it does. */
    readonly honourDeny?: boolean;
  };
  /** Accesses that need no consent; with `honourDeny` a denial beats the basis. */
  readonly legalBases?: readonly {
    readonly name: string;
    readonly role: string;
    readonly purpose: string;
    readonly honourDeny?: boolean;
  }[];
  /** IANA name; where resources' dates say no zone. Default: UTC. */
  readonly timeZone?: string;
}

export const resourceSchema: z.ZodType<ResourceFacts> = z.strictObject({
  reference: text,
  type: text.exactOptional(),
  class: z.union([text, texts]).exactOptional(),
  codes: texts.exactOptional(),
  date: z.union([text, z.strictObject({ start: text.exactOptional(), end: text.exactOptional() })]).exactOptional(),
  authors: texts.exactOptional(),
  related: texts.exactOptional(),
  confidentiality: text.exactOptional(),
  sensitivity: z.union([text, texts]).exactOptional(),
});

export const requestSchema: z.ZodType<DecisionRequest> = z.strictObject({
  subject: text,
  at: instant,
  purpose: text,
  action: z.enum(actionCodes),
  requester: z.strictObject({ references: texts, roles: texts }),
  legalBasis: text.exactOptional(),
  breakGlass: z
    .strictObject({ justified: z.boolean(), categories: texts, openedAt: instant, expiresAt: instant })
    .exactOptional(),
  resources: z.array(resourceSchema).min(1).max(decisionLimits.resourcesMax),
});

export const policySchema: z.ZodType<DecisionPolicy> = z.strictObject({
  implicit: z.enum(['permit', 'deny']),
  roles: z
    .array(z.strictObject({ role: text, purposes: texts.min(1) }))
    .max(decisionLimits.listMax)
    .exactOptional(),
  emergency: z
    .strictObject({
      roles: texts.min(1),
      categories: texts.exactOptional(),
      maxHours: z.number().positive().max(24).exactOptional(),
      honourDeny: z.boolean().exactOptional(),
    })
    .exactOptional(),
  legalBases: z
    .array(z.strictObject({ name: text, role: text, purpose: text, honourDeny: z.boolean().exactOptional() }))
    .max(decisionLimits.listMax)
    .exactOptional(),
  timeZone: text.exactOptional(),
});

export interface DecisionInput {
  /** Of any subject; those of others are left out. */
  readonly consents: readonly Consent[];
  readonly request: DecisionRequest;
  readonly policy: DecisionPolicy;
}

/** A resource, with `undefined` for what is unknown of it. */
export interface Resource {
  readonly reference: string;
  readonly type: string | undefined;
  readonly classes: readonly string[] | undefined;
  readonly codes: readonly string[] | undefined;
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

/** Throws `decision-input-invalid` with the path of what is wrong, as the others here do. */
export function readConsents(consents: unknown): readonly Consent[] {
  return read(z.array(consentSchema).max(decisionLimits.consentsMax), consents, 'consents');
}

export function readPolicy(policy: unknown): DecisionPolicy {
  return read(policySchema, policy, 'policy');
}

export function readRequest(value: unknown, timeZone = 'UTC'): Question {
  const request = read(requestSchema, value, 'request');
  const resources = request.resources.map((resource, place) =>
    readResource(resource, `request.resources[${place}]`, timeZone),
  );
  const purpose = codeIn(systems.purpose, request.purpose) ?? request.purpose;
  return { request, atMs: Date.parse(request.at), purpose, resources };
}

function readResource(resource: ResourceFacts, path: string, timeZone: string): Resource {
  const { reference, codes, authors, related } = resource;
  const slash = /^(?:.*\/)?([A-Z][A-Za-z]+)\/[^/]+$/.exec(reference.replace(/\/_history\/[^/]+$/, ''));
  const level =
    resource.confidentiality === undefined ? undefined : codeIn(systems.confidentiality, resource.confidentiality);
  if (resource.confidentiality !== undefined && !(confidentialities as readonly (string | undefined)[]).includes(level))
    throw invalid(`${path}.confidentiality`, `${resource.confidentiality} is no level of confidentiality`);
  const labels = resource.sensitivity === undefined ? undefined : listOf(resource.sensitivity);
  const sensitivity = labels?.map((label) => sensitivityOf(label, path));
  return {
    reference,
    type: resource.type ?? slash?.[1],
    classes: resource.class === undefined ? undefined : listOf(resource.class),
    codes,
    date: resource.date === undefined ? undefined : dateOf(resource.date, `${path}.date`, timeZone),
    authors,
    related,
    confidentiality: level as Confidentiality | undefined,
    sensitivity,
  };
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function sensitivityOf(label: string, path: string): string {
  const code = codeIn(systems.sensitivity, label);
  if (code === undefined || !isSensitivity(code)) throw invalid(`${path}.sensitivity`, `${label} is no sensitivity`);
  return code;
}

type DateInput = NonNullable<ResourceFacts['date']>;

function dateOf(date: DateInput, path: string, timeZone: string): Interval {
  const period = typeof date === 'string' ? { start: date, end: date } : date;
  const interval = intervalOf(period, timeZone);
  if (typeof interval === 'string') throw invalid(path, interval);
  return interval;
}

function read<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? [])
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  throw invalid(`${name}${path}`, issue?.message ?? 'it has another shape');
}

function invalid(path: string, reason: string): AssentError {
  return new AssentError('decision-input-invalid', `No decision can be made: ${path}: ${reason}.`, { path });
}
