import { z } from 'zod';
import { AssentError } from '../../base/index.ts';
import type { PurposeOfUse } from '../../decision/index.ts';
import { valueFromJson } from '../engine/catalogue.ts';
import { name } from '../engine/leaves.ts';
import { type WireCodec, wireCodec } from '../engine/wire.ts';
import type { CanonicalValue } from '../ledger-types.ts';
import { type Category, categories, defaultEmergencyCategories, type Role, roles } from '../tables/codes.ts';
import { purpose } from '../tables/purpose.ts';

/** The rules of a custodian's domain. */
export interface DomainPolicy {
  /** What holds when no consent speaks. */
  readonly implicit: 'permit' | 'deny';
  /** IANA name. Dates of consents become UTC intervals in this zone before they are submitted; contracts see no zone. */
  readonly timeZone: string;
  /** The gate: which purposes a role may claim, each with what it includes. A role that is not listed may claim none. */
  readonly roles: readonly { readonly role: Role; readonly purposes: readonly PurposeOfUse[] }[];
  /** Absent: nobody breaks the glass here. */
  readonly emergency?: EmergencyPolicy;
  /** Whether consents and entries may name coarse categories in clear. */
  readonly openCategories: boolean;
  /** Time that a privacy officer has to review an opened glass. */
  readonly reviewDeadlineHours: number;
  /** Accesses that need no consent; with `honourDeny` a denial beats the basis (docs/decision.md, step 10). */
  readonly legalBases: readonly {
    readonly name: string;
    readonly role: Role;
    readonly purpose: PurposeOfUse;
    readonly honourDeny: boolean;
  }[];
}

export interface EmergencyPolicy {
  readonly roles: readonly Role[];
  /** What an opening may name. */
  readonly categories: readonly Category[];
  readonly maxHours: number;
  /** Whether a denial that names break-glass itself holds against it. */
  readonly honourDeny: boolean;
}

export const emergencyHoursMax = 24;
/** Of one role. */
const purposesMax = 64;

const emergencyPolicy = z.strictObject({
  roles: z.array(z.enum(roles)).min(1).max(roles.length),
  categories: z
    .array(z.enum(categories))
    .min(1)
    .max(categories.length)
    .default([...defaultEmergencyCategories]),
  maxHours: z.int().min(1).max(emergencyHoursMax).default(emergencyHoursMax),
  honourDeny: z.boolean().default(true),
});

const domainPolicySchema = z.strictObject({
  implicit: z.enum(['permit', 'deny']).default('deny'),
  timeZone: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'expected an IANA time zone'),
  roles: z
    .array(z.strictObject({ role: z.enum(roles), purposes: z.array(purpose()).min(1).max(purposesMax) }))
    .max(roles.length),
  emergency: emergencyPolicy.exactOptional(),
  openCategories: z.boolean().default(false),
  reviewDeadlineHours: z.int().min(1).max(8760).default(72),
  legalBases: z
    .array(
      z.strictObject({
        name: name(),
        role: z.enum(roles),
        purpose: purpose(),
        honourDeny: z.boolean().default(false),
      }),
    )
    .max(64)
    .default([]),
});

export const domainPolicy: z.ZodType<DomainPolicy> = domainPolicySchema;

/** The form in which genesis states a domain's policy. */
export const domainPolicyCodec: WireCodec<DomainPolicy> = wireCodec(domainPolicySchema, 'policy');

/** Genesis form of a policy given in JSON form. @throws AssentError `transaction-payload-invalid` with the path. */
export function domainPolicyFromJson(json: unknown): CanonicalValue {
  return domainPolicyCodec.toWire(valueFromJson(domainPolicySchema, json, 'policy'));
}

/** A policy given in JSON form. @throws AssentError `request-invalid` with the path. */
export function readDomainPolicy(json: unknown): DomainPolicy {
  const parsed = domainPolicySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = ['policy', ...(issue?.path.map(String) ?? [])].join('.');
  throw new AssentError('request-invalid', `${path}: ${issue?.message ?? 'invalid'}`, { path });
}

/** JSON form of a policy. */
export function domainPolicyToJson(policy: DomainPolicy): Record<string, unknown> {
  return z.encode(domainPolicySchema, policy as z.output<typeof domainPolicySchema>);
}
