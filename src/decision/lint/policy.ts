import type { Consent } from '../consent.ts';
import { type ReadProvision, readConsents } from '../read-consents.ts';
import { type DecisionPolicy, type Policy, readPolicy } from '../request.ts';
import { defaultCategories } from '../tables/emergency-categories.ts';
import { heldRole, includesPurpose } from '../target.ts';
import type { LintCode, LintFinding } from './finding.ts';
import { included, narrowed, type Space, wholeSpace } from './space.ts';

/**
 * What in a domain's policy nobody can use, or says two things. With consents also which purposes nothing permits, and
 * which consents are for purposes that nobody may claim. Throws `decision-input-invalid`.
 */
export function lintPolicy(policy: DecisionPolicy, consents?: readonly Consent[]): readonly LintFinding[] {
  const lint = new PolicyLint(readPolicy(policy), Array.isArray(policy.roles));
  lint.lintRoles();
  lint.lintEmergency();
  lint.lintLegalBases();
  if (consents !== undefined) lint.lintConsents(consents);
  return lint.findings;
}

/** A provision that permits, for what purposes, to whom. */
interface Permit {
  readonly path: string;
  readonly provision: ReadProvision;
  readonly space: Space;
}

class PolicyLint {
  readonly findings: LintFinding[] = [];
  readonly #policy: Policy;
  readonly #areRolesListed: boolean;

  constructor(policy: Policy, areRolesListed: boolean) {
    this.#policy = policy;
    this.#areRolesListed = areRolesListed;
  }

  lintRoles(): void {
    const seen = new Map<string, string>();
    for (const [place, { role, purposes }] of (this.#policy.roles ?? []).entries()) {
      const path = this.#rolePath(place, role);
      const before = seen.get(role);
      if (before === undefined) seen.set(role, path);
      else this.#report('role-listed-twice', path, `${role} may claim what ${before} says, too.`);
      this.#lintRedundant(purposes, `${path}${this.#areRolesListed ? '.purposes' : ''}`);
    }
  }

  lintEmergency(): void {
    const { emergency } = this.#policy;
    if (emergency === undefined) return;
    const { roles, categories = defaultCategories, maxHours } = emergency;
    const reason =
      roles.length === 0
        ? 'It names no role'
        : categories.length === 0
          ? 'It allows no category'
          : maxHours === 0
            ? 'It lasts no time'
            : this.#isClaimable('BTG')
              ? undefined
              : 'No role may claim the purpose BTG';
    if (reason !== undefined) this.#report('emergency-never', 'emergency', `${reason}: nobody can break the glass.`);
    else
      for (const [place, role] of roles.entries())
        if (!this.#mayClaim(role, 'BTG')) {
          const what = `${role} may not claim the purpose BTG: alone it cannot break the glass.`;
          this.#report('emergency-gate', `emergency.roles[${place}]`, what);
        }
  }

  lintLegalBases(): void {
    const { legalBases } = this.#policy;
    for (const [place, { name, roles, purposes, honourDeny }] of legalBases.entries()) {
      const path = `legalBases[${place}]`;
      const claimed = [...included(purposes)];
      this.#lintRedundant(purposes, `${path}.purpose`);
      if (roles.length === 0 || !claimed.some((purpose) => this.#isClaimable(purpose)))
        this.#report('legal-basis-unusable', path, `No role may claim what ${name} is for: nobody can cite it.`);
      else
        for (const role of roles)
          if (!claimed.some((purpose) => this.#mayClaim(role, purpose))) {
            const what = `${role} may not claim what ${name} is for: alone it cannot cite it.`;
            this.#report('legal-basis-gate', `${path}.role`, what);
          }
      const earlier = legalBases.slice(0, place).findIndex((other) => {
        const isSame = other.name === name && other.honourDeny !== honourDeny && roles.length * other.roles.length > 0;
        const common = included(other.purposes);
        return isSame && claimed.some((purpose) => common.has(purpose) && this.#isClaimable(purpose));
      });
      if (earlier === -1) continue;
      const what = `legalBases[${earlier}] has its name and can apply too: the first decides about denials.`;
      this.#report('legal-basis-overlap', path, what);
    }
  }

  lintConsents(given: readonly Consent[]): void {
    const permits = readConsents(given).flatMap(({ provision }, place) =>
      permitsIn(provision, `consents[${place}].provision`, wholeSpace),
    );
    for (const { path, provision } of permits)
      for (const [place, purpose] of (provision.purposes ?? []).entries())
        if (![...included([purpose])].some((one) => this.#isClaimable(one)))
          this.#report('purpose-unclaimable', `${path}.purpose[${place}]`, `No role may claim ${purpose}.`);
    if (this.#policy.implicit === 'permit') return;
    for (const [place, { role, purposes }] of (this.#policy.roles ?? []).entries())
      for (const [number, purpose] of purposes.entries()) {
        if (this.#isPermitted(role, purpose, permits)) continue;
        const path = `${this.#rolePath(place, role)}${this.#areRolesListed ? '.purposes' : ''}[${number}]`;
        const what = `No consent and no legal basis permits ${purpose} to anybody who is ${role} alone.`;
        this.#report('purpose-unpermitted', path, what);
      }
  }

  #report(code: LintCode, path: string, message: string): void {
    this.findings.push({ code, path, message });
  }

  #rolePath(place: number, role: string): string {
    return this.#areRolesListed ? `roles[${place}]` : `roles.${role}`;
  }

  #lintRedundant(purposes: readonly string[], path: string): void {
    for (const [place, purpose] of purposes.entries()) {
      const wider = purposes.find(
        (other, index) => index !== place && includesPurpose(other, purpose) && (other !== purpose || index < place),
      );
      if (wider !== undefined)
        this.#report('purpose-redundant', `${path}[${place}]`, `${wider} says ${purpose} already.`);
    }
  }

  /** Without a gate everyone may claim everything. */
  #mayClaim(role: string, purpose: string): boolean {
    const { roles } = this.#policy;
    const held = roles?.filter((listed) => listed.role === role).flatMap(({ purposes }) => purposes);
    return held?.some((general) => includesPurpose(general, purpose)) ?? true;
  }

  #isClaimable(purpose: string): boolean {
    const { roles } = this.#policy;
    return roles?.some((listed) => listed.purposes.some((general) => includesPurpose(general, purpose))) ?? true;
  }

  /** Whether anything may permit what this role claims: an actor that is no role may be anybody. */
  #isPermitted(role: string, purpose: string, permits: readonly Permit[]): boolean {
    const { legalBases, emergency } = this.#policy;
    const claimed = included([purpose]);
    if (emergency?.roles.includes(role) && claimed.has('BTG')) return true;
    const isByLaw = legalBases.some(
      (basis) => basis.roles.includes(role) && [...included(basis.purposes)].some((one) => claimed.has(one)),
    );
    return (
      isByLaw ||
      permits.some(({ provision: { actors }, space }) => {
        const isForRole = actors?.some((actor) => [role, undefined].includes(heldRole(actor))) ?? true;
        return isForRole && [...claimed].some((one) => space.purposes?.has(one) ?? true);
      })
    );
  }
}

function permitsIn(provision: ReadProvision, path: string, around: Space): readonly Permit[] {
  const space = narrowed(around, provision);
  if (typeof space === 'string') return [];
  const inside = (provision.provisions ?? []).flatMap((one, place) =>
    permitsIn(one, `${path}.provision[${place}]`, space),
  );
  return provision.type === 'permit' ? [{ path, provision, space }, ...inside] : inside;
}
