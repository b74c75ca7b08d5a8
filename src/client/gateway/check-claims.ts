import { type DomainPolicy, namesOfResultSet, type SealedBasis } from '../../contracts/index.ts';
import type { ResourceFacts } from '../../decision/index.ts';
import { type GatewayQuestion, resultClaims, type SealedConsent } from './result-claims.ts';

/** Of a recorded decision, explained in full: what was asked, what the gateway signed, and what it had to look at. */
export interface ClaimedDecision {
  /** Block time. */
  readonly at: number;
  readonly subject: string;
  readonly agent: string;
  readonly asked: { readonly role: string; readonly action: string; readonly purpose: string };
  readonly gatewayFound: {
    readonly results: readonly {
      readonly consent: string;
      readonly version: number;
      readonly results: readonly string[];
    }[];
    readonly inEmergencyCategory: boolean;
  };
  readonly basis: SealedBasis;
}

/** What a gateway said, against what the clauses come to for who can open them. */
export interface ClaimsCheck {
  /** Consents of which it said what is so. */
  readonly confirmed: readonly string[];
  /** Consents of which it said something else: its own signature convicts it. */
  readonly contradicted: readonly {
    readonly consent: string;
    readonly said: readonly string[];
    readonly found: readonly string[];
  }[];
  /** Consents that cannot be opened with these openings. */
  readonly unopened: readonly string[];
}

/**
 * Looks at the sealed clauses of a recorded decision anew, at its height and time, for a record as `facts` describe it.
 * A consent of which the gateway said nothing was taken as everything possible, which is no false word.
 * @throws AssentError `commitment-mismatch`, `decision-input-invalid`.
 */
export function checkClaims(
  { at, subject, agent, asked, gatewayFound, basis }: ClaimedDecision,
  openingOf: Parameters<typeof resultClaims>[1],
  facts: ResourceFacts,
): ClaimsCheck {
  const opening = basis.openings.find(({ openedAt, expiresAt }) => openedAt <= at && at < expiresAt);
  const question: GatewayQuestion = {
    subject,
    at: timeOf(at),
    purpose: asked.purpose,
    action: asked.action as GatewayQuestion['action'],
    agent,
    role: asked.role,
    belongsTo: basis.belongsTo,
    ...(opening && {
      breakGlass: {
        categories: opening.categories,
        openedAt: timeOf(opening.openedAt),
        expiresAt: timeOf(opening.expiresAt),
      },
    }),
  };
  const { results, unopened } = resultClaims(
    // The contract's own JSON form.
    basis.consents as unknown as readonly SealedConsent[],
    openingOf,
    basis.policy as unknown as DomainPolicy,
    question,
    facts,
  );
  const looked = gatewayFound.results.flatMap(({ consent, version, results: said }) => {
    const one = results.find((candidate) => candidate.consent === consent && candidate.version === version);
    return one === undefined ? [] : [{ consent, said, found: namesOfResultSet(one.results) }];
  });
  const isRight = ({ said, found }: (typeof looked)[number]): boolean => said.join() === found.join();
  return {
    confirmed: looked.filter(isRight).map(({ consent }) => consent),
    contradicted: looked.filter((one) => !isRight(one)),
    unopened,
  };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
