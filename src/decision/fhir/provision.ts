import {
  actionCodes,
  consentLimits,
  type DataMeaning,
  dataMeanings,
  type Effect,
  type Interval,
  type Labels,
  type Provision,
} from '../consent.ts';
import { type Confidentiality, isConfidentiality } from '../tables/confidentiality.ts';
import { readPurpose } from '../tables/purposes.ts';
import { isSensitivity } from '../tables/sensitivity.ts';
import { type Coding, codeOf, readCoding, readConcept, textOf } from './coding.ts';
import { type Element, type Findings, isElement, isText, readList, readReference, refuseUnknown } from './findings.ts';
import { intervalOf } from './interval.ts';

/** The clauses of a provision: what makes it speak of less than everything. */
export const clauseNames = [
  'period',
  'actor',
  'action',
  'securityLabel',
  'purpose',
  'class',
  'code',
  'dataPeriod',
  'data',
] as const;

const recipientRoles = ['IRCP', 'PRCP'];

/** Reads provisions: every clause as the decision compares it, or refused; none is dropped (docs/decision.md, step 2). */
export class ProvisionReader {
  readonly #findings: Findings;
  readonly #resolve: (reference: string) => string | undefined;
  readonly #timeZone: string;
  #count = 0;

  constructor(options: {
    readonly findings: Findings;
    readonly resolve: (reference: string) => string | undefined;
    readonly timeZone: string;
  }) {
    this.#findings = options.findings;
    this.#resolve = options.resolve;
    this.#timeZone = options.timeZone;
  }

  /** The root; its type may come from elsewhere. */
  readRoot(provision: Element, type: Effect): Provision | undefined {
    return this.#read(provision, 'provision', type, 1);
  }

