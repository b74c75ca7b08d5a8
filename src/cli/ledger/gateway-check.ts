import { type GatewayQuestion, resultClaims, type SealedConsent } from '../../client/index.ts';
import { type DomainPolicy, namesOfResultSet, type SealedBasis } from '../../contracts/index.ts';
import type { Context } from '../context.ts';
import type { ExplainedDecision } from '../output/decision-text.ts';
import type { Style } from '../output/style.ts';
import { shortHash } from '../output/words.ts';
import { recordFacts } from './gateway-claims.ts';

/** A recorded decision, explained in full: with all that lies open of what its gateway looked at. */
export interface RecordedDecision extends ExplainedDecision {
  readonly at: number;
  readonly subject: string;
  readonly agent: string;
  readonly purpose: string;
  readonly asked?: { readonly role: string; readonly action: string; readonly purpose: string };
  readonly gatewayFound?: {
    readonly results: readonly { readonly consent: string; readonly version: number; readonly results: string[] }[];
    readonly inEmergencyCategory: boolean;
  };
  readonly basis?: SealedBasis;
}

/** What a gateway said, against what the opened clauses come to. */
export interface GatewayCheck {
  readonly confirmed: readonly string[];
  /** Consents of which the gateway said something else than their clauses do: it is convicted by its own signature. */
  readonly contradicted: readonly { readonly consent: string; readonly said: string[]; readonly found: string[] }[];
  /** Consents that cannot be opened here. */
  readonly unopened: readonly string[];
}

/** Looks at sealed clauses anew, with this keystore's openings and what a file says of the record. Throws `usage`. */
export async function checkGateway(context: Context, file: string, decision: RecordedDecision): Promise<GatewayCheck> {
  const { asked, basis, gatewayFound } = decision;
  if (asked === undefined || basis === undefined || gatewayFound === undefined)
    return { confirmed: [], contradicted: [], unopened: [] };
  const home = await context.home('read');
  const { at, subject, agent } = decision;
  const opening = basis.openings.find(({ openedAt, expiresAt }) => openedAt <= at && at < expiresAt);
  const question: GatewayQuestion = {
    subject,
    at: new Date(at).toISOString(),
    purpose: asked.purpose,
    action: asked.action as GatewayQuestion['action'],
    agent,
    role: asked.role,
    belongsTo: basis.belongsTo,
    ...(opening && {
      breakGlass: {
        categories: opening.categories,
        openedAt: new Date(opening.openedAt).toISOString(),
        expiresAt: new Date(opening.expiresAt).toISOString(),
      },
    }),
  };
  const { results, unopened } = resultClaims(
    basis.consents as unknown as readonly SealedConsent[],
    (commitment) => home.keystore.opening(commitment),
    basis.policy as unknown as DomainPolicy,
    question,
    recordFacts(file),
  );
  const confirmed: string[] = [];
  const contradicted: { consent: string; said: string[]; found: string[] }[] = [];
  for (const { consent, version, results: said } of gatewayFound.results) {
    const found = results.find((one) => one.consent === consent && one.version === version);
    if (found === undefined) continue;
    const names = [...namesOfResultSet(found.results)];
    if (names.join() === said.join()) confirmed.push(consent);
    else contradicted.push({ consent, said, found: names });
  }
  return { confirmed, contradicted, unopened };
}

export function gatewayCheckText(style: Style, { confirmed, contradicted, unopened }: GatewayCheck): string[] {
  return [
    ...confirmed.map(
      (consent) => `  consent ${shortHash(consent)}: opened, and the gateway's word is ${style.good('right')}`,
    ),
    ...contradicted.map(
      ({ consent, said, found }) =>
        `  consent ${shortHash(consent)}: the gateway said ${said.join(' or ')}, its clauses say ${style.bad(found.join(' or '))}`,
    ),
    ...unopened.map((consent) => `  consent ${shortHash(consent)}: cannot be opened here`),
  ];
}
