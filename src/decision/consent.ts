import { z } from 'zod';
import { confidentialities } from './tables/confidentiality.ts';
import { sensitivities } from './tables/sensitivity.ts';

/** Bounds of one consent. */
export const consentLimits = { depthMax: 16, provisionsMax: 512, listMax: 256, textMax: 512 } as const;

export const actionCodes = ['collect', 'access', 'use', 'disclose', 'correct'] as const;
export const dataMeanings = ['instance', 'related', 'dependents', 'authoredby'] as const;

export type Effect = 'permit' | 'deny';
export type DataMeaning = (typeof dataMeanings)[number];

/** Half-open: `from` belongs to it, `until` does not. UTC milliseconds since the epoch; an absent end is open. */
export interface Interval {
  readonly from?: number;
  readonly until?: number;
}

export interface Labels {
  readonly confidentiality: readonly (typeof confidentialities)[number][];
  readonly sensitivity: readonly string[];
}

/** An absent clause does not constrain; values of one are alternatives (docs/decision.md, steps 3 and 4). */
export interface Provision {
  readonly type: Effect;
  /** The target. */
  readonly period?: Interval;
  /** References, DIDs, or `role:NAME`. */
  readonly actors?: readonly string[];
  /** v3 ActReason codes, or `system|code`. */
  readonly purposes?: readonly string[];
  readonly actions?: readonly (typeof actionCodes)[number][];
  /** The data scope. */
  readonly labels?: Labels;
  readonly dataPeriod?: Interval;
  readonly data?: readonly { readonly meaning: DataMeaning; readonly reference: string }[];
  /** `system|code`. */
  readonly classes?: readonly string[];
  readonly codes?: readonly string[];
  /** Coarse categories, for custodians that keep these in clear. FHIR has none. */
  readonly categories?: readonly string[];
  readonly provisions?: readonly Provision[];
}

/** A consent as the decision takes it: no zones, no text, nothing that could not be evaluated. */
export interface Consent {
  readonly id?: string;
  readonly version?: string;
  readonly subject: string;
  readonly provision: Provision;
}

/** A consent, as an explanation names it. */
export interface ConsentName {
  /** Its id, or else its place among the consents that were given. */
  readonly consent: string;
  readonly version?: string;
}

export function consentName(
  { id, version }: { readonly id?: string | undefined; readonly version?: string | undefined },
  place: number,
): ConsentName {
  return { consent: id ?? `#${place}`, ...(version !== undefined && { version }) };
}

const text = z.string().min(1).max(consentLimits.textMax);
const texts = z.array(text).min(1).max(consentLimits.listMax);
/** What a Date can be: 100 million days around 1970. */
const momentMax = 8_640_000_000_000_000;
const moment = z.int().min(-momentMax).max(momentMax);
const interval = z
  .strictObject({ from: moment.exactOptional(), until: moment.exactOptional() })
  .refine(({ from, until }) => from !== undefined || until !== undefined, 'an interval has an end')
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, 'an interval is not empty');

const labels = z
  .strictObject({
    confidentiality: z.array(z.enum(confidentialities)).max(confidentialities.length),
    sensitivity: z.array(z.enum(sensitivities as [string, ...string[]])).max(sensitivities.length),
  })
  .refine(({ confidentiality, sensitivity }) => confidentiality.length + sensitivity.length > 0, 'a label is named');

/** Refuses what has no meaning to the decision: see {@link Provision}. */
export const provisionSchema: z.ZodType<Provision> = z.lazy(() =>
  z.strictObject({
    type: z.enum(['permit', 'deny']),
    period: interval.exactOptional(),
    actors: texts.exactOptional(),
    purposes: texts.exactOptional(),
    actions: z.array(z.enum(actionCodes)).min(1).max(actionCodes.length).exactOptional(),
    labels: labels.exactOptional(),
    dataPeriod: interval.exactOptional(),
    data: z
      .array(z.strictObject({ meaning: z.enum(dataMeanings), reference: text }))
      .min(1)
      .max(consentLimits.listMax)
      .exactOptional(),
    classes: texts.exactOptional(),
    codes: texts.exactOptional(),
    categories: texts.exactOptional(),
    provisions: z.array(provisionSchema).max(consentLimits.provisionsMax).exactOptional(),
  }),
);

export const consentSchema: z.ZodType<Consent> = z.strictObject({
  id: text.exactOptional(),
  version: text.exactOptional(),
  subject: text,
  provision: provisionSchema,
});
