import { z } from 'zod';
import { consentLimits, consentSchema, type Effect, type Provision } from './consent.ts';
import { InputReader, invalidInput } from './input.ts';
import { decisionLimits } from './limits.ts';
import { readPurpose } from './tables/purposes.ts';
import { noTexts, type TargetTexts } from './target.ts';

type Clauses = Omit<Provision, 'type' | 'provisions'>;

/** A provision as the evaluation takes it: each clause in its place, so that all have one shape; purposes as they are compared. */
export type ReadProvision = {
  readonly type: Effect;
  readonly texts: TargetTexts;
  readonly provisions: readonly ReadProvision[] | undefined;
} & { readonly [Name in keyof Clauses]-?: Clauses[Name] | undefined };

export interface ReadConsent {
  readonly id: string | undefined;
  readonly version: string | undefined;
  readonly subject: string;
  readonly provision: ReadProvision;
}

const reader = new InputReader(z.array(consentSchema).max(decisionLimits.consentsMax));

/** Their lists are those that were given. Throws `decision-input-invalid` with the path of what is wrong. */
export function readConsents(value: unknown): readonly ReadConsent[] {
  if (Array.isArray(value)) for (let place = 0; place < value.length; place++) checkSize(value[place], place);
  return reader.read(value, 'consents').map(({ id, version, subject, provision }, place) => {
    const read = readProvision(provision);
    if (typeof read === 'string') throw invalidInput(`consents[${place}].provision${read}`, 'it is no purpose of use');
    return { id, version, subject, provision: read };
  });
}

/** Or where a purpose is none. */
function readProvision(given: Provision): ReadProvision | string {
  const purposes = given.purposes && readPurposes(given.purposes);
  if (typeof purposes === 'string') return purposes;
  const provisions = given.provisions && readProvisions(given.provisions);
  if (typeof provisions === 'string') return provisions;
  const { type, period, actors, actions, labels, dataPeriod, data, classes, codes, categories } = given;
  return {
    type,
    period,
    actors,
    purposes,
    actions,
    labels,
    dataPeriod,
    data,
    classes,
    codes,
    categories,
    texts: noTexts(),
    provisions,
  };
}

function readProvisions(given: readonly Provision[]): readonly ReadProvision[] | string {
  const provisions: ReadProvision[] = [];
  for (const [place, one] of given.entries()) {
    const read = readProvision(one);
    if (typeof read === 'string') return `.provisions[${place}]${read}`;
    provisions.push(read);
  }
  return provisions;
}

function readPurposes(given: readonly string[]): readonly string[] | string {
  const purposes: string[] = [];
  for (const [place, text] of given.entries()) {
    const purpose = readPurpose(text);
    if (purpose === undefined) return `.purposes[${place}]`;
    purposes.push(purpose);
  }
  return purposes;
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