  #read(element: Element, path: string, type: Effect, depth: number): Provision | undefined {
    this.#count += 1;
    if (depth > consentLimits.depthMax || this.#count > consentLimits.provisionsMax) {
      if (this.#count <= consentLimits.provisionsMax + 1 || depth > consentLimits.depthMax)
        this.#findings.refuse(path, 'too-large', 'Too many provisions, or too deep.');
      return undefined;
    }
    refuseUnknown(this.#findings, element, path, ['type', 'provision', ...clauseNames]);
    const list = <T>(
      name: string,
      readItem: (item: unknown, at: string) => T | readonly T[] | undefined,
    ): T[] | undefined => readList(this.#findings, element[name], `${path}.${name}`, consentLimits.listMax, readItem);
    const period = this.#period(element['period'], `${path}.period`);
    const actors = list('actor', (item, at) => this.#actor(item, at));
    const purposes = list('purpose', (item, at) => this.#purpose(item, at));
    const actions = list('action', (item, at) => this.#actions(item, at));
    const labels = this.#labels(element['securityLabel'], `${path}.securityLabel`);
    const dataPeriod = this.#period(element['dataPeriod'], `${path}.dataPeriod`);
    const data = list('data', (item, at) => this.#data(item, at));
    const classes = list('class', (item, at) => this.#coding(item, at));
    const codes = list('code', (item, at) => this.#codes(item, at));
    const provisions = list('provision', (item, at) => this.#nested(item, at, depth + 1));
    return {
      type,
      ...(period && { period }),
      ...(actors && { actors }),
      ...(purposes && { purposes }),
      ...(actions && { actions }),
      ...(labels && { labels }),
      ...(dataPeriod && { dataPeriod }),
      ...(data && { data }),
      ...(classes && { classes }),
      ...(codes && { codes }),
      ...(provisions && { provisions }),
    };
  }

  #nested(value: unknown, path: string, depth: number): Provision | undefined {
    if (!isElement(value)) return this.#findings.refuse(path, 'shape-invalid', 'A provision is expected.');
    const { type } = value;
    if (type === undefined)
      return this.#findings.refuse(`${path}.type`, 'type-missing', 'A nested provision says permit or deny.');
    if (!isEffect(type)) return this.#findings.refuse(`${path}.type`, 'code-unknown', 'It is neither permit nor deny.');
    return this.#read(value, path, type, depth);
  }

  #period(value: unknown, path: string): Interval | undefined {
    if (value === undefined) return undefined;
    if (!isElement(value)) return this.#findings.refuse(path, 'shape-invalid', 'A Period is expected.');
    refuseUnknown(this.#findings, value, path, ['start', 'end']);
    const { start, end } = value;
    if (![start, end].every((moment) => moment === undefined || typeof moment === 'string'))
      return this.#findings.refuse(path, 'shape-invalid', 'A start and an end are dateTimes.');
    const interval = intervalOf(
      { ...(start !== undefined && { start: start as string }), ...(end !== undefined && { end: end as string }) },
      this.#timeZone,
    );
    return typeof interval === 'string' ? this.#findings.refuse(path, 'period-invalid', `${interval}.`) : interval;
  }

  #actor(value: unknown, path: string): string | undefined {
    if (!isElement(value)) return this.#findings.refuse(path, 'shape-invalid', 'An actor is expected.');
    refuseUnknown(this.#findings, value, path, ['role', 'reference']);
    const roles = readConcept(this.#findings, value['role'] ?? {}, `${path}.role`);
    const codes = roles?.map((role) => codeOf('participation', role)).filter((code) => code !== undefined);
    if (codes !== undefined && (codes.length === 0 || !codes.every((code) => recipientRoles.includes(code))))
      this.#findings.refuse(`${path}.role`, 'actor-role-unsupported', 'Only recipients (IRCP, PRCP) are compared.');
    return this.#reference(value['reference'], `${path}.reference`);
  }

  #reference(value: unknown, path: string): string | undefined {
    const reference = this.#literal(value, path);
    if (reference === undefined) return undefined;
    const resolved: unknown = this.#resolve(reference);
    if (isText(resolved)) return resolved;
    return this.#findings.refuse(path, 'reference-unresolved', `${reference} stands for nobody here.`);
  }

  #literal(value: unknown, path: string): string | undefined {
    if (value !== undefined && !isElement(value))
      return this.#findings.refuse(path, 'shape-invalid', 'A Reference is expected.');
    const reference = value && readReference(this.#findings, value, path);
    // What a fragment means ends with the document that contains it.
    if (reference !== undefined && !reference.startsWith('#')) return reference;
    return this.#findings.refuse(path, 'reference-unresolved', 'It refers to nothing that can be compared.');
  }

  #purpose(value: unknown, path: string): string | undefined {
    const coding = readCoding(this.#findings, value, path);
    const text = coding && this.#withSystem(coding, path);
    if (text === undefined) return undefined;
    return readPurpose(text) ?? this.#findings.refuse(path, 'code-unknown', `${text} is no purpose of use.`);
  }

  #actions(value: unknown, path: string): (typeof actionCodes)[number][] | undefined {
    const codings = readConcept(this.#findings, value, path);
    const codes = codings?.map((coding) => codeOf('action', coding)).filter((code) => code !== undefined);
    const known = codes?.filter((code) => isAction(code));
    if (known === undefined || (known.length > 0 && known.length === codes?.length)) return known;
    return this.#findings.refuse(path, 'code-unknown', `It is none of ${actionCodes.join(', ')}.`);
  }

  #labels(value: unknown, path: string): Labels | undefined {
    const confidentiality: Confidentiality[] = [];
    const sensitivity: string[] = [];
    const codings = readList(this.#findings, value, path, consentLimits.listMax, (item, at) => {
      const coding = readCoding(this.#findings, item, at);
      const level = coding && codeOf('confidentiality', coding);
      const kind = coding && codeOf('sensitivity', coding);
      if (level !== undefined && isConfidentiality(level)) confidentiality.push(level);
      else if (kind !== undefined && isSensitivity(kind)) sensitivity.push(kind);
      else if (coding !== undefined)
        return this.#findings.refuse(at, 'code-unknown', `${textOf(coding)} is no label of the rule set.`);
      return coding;
    });
    return codings && { confidentiality: [...new Set(confidentiality)], sensitivity: [...new Set(sensitivity)] };
  }

  #data(value: unknown, path: string): { meaning: DataMeaning; reference: string } | undefined {
    if (!isElement(value)) return this.#findings.refuse(path, 'shape-invalid', 'A data element is expected.');
    refuseUnknown(this.#findings, value, path, ['meaning', 'reference']);
    const { meaning } = value;
    const isKnown = (dataMeanings as readonly unknown[]).includes(meaning);
    if (!isKnown) this.#findings.refuse(`${path}.meaning`, 'code-unknown', `It is none of ${dataMeanings.join(', ')}.`);
    const at = `${path}.reference`;
    const reference =
      meaning === 'authoredby' ? this.#reference(value['reference'], at) : this.#literal(value['reference'], at);
    return isKnown && reference !== undefined ? { meaning: meaning as DataMeaning, reference } : undefined;
  }

  #coding(value: unknown, path: string): string | undefined {
    const coding = readCoding(this.#findings, value, path);
    return coding && this.#withSystem(coding, path);
  }

  #codes(value: unknown, path: string): string[] | undefined {
    return readConcept(this.#findings, value, path)?.flatMap((coding) => this.#withSystem(coding, path) ?? []);
  }

  #withSystem(coding: Coding, path: string): string | undefined {
    if (coding.system === undefined)
      return this.#findings.refuse(path, 'system-missing', `${coding.code} has no system.`);
    const text = textOf(coding);
    if (isText(text)) return text;
    return this.#findings.refuse(path, 'too-large', `More than ${consentLimits.textMax} characters.`);
  }
}

function isAction(code: string): code is (typeof actionCodes)[number] {
  return (actionCodes as readonly string[]).includes(code);
}

export function isEffect(value: unknown): value is Effect {
  return value === 'permit' || value === 'deny';
}
