import { AssentError, toHex } from '../base/index.ts';
import type { Identity, SignedTransaction } from '../client/index.ts';
import type { KeyHolder, Role } from '../contracts/index.ts';
import { COMMITMENT_SALT_BYTES, commit } from '../crypto/portable.ts';
import { encodeCanonical } from '../ledger/portable.ts';
import { type Home, identityNamed, keysWith, send, sendAll, sign, walletNamed } from './home.ts';

/** A member with a domain of its own, as far as its keys are in this keystore. */
export interface Custodian {
  readonly member: string;
  readonly domain: string;
  readonly governance: Identity;
  readonly gateway: Identity;
}

/** Name and attributes under which a keystore holds a member's governance key. */
export function governanceKey(member: string): { readonly name: string; readonly attributes: Record<string, string> } {
  return { name: `member/${member}`, attributes: { role: 'governance', member } };
}

/** Name and attributes under which a keystore holds the key of a domain's gateway. */
export function gatewayKey(
  member: string,
  domain: string,
): { readonly name: string; readonly attributes: Record<string, string> } {
  return { name: `gateway/${domain}`, attributes: { role: 'gateway', member, domain } };
}

/** The custodians whose governance and gateway keys are both here, in the order in which the keystore was given them. */
export function custodiansIn(home: Home): Custodian[] {
  const gateways = home.keystore.list().filter(({ attributes }) => attributes['role'] === 'gateway');
  return gateways.flatMap(({ name, attributes: { member, domain } }) => {
    if (member === undefined || domain === undefined) return [];
    const [governanceName] = keysWith(home, { role: 'governance', member });
    if (governanceName === undefined) return [];
    return [{ member, domain, governance: identityNamed(home, governanceName), gateway: identityNamed(home, name) }];
  });
}

/** A role that a custodian's member gives an agent. */
export interface Appointment {
  readonly agent: string;
  readonly role: Role;
  /** Only for gateways. */
  readonly domain?: string;
}

/** The most questions that are under way at a time. */
const questionsMax = 16;

/** Issues the credentials that are not held yet. Answers how many these were. */
export async function ensureCredentials(
  home: Home,
  custodian: Custodian,
  appointments: readonly Appointment[],
): Promise<number> {
  const missing: SignedTransaction[] = [];
  for (let start = 0; start < appointments.length; start += questionsMax) {
    const some = appointments.slice(start, start + questionsMax);
    const held = await Promise.all(some.map((appointment) => isHeld(home, custodian, appointment)));
    for (const [place, appointment] of some.entries())
      if (held[place] === false) missing.push(sign(home, custodian.governance, 'credential.issue', appointment));
  }
  await sendAll(home, missing);
  return missing.length;
}

async function isHeld(home: Home, custodian: Custodian, { agent, role, domain }: Appointment): Promise<boolean> {
  const { credentials } = await home.ledger.credentials(agent);
  const nowMs = home.clock.nowMs();
  return credentials.some(
    (credential) =>
      credential['role'] === role &&
      credential['organisation'] === custodian.member &&
      credential['domain'] === domain &&
      (typeof credential['until'] !== 'number' || nowMs < credential['until']),
  );
}

/** Lets the gateway act for its domain. */
export async function ensureGateway(home: Home, custodian: Custodian): Promise<void> {
  const { gateway, domain } = custodian;
  await ensureCredentials(home, custodian, [{ agent: gateway.did, role: 'gateway', domain }]);
}

/**
 * Links a subject to a chart of the custodian, unless the domain knows them already. The chart's number goes into a salted
 * commitment whose opening stays in the keystore.
 */
export async function ensureLink(
  home: Home,
  custodian: Custodian,
  subject: { readonly did: string; readonly chart: string; readonly keyHolder: KeyHolder },
): Promise<boolean> {
  const { domain, gateway } = custodian;
  if (await isLinked(home, domain, subject.did)) return false;
  const salt = home.random.bytes(COMMITMENT_SALT_BYTES);
  const body = encodeCanonical([1, 'chart', subject.chart]);
  const chart = commit(salt, body);
  const labels = { kind: 'chart', ledger: toHex(home.ledgerId), domain, subject: subject.did };
  home.keystore.appendOpenings([{ commitment: chart, salt, body, labels }]);
  const payload = { domain, subject: subject.did, chart: toHex(chart), keyHolder: subject.keyHolder };
  try {
    await send(home, gateway, 'enrolment.link', payload, 'committed');
    return true;
  } catch (thrown) {
    // The node that was asked lagged behind an earlier run.
    if (thrown instanceof AssentError && thrown.data['code'] === 'subject-linked') return false;
    throw thrown;
  }
}

/** Who a wallet's owner is to each of these domains that knows them. Throws `key-unknown`. */
export async function linkedIdentities(home: Home, key: string, domains: readonly string[]): Promise<Identity[]> {
  const wallet = walletNamed(home, key);
  const identities: Identity[] = [];
  for (const domain of domains) {
    const identity = wallet.identityFor(domain);
    if (await isLinked(home, domain, identity.did)) identities.push(identity);
  }
  return identities;
}

async function isLinked(home: Home, domain: string, did: string): Promise<boolean> {
  try {
    await home.ledger.link(domain, did);
    return true;
  } catch (thrown) {
    if (thrown instanceof AssentError && thrown.code === 'not-found') return false;
    throw thrown;
  }
}
