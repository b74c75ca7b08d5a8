import {
  type DomainPolicy,
  decisionPolicyOf,
  openConsent,
  type ProvisionTreeJson,
  type ScopeOpening,
} from '../../contracts/index.ts';
import { DecisionBase, type ResourceFacts } from '../../decision/index.ts';

/** A consent in force, as the ledger's API tells it. */
export interface SealedConsent extends ProvisionTreeJson {
  readonly id: string;
  readonly version: number;
  readonly subject: string;
}

/** What an agent asks for, and who it is at that time. */
export interface GatewayQuestion {
  readonly subject: string;
  /** RFC 3339. */
  readonly at: string;
  readonly purpose: string;
  readonly action: 'collect' | 'access' | 'use' | 'disclose' | 'correct';
  /** DID of the agent. */
  readonly agent: string;
  /** The role that it claims. */
  readonly role: string;
  /** Organisations and roles of its credentials in force: `member:NAME`, `role:ROLE`; and its groups: `group:MEMBER/NAME`. */
  readonly belongsTo: readonly string[];
  readonly breakGlass?: {
    readonly categories: readonly string[];
    readonly openedAt: string;
    readonly expiresAt: string;
  };
}

/** What `access.record` takes of a gateway, in JSON form. */
export interface ResultClaims {
  readonly results: readonly {
    readonly consent: string;
    readonly version: number;
    /** Mask: 1 permit, 2 deny, 4 weak deny, 8 not applicable. */
    readonly results: number;
    readonly namesBreakGlass: boolean;
  }[];
  readonly inEmergencyCategory: boolean;
  /** Consents that could not be opened: the voters take everything possible for them. */
  readonly unopened: readonly string[];
}

/**
 * Evaluates, at the custodian's gateway, what the sealed clauses of a subject's consents come to for one record
 * (docs/decision.md, "Open and sealed"). Nothing of the record but these results leaves the gateway.
 * @throws AssentError `commitment-mismatch`, `decision-input-invalid`.
 */
export function resultClaims(
  consents: readonly SealedConsent[],
  openingOf: (commitmentHex: string) => Pick<ScopeOpening, 'salt' | 'body'> | undefined,
  policy: DomainPolicy,
  question: GatewayQuestion,
  facts: ResourceFacts,
): ResultClaims {
  const opened = consents.map((consent) => ({ consent, whole: openConsent(consent, openingOf) }));
  const known = opened.flatMap(({ whole }) => (whole === undefined ? [] : [whole]));
  const { subject, at, purpose, action, agent, role, belongsTo, breakGlass } = question;
  const request = {
    subject,
    at,
    purpose,
    action,
    requester: { references: [agent, ...belongsTo], roles: [role] },
    ...(breakGlass && { breakGlass: { justified: true, ...breakGlass } }),
    resources: [facts],
  };
  const base = new DecisionBase({ consents: known, policy: decisionPolicyOf(policy) });
  const [scope] = base.evaluateScope(request).resources;
  return {
    results: (scope?.results ?? []).map(({ consent, version, results, namesBreakGlass }) => {
      return { consent, version: Number(version), results, namesBreakGlass };
    }),
    inEmergencyCategory: scope?.inEmergencyCategory ?? false,
    unopened: opened.filter(({ whole }) => whole === undefined).map(({ consent }) => consent.id),
  };
}
