import { type DomainPolicy, namesOfResultSet, type SealedBasis } from '../../contracts/index.ts';
import type { ResourceFacts } from '../../decision/index.ts';
import { type GatewayQuestion, type ResultClaims, resultClaims, type SealedConsent } from './result-claims.ts';

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
      readonly namesBreakGlass: boolean;
    }[];
    readonly inEmergencyCategory: boolean;
  };
  readonly basis: SealedBasis;
}

/** What a gateway said, against what the clauses come to for who can open them. */
export interface ClaimsCheck {
  /** Consents of which it said what is so. */
  readonly confirmed: readonly string[];
  /**
   * Consents of which it said something else: its own signature convicts it. Beside the results, `names-break-glass`
   * stands where the denial is one of break-glass itself.
   */
  readonly contradicted: readonly {
    readonly consent: string;
    readonly said: readonly string[];
    readonly found: readonly string[];
  }[];
  /** Consents that cannot be opened with these openings. */
  readonly unopened: readonly string[];
  /** It said that the record is in a category for which the glass was broken, and it is in none: convicts it, too. */
  readonly isOutsideGlass: boolean;
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
  const question: GatewayQuestion = {
    subject,
    at: timeOf(at),
    purpose: asked.purpose,
    action: asked.action as GatewayQuestion['action'],
    agent,
    role: asked.role,
    belongsTo: basis.belongsTo,
  };
  const under = (opening: SealedBasis['openings'][number] | undefined): ResultClaims =>
    resultClaims(
      // The contract's own JSON form.
      basis.consents as unknown as readonly SealedConsent[],
      openingOf,
      basis.policy as unknown as DomainPolicy,
      opening === undefined ? question : { ...question, breakGlass: glassOf(opening) },
      facts,
    );
  const open = basis.openings.filter(({ openedAt, expiresAt }) => openedAt <= at && at < expiresAt);
  const { results, unopened } = under(open[0]);
  const looked = gatewayFound.results.flatMap((word) => {
    const { consent, version } = word;
    const one = results.find((candidate) => candidate.consent === consent && candidate.version === version);
    if (one === undefined) return [];
    const found = wordsOf({ results: namesOfResultSet(one.results), namesBreakGlass: one.namesBreakGlass });
    return [{ consent, said: wordsOf(word), found }];
  });
  const isRight = ({ said, found }: (typeof looked)[number]): boolean => said.join() === found.join();
  return {
    confirmed: looked.filter(isRight).map(({ consent }) => consent),
    contradicted: looked.filter((one) => !isRight(one)),
    unopened,
    isOutsideGlass:
      open.length > 0 && gatewayFound.inEmergencyCategory && !open.some((one) => under(one).inEmergencyCategory),
  };
}

/** What is said of a consent, in words. Only of a denial it counts whether it names break-glass. */
function wordsOf({
  results,
  namesBreakGlass,
}: Pick<ClaimedDecision['gatewayFound']['results'][number], 'results' | 'namesBreakGlass'>): readonly string[] {
  return namesBreakGlass && results.includes('deny') ? [...results, 'names-break-glass'] : results;
}

function glassOf(opening: SealedBasis['openings'][number]): NonNullable<GatewayQuestion['breakGlass']> {
  const { categories, openedAt, expiresAt } = opening;
  return { categories, openedAt: timeOf(openedAt), expiresAt: timeOf(expiresAt) };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
