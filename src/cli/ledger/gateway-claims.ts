import { AssentError } from '../../base/index.ts';
import { type GatewayQuestion, type ResultClaims, resultClaims } from '../../client/index.ts';
import type { DomainPolicy } from '../../contracts/index.ts';
import { type ResourceFacts, resourceSchema } from '../../decision/index.ts';
import type { Home } from '../../demo/index.ts';
import { readJson } from '../consents/read-consent.ts';
import type { Context } from '../context.ts';
import { consentsOf, inForce } from './consents.ts';

/** Who asks for what of whom, as the request says. */
export interface Asked {
  readonly agent: string;
  readonly subject: string;
  readonly domain: string;
  readonly role: string;
  readonly purpose: string;
  readonly action: string;
}

/** What a gateway says when it looks at no record: the voters take everything possible for every sealed clause. */
export const noClaims: ResultClaims = { results: [], inEmergencyCategory: false, unopened: [] };

/**
 * What the sealed clauses of a subject's consents come to for the record that a file describes (labels, class, codes,
 * date …), with the openings of this keystore. Nothing of the file leaves this machine but the results. Throws `usage`.
 */
export function gatewayClaims(context: Context, home: Home, file: string, asked: Asked): Promise<ResultClaims> {
  return factClaims(context, home, recordFacts(file), asked);
}

/** The same for a record that is described already. */
export async function factClaims(
  context: Context,
  home: Home,
  facts: ResourceFacts,
  asked: Asked,
): Promise<ResultClaims> {
  const client = context.client();
  const [consents, { policy }, belongsTo, breakGlass] = await Promise.all([
    consentsOf(client, [asked.subject]),
    client.domain(asked.domain),
    belongingsOf(context, asked.agent),
    openGlass(context, asked),
  ]);
  const question: GatewayQuestion = {
    ...asked,
    action: asked.action as GatewayQuestion['action'],
    at: new Date(context.nowMs).toISOString(),
    belongsTo,
    ...(breakGlass && { breakGlass }),
  };
  const openingOf = (commitment: string) => home.keystore.opening(commitment);
  const rules = policy as unknown as DomainPolicy;
  return resultClaims(inForce(consents, asked.domain), openingOf, rules, question, facts);
}

/** What a file says of a record. Throws `usage`. */
export function recordFacts(file: string): ResourceFacts {
  const facts = resourceSchema.safeParse(readJson(file));
  if (facts.success) return facts.data;
  const [issue] = facts.error.issues;
  throw new AssentError('usage', `${file} describes no record: ${issue?.path.join('.')}: ${issue?.message}.`);
}

/** What consents can name an agent by, besides its key. */
async function belongingsOf(context: Context, agent: string): Promise<string[]> {
  const { credentials, groups } = await context.client().credentials(agent);
  const counts = ({ inForce: isNow }: { readonly inForce?: unknown }): boolean => isNow === true;
  return [
    ...credentials.filter(counts).flatMap(({ organisation, role }) => [`member:${organisation}`, `role:${role}`]),
    ...groups.filter(counts).map(({ organisation, group }) => `group:${organisation}/${group}`),
  ];
}

/** The glass that the agent broke last for this person, while it is open. */
async function openGlass(
  context: Context,
  { agent, subject, domain, purpose }: Asked,
): Promise<GatewayQuestion['breakGlass']> {
  if (purpose !== 'BTG') return undefined;
  let found: GatewayQuestion['breakGlass'];
  for await (const { entry } of context.client().entries('access', subject)) {
    const isOwn = entry['type'] === 'glass-broken' && entry['agent'] === agent && entry['domain'] === domain;
    if (!isOwn || Number(entry['expiresAt']) <= context.nowMs) continue;
    found = {
      categories: entry['categories'] as string[],
      openedAt: new Date(Number(entry['at'])).toISOString(),
      expiresAt: new Date(Number(entry['expiresAt'])).toISOString(),
    };
  }
  return found;
}
