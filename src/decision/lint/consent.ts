import type { Consent } from '../consent.ts';
import { type NormalizeOptions, normalizeConsent } from '../fhir/normalize.ts';
import { type ReadProvision, readConsents } from '../read-consents.ts';
import { type Scope, scopeOf } from '../scope.ts';
import { includedPurposes, isPurpose } from '../tables/purposes.ts';
import type { LintCode, LintFinding } from './finding.ts';
import { canMeet, denyCovers } from './scopes.ts';
import { coversSpace, narrowed, type Space, wholeSpace } from './space.ts';

/**
 * Everything in a consent that says nothing, more than it seems to, or two things at once. Takes a consent as the decision
 * does, or a FHIR R4 Consent, whose refusals are findings too. Throws `decision-input-invalid` for what is neither.
 */
export function lintConsent(consent: unknown, options?: NormalizeOptions): readonly LintFinding[] {
  const isFhir = (consent as { resourceType?: unknown } | null | undefined)?.resourceType !== undefined;
  const normalized = isFhir ? normalizeConsent(consent, options) : undefined;
  if (normalized?.ok === false) return normalized.errors;
  const given = normalized === undefined ? (consent as Consent) : normalized.consent;
  const findings: LintFinding[] = [];
  for (const { provision } of readConsents([given])) new ProvisionLint(findings).lintRoot(provision);
  return findings;
}

/** Where a provision stands, as far as it tells what can reach it. */
interface Around {
  readonly space: Space;
  /** Of the permit that it stands in. */
  readonly scope: Scope | undefined;
  /** Of the denials that it stands in, each with its path. */
  readonly denials: readonly { readonly path: string; readonly scope: Scope }[];
}

/** A provision that something can reach. */
interface Reached {
  readonly provision: ReadProvision;
  readonly path: string;
  readonly space: Space;
  readonly scope: Scope;
}

class ProvisionLint {
  readonly #findings: LintFinding[];
  readonly #denials: string[] = [];

  constructor(findings: LintFinding[]) {
    this.#findings = findings;
  }

  lintRoot(root: ReadProvision): void {
    this.#lint(root, 'provision', { space: wholeSpace, scope: undefined, denials: [] });
    const [path, ...more] = this.#denials;
    if (path === undefined) return;
    const others = more.length === 0 ? '' : `, and at ${more.length === 1 ? more[0] : `${more.length} more places`}`;
    this.#report('revocation-opens', path, `It denies here${others}: taking the consent back may open something.`);
  }

  #report(code: LintCode, path: string, message: string): void {
    this.#findings.push({ code, path, message });
  }

  /** Undefined for a provision that nothing reaches: then nothing in it is looked at. */
  #lint(provision: ReadProvision, path: string, around: Around): Reached | undefined {
    const space = narrowed(around.space, provision);
    if (typeof space === 'string') {
      const what = `Its ${space} and those around it have nothing in common: it never matches.`;
      this.#report('never-matches', `${path}.${space}`, what);
      return undefined;
    }
    const scope = scopeOf(provision, around.scope);
    const isDeny = provision.type === 'deny';
    const apart = isDeny ? undefined : around.denials.find((denial) => !canMeet(scope, denial.scope));
    if (apart !== undefined && provision.provisions === undefined) {
      const what = `It holds only for records that ${apart.path} denies, and no record is in both.`;
      this.#report('never-holds', path, what);
      return undefined;
    }
    this.#lintPurposes(provision, path);
    if (isDeny) this.#denials.push(path);
    const denials = isDeny ? [...around.denials, { path, scope }] : around.denials;
    this.#lintChildren(provision.provisions ?? [], path, { space, scope: isDeny ? undefined : scope, denials });
    return { provision, path, space, scope };
  }

  #lintPurposes({ type, purposes = [] }: ReadProvision, path: string): void {
    for (const [place, purpose] of purposes.entries()) {
      const at = `${path}.purpose[${place}]`;
      const others = isPurpose(purpose) ? includedPurposes(purpose).filter((one) => one !== purpose) : [];
      const verb = type === 'permit' ? 'permits' : 'denies';
      if (others.length > 0)
        this.#report('purpose-includes-more', at, `${purpose} ${verb} ${others.join(', ')} as well.`);
    }
  }

  #lintChildren(provisions: readonly ReadProvision[], path: string, around: Around): void {
    const seen = new Map<string, string>();
    const reached: Reached[] = [];
    for (const [place, child] of provisions.entries()) {
      const at = `${path}.provision[${place}]`;
      const text = textOf(child);
      const same = seen.get(text);
      if (same !== undefined) {
        this.#report('duplicate-provision', at, `It says the same as ${same}.`);
        continue;
      }
      seen.set(text, at);
      const one = this.#lint(child, at, around);
      if (one !== undefined) reached.push(one);
    }
    for (const permit of reached.filter(({ provision }) => provision.type === 'permit'))
      for (const deny of reached.filter(({ provision }) => provision.type === 'deny')) this.#compare(permit, deny);
  }

  #compare(permit: Reached, deny: Reached): void {
    if (isBeaten(permit, deny)) {
      const what = `Wherever it holds, ${deny.path} denies, which goes first: it never permits anything.`;
      this.#report('always-denied', permit.path, what);
    } else if (typeof narrowed(permit.space, deny.provision) !== 'string' && canMeet(permit.scope, deny.scope)) {
      const what = `It and ${deny.path} can both hold: there the denial goes first.`;
      this.#report('opposites-overlap', permit.path, what);
    }
  }
}

/** A denial with provisions inside may come to something else, as may a permit. */
function isBeaten(permit: Reached, deny: Reached): boolean {
  const { actors } = deny.provision;
  if (deny.provision.provisions !== undefined || permit.provision.provisions !== undefined) return false;
  if (actors !== undefined && !permit.provision.actors?.every((actor) => actors.includes(actor))) return false;
  return coversSpace(deny.provision, permit.space) && denyCovers(deny.scope, permit.scope);
}

/** The same for provisions that say the same, in whatever order their lists are. */
function textOf(provision: ReadProvision): string {
  const { provisions, data, labels, actors, purposes, actions, classes, codes, categories, ...plain } = provision;
  const lists = [actors, purposes, actions, classes, codes, categories, labels?.confidentiality, labels?.sensitivity];
  return JSON.stringify([
    plain.type,
    [plain.period?.from, plain.period?.until, plain.dataPeriod?.from, plain.dataPeriod?.until],
    lists.map((list) => list && [...new Set(list)].sort()),
    data?.map(({ meaning, reference }) => `${meaning} ${reference}`).sort(),
    provisions?.map(textOf).sort(),
  ]);
}
