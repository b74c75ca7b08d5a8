import { concatBytes, present, utf8 } from '../../base/index.ts';
import { type Identity, identityOf } from '../../client/index.ts';
import { domainPrefix, hkdfSha256, SEED_BYTES } from '../../crypto/portable.ts';
import { type Bundle, type BundleEntry, identifierOf, nameOf, patientReferenceOf } from '../../fhir/index.ts';
import type { Appointment } from '../enrol.ts';
import { ensureSeed, type Home, keysWith, walletNamed } from '../home.ts';

/** A person whose wallet is in this keystore: the custodian holds the keys for them, and the ledger says so. */
export interface Patient {
  /** Name of the wallet's seed in the keystore. */
  readonly key: string;
  readonly title: string;
  /** Who the person is to the domain. */
  readonly identity: Identity;
}

/** The wallet of the person behind a Patient resource; made at the first encounter. */
export function ensurePatient(home: Home, domain: string, bundle: Bundle, entry: BundleEntry): Patient {
  const person = personOf(bundle, entry);
  const title = nameOf(entry.resource.node) ?? 'A patient without a name';
  const [known] = keysWith(home, { role: 'patient', person });
  const key = known ?? freeName(home, `patient/${slugOf(title)}`);
  ensureSeed(home, key, { role: 'patient', person, title, keyHolder: 'custodian' });
  return { key, title, identity: walletNamed(home, key).identityFor(domain) };
}

const agentPrefix = domainPrefix('imported-agent');

/**
 * The practitioners and organisations of a Bundle as agents. Their keys are derived from one seed of the keystore and
 * who they are, so that the same one in another Bundle, or another run, is the same agent.
 */
export function agentsOf(home: Home, bundle: Bundle): Appointment[] {
  const agents = bundle.entries.filter(({ resource }) => roleOf(resource.resourceType) !== undefined);
  if (agents.length === 0) return [];
  const seed = ensureSeed(home, 'agents/imported', { role: 'agents' });
  return agents.map((entry) => {
    const { resourceType } = entry.resource;
    const info = concatBytes(agentPrefix, home.ledgerId, utf8(`${resourceType} ${personOf(bundle, entry)}`));
    const identity = identityOf(hkdfSha256(seed, undefined, info, SEED_BYTES), home.createSigner);
    return { agent: identity.did, role: present(roleOf(resourceType), 'only agents are left') };
  });
}

function roleOf(resourceType: string): Appointment['role'] | undefined {
  if (resourceType === 'Practitioner') return 'clinician';
  return resourceType === 'Organization' ? 'organisation' : undefined;
}

/**
 * Whose record an entry belongs to: everything in a Bundle of one patient is theirs; where there are several, what refers
 * to one of them. Undefined for what is about no person of the Bundle.
 */
export function ownerOf(patients: readonly BundleEntry[], entry: BundleEntry): BundleEntry | undefined {
  if (patients.length <= 1) return patients[0];
  if (entry.resource.resourceType === 'Patient') return entry;
  const reference = patientReferenceOf(entry.resource.node);
  if (reference === undefined) return undefined;
  return patients.find(({ fullUrl, resource }) => reference === fullUrl || reference === `Patient/${resource.id}`);
}

/** Who a resource stands for, across Bundles: its business identifier, else its place. */
function personOf(bundle: Bundle, entry: BundleEntry): string {
  return identifierOf(entry.resource.node) ?? entry.fullUrl ?? `${bundle.identity}#/entry/${entry.index}`;
}

function slugOf(title: string): string {
  const slug = title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? 'unnamed' : slug.slice(0, 48);
}

function freeName(home: Home, name: string): string {
  const taken = new Set(home.keystore.list().map((entry) => entry.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  return free;
}
