import { type Consent, consentLimits, type Effect } from '../consent.ts';
import { type Coding, codeOf, readConcept } from './coding.ts';
import {
  type Element,
  Findings,
  isElement,
  isText,
  type Refusal,
  readList,
  readReference,
  refuseUnknown,
} from './findings.ts';
import { clauseNames, isEffect, ProvisionReader } from './provision.ts';

export interface NormalizeOptions {
  /**
   * What the patient, an actor or an author is known by: a reference, a DID or `role:NAME`. Undefined refuses the consent.
   * Default: the reference itself. Groups are not expanded: requests name the groups that the agent belongs to.
   */
  readonly resolve?: (reference: string) => string | undefined;
  /** IANA name; where dates say no zone. Default: UTC. */
  readonly timeZone?: string;
  /** What the root is where it does not say so itself. */
  readonly rootType?: Effect;
}

/** Of a Consent in R4. All but a few say nothing about the decision. */
const rootElements = [
  'resourceType',
  'meta',
  'implicitRules',
  'language',
  'text',
  'contained',
  'identifier',
  'status',
  'scope',
  'category',
  'patient',
  'dateTime',
  'performer',
  'organization',
  'sourceAttachment',
  'sourceReference',
  'policy',
  'policyRule',
  'verification',
  'provision',
];

export type Normalized =
  | { readonly ok: true; readonly consent: Consent }
  | { readonly ok: false; readonly errors: readonly Refusal[] };

/**
 * Takes a FHIR R4 Consent as the decision can evaluate it, or refuses it with the path of every element that it cannot
 * (docs/decision.md, step 2). What says nothing about the decision is left out: category, dates of authoring, sources.
 */
export function normalizeConsent(fhirConsent: unknown, given?: NormalizeOptions | null): Normalized {
  const options = given ?? {};
  const findings = new Findings();
  const consent = isElement(fhirConsent) ? read(findings, fhirConsent, options) : undefined;
  if (!isElement(fhirConsent)) findings.refuse('', 'shape-invalid', 'A FHIR R4 Consent is expected.');
  if (consent !== undefined && findings.refusals.length === 0) return { ok: true, consent };
  return { ok: false, errors: findings.refusals };
}

function read(findings: Findings, consent: Element, options: NormalizeOptions): Consent | undefined {
  const { resourceType, status, id, meta, provision } = consent;
  if (resourceType !== 'Consent') return findings.refuse('resourceType', 'shape-invalid', 'It is no Consent.');
  if (consent['implicitRules'] !== undefined)
    findings.refuse('implicitRules', 'modifier-unknown', 'It modifies the meaning, and is not understood.');
  refuseUnknown(findings, consent, '', rootElements);
  for (const name of ['policy', 'verification']) refuseModifiers(findings, consent[name], name);
  if (status !== 'active')
    findings.refuse('status', 'status-not-active', `The status is ${isText(status) ? status : 'no code'}.`);
  readScope(findings, consent['scope']);
  const resolve = options.resolve ?? ((reference: string) => reference);
  const subject = readSubject(findings, consent['patient'], resolve);
  if (provision !== undefined && !isElement(provision))
    return findings.refuse('provision', 'shape-invalid', 'A provision is expected.');
  const type = rootType(findings, consent, provision ?? {}, options.rootType);
  const reader = new ProvisionReader({ findings, resolve, timeZone: options.timeZone ?? 'UTC' });
  // Also without a type: whoever mends the consent learns of everything at once.
  const root = reader.readRoot(provision ?? {}, type ?? 'deny');
  if (subject === undefined || type === undefined || root === undefined) return undefined;
  const version = isElement(meta) ? meta['versionId'] : undefined;
  return {
    ...(isText(id) && { id }),
    ...(isText(version) && { version }),
    subject,
    provision: root,
  };
}

/** Of elements of which nothing else is looked at. */
function refuseModifiers(findings: Findings, value: unknown, name: string): void {
  const parts = Array.isArray(value) ? value.map((part, place) => [part, `${name}[${place}]`]) : [[value, name]];
  for (const [part, path] of parts)
    if (isElement(part) && part['modifierExtension'] !== undefined)
      findings.refuse(`${path}.modifierExtension`, 'modifier-unknown', 'The extension modifies the meaning.');
}

function readScope(findings: Findings, scope: unknown): void {
  const codings = readConcept(findings, scope ?? {}, 'scope');
  const codes = codings?.map((coding) => codeOf('scope', coding)).filter((code) => code !== undefined);
  if (codes !== undefined && (codes.length === 0 || codes.some((code) => code !== 'patient-privacy')))
    findings.refuse('scope', 'scope-unsupported', 'Only the scope patient-privacy is evaluated.');
}

function readSubject(
  findings: Findings,
  patient: unknown,
  resolve: (reference: string) => string | undefined,
): string | undefined {
  const reference = isElement(patient) ? readReference(findings, patient, 'patient') : undefined;
  if (reference === undefined) return findings.refuse('patient', 'subject-missing', 'It names no patient.');
  const resolved = reference.startsWith('#') ? undefined : resolve(reference);
  if (isText(resolved)) return resolved;
  return findings.refuse('patient', 'reference-unresolved', `${reference} stands for nobody here.`);
}

/** R4's root type, else the policy rule where the root has no clause at all, else what the importer said. */
function rootType(
  findings: Findings,
  consent: Element,
  provision: Element,
  given: Effect | undefined,
): Effect | undefined {
  const { type } = provision;
  if (isEffect(type)) return type;
  if (type !== undefined) return findings.refuse('provision.type', 'code-unknown', 'It is neither permit nor deny.');
  const rule = policyRuleType(findings, consent['policyRule']);
  const hasClause = clauseNames.some((name) => provision[name] !== undefined);
  if (rule !== undefined && !hasClause) return rule;
  if (given !== undefined && isEffect(given)) return given;
  return findings.refuse(
    'provision.type',
    'root-type-ambiguous',
    hasClause
      ? 'The root has clauses and no type: say whether it permits or denies.'
      : 'Neither the root nor the policy rule says whether it permits or denies.',
  );
}

function policyRuleType(findings: Findings, policyRule: unknown): Effect | undefined {
  if (!isElement(policyRule) || policyRule['coding'] === undefined) return undefined;
  const codings = readList<Coding>(
    findings,
    policyRule['coding'],
    'policyRule.coding',
    consentLimits.listMax,
    (item) =>
      isElement(item) && isText(item['code'])
        ? { system: isText(item['system']) ? item['system'] : undefined, code: item['code'] }
        : undefined,
  );
  const codes = new Set(codings?.map((coding) => codeOf('sensitivity', coding)));
  if (codes.has('OPTIN') === codes.has('OPTOUT')) return undefined;
  return codes.has('OPTIN') ? 'permit' : 'deny';
}
