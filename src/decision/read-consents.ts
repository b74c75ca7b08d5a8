import { z } from 'zod';
import { type Consent, consentLimits, consentSchema, type Effect, type Provision } from './consent.ts';
import { InputReader, invalidInput } from './input.ts';
import { decisionLimits, purposeOf } from './request.ts';

type Clauses = Omit<Provision, 'type' | 'provisions'>;

/** A provision as the evaluation takes it: its own copy, with each clause in its place, and purposes as they are compared. */
export type ReadProvision = {
  readonly type: Effect;
  readonly provisions: readonly ReadProvision[] | undefined;
} & { readonly [Name in keyof Clauses]-?: Clauses[Name] | undefined };

export interface ReadConsent extends Omit<Consent, 'provision'> {
  readonly provision: ReadProvision;
}

const reader = new InputReader(z.array(consentSchema).max(decisionLimits.consentsMax));

/** Throws `decision-input-invalid` with the path of what is wrong. */
export function readConsents(value: unknown): readonly ReadConsent[] {
  if (Array.isArray(value)) for (const [place, consent] of value.entries()) checkSize(consent, place);
  return reader.read(value, 'consents').map((consent, place) => ({
    ...consent,
    provision: readProvision(consent.provision, () => `consents[${place}].provision`),
  }));
}

function readProvision(given: Provision, path: () => string): ReadProvision {
  const { type, period, actors, purposes, actions, labels, dataPeriod, data, classes, codes } = given;
  const { categories, provisions } = given;
  return {
    type,
    period: period && { ...period },
    actors: actors?.slice(),
    purposes: purposes?.map((purpose) => purposeOf(purpose, () => `${path()}.purposes`)),
    actions: actions?.slice(),
    labels: labels && { confidentiality: labels.confidentiality.slice(), sensitivity: labels.sensitivity.slice() },
    dataPeriod: dataPeriod && { ...dataPeriod },
    data: data?.map(({ meaning, reference }) => ({ meaning, reference })),
    classes: classes?.slice(),
    codes: codes?.slice(),
    categories: categories?.slice(),
    provisions: provisions?.map((one, place) => readProvision(one, () => `${path()}.provisions[${place}]`)),
  };
}

/** Before anything else looks inside: what is deeper than a consent may be, or has no end, ends here. */
function checkSize(consent: unknown, place: number): void {
  const count = countOf((consent as { provision?: unknown } | null | undefined)?.provision, 1);
  if (count > consentLimits.provisionsMax)
    throw invalidInput(
      `consents[${place}]`,
      `it has more than ${consentLimits.provisionsMax} provisions, or is too deep`,
    );
}

/** Provisions, as far as they are counted; too deep ones are too many. */
function countOf(provision: unknown, depth: number): number {
  if (depth > consentLimits.depthMax) return Number.POSITIVE_INFINITY;
  const inside = (provision as { provisions?: unknown } | null | undefined)?.provisions;
  let count = 1;
  if (!Array.isArray(inside)) return count;
  for (const one of inside) {
    count += countOf(one, depth + 1);
    if (count > consentLimits.provisionsMax) break;
  }
  return count;
}
