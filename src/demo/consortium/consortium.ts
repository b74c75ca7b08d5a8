import { utf8 } from '../../base/index.ts';
import { type CreateSigner, identityOf } from '../../client/index.ts';
import { domainPolicyFromJson } from '../../contracts/index.ts';
import type { GenesisDomain, GenesisMember } from '../../ledger/portable.ts';
import type { Keystore } from '../../vault/index.ts';
import { gatewayKey, governanceKey } from '../enrol.ts';
import { type BundleSource, bundleOf } from '../records/sources.ts';
import { type Hospital, type InventedPatient, inventPatients, recordOf } from './invented.ts';
import { derivedSeed, seededRandom } from './seeded.ts';

/** A key of the demo, with the name and attributes under which a keystore holds it. */
export interface DemoKey {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly seed: Uint8Array;
}

/** What one hospital has on file. */
export interface HospitalRecords {
  readonly domain: string;
  readonly sources: readonly BundleSource[];
}

export interface Consortium {
  readonly hospitals: readonly Hospital[];
  /** Governance, gateways and staff. Patients get their wallets when their records are imported. */
  readonly keys: readonly DemoKey[];
  readonly patients: readonly InventedPatient[];
  readonly records: readonly HospitalRecords[];
}

const hospitals: readonly Hospital[] = [
  { member: 'st-mary', title: 'St Mary General Hospital', domain: 'st-mary' },
  { member: 'riverside', title: 'Riverside Children and Family Clinic', domain: 'riverside' },
  { member: 'northgate', title: 'Northgate Emergency Centre', domain: 'northgate' },
];

const staff: readonly {
  readonly title: string;
  readonly slug: string;
  readonly role: string;
  readonly member: string;
}[] = [
  { title: 'Dr Amara Osei', slug: 'amara-osei', role: 'clinician', member: 'st-mary' },
  { title: 'Dr Henrik Dahl', slug: 'henrik-dahl', role: 'clinician', member: 'st-mary' },
  { title: 'Dr Lucía Ferrer', slug: 'lucia-ferrer', role: 'clinician', member: 'riverside' },
  { title: 'Dr Tomasz Lis', slug: 'tomasz-lis', role: 'clinician', member: 'northgate' },
  { title: 'Dr Noor Haddad', slug: 'noor-haddad', role: 'emergency-physician', member: 'northgate' },
  { title: 'Ines Roth', slug: 'ines-roth', role: 'privacy-officer', member: 'st-mary' },
  { title: 'Paul Okafor', slug: 'paul-okafor', role: 'privacy-officer', member: 'riverside' },
  { title: 'Mira Stone', slug: 'mira-stone', role: 'privacy-officer', member: 'northgate' },
];

/** What holds in every domain of the demo, in the JSON form of a policy. */
const policy = {
  implicit: 'deny',
  timeZone: 'Europe/Brussels',
  roles: [
    { role: 'clinician', purposes: ['TREAT'] },
    { role: 'emergency-physician', purposes: ['TREAT'] },
    { role: 'researcher', purposes: ['HRESCH'] },
  ],
  emergency: { roles: ['emergency-physician'], categories: ['allergies', 'problems', 'medications'], maxHours: 24 },
  reviewDeadlineHours: 72,
} as const;

/**
 * Three hospitals with staff, patients and records, all invented; the same for the same 32-byte seed. Some patients are
 * known to two hospitals, under identities that nothing on the ledger links.
 */
export function generateConsortium(seed: Uint8Array): Consortium {
  const patients = inventPatients(seededRandom(seed, 'patients'), hospitals);
  return {
    hospitals,
    keys: [
      ...hospitals.map(({ member }) => keyOf(seed, governanceKey(member))),
      ...hospitals.map(({ member, domain }) => keyOf(seed, gatewayKey(member, domain))),
      ...staff.map(({ slug, ...attributes }) => keyOf(seed, { name: `agent/${slug}`, attributes })),
    ],
    patients,
    records: hospitals.map((hospital) => ({
      domain: hospital.domain,
      sources: patients
        .filter((patient) => patient.hospitals.includes(hospital))
        .map((patient) => recordSource(seed, patient, hospital)),
    })),
  };
}

function recordSource(seed: Uint8Array, patient: InventedPatient, hospital: Hospital): BundleSource {
  const random = seededRandom(seed, `record ${hospital.domain} ${patient.number}`);
  const text = `${JSON.stringify(recordOf(patient, hospital, random), null, 2)}\n`;
  return bundleOf(`${hospital.domain}-${patient.slug}.json`, utf8(text));
}

/** The members that the genesis of the demo's ledger declares. */
export function genesisMembers(consortium: Consortium, createSigner?: CreateSigner): GenesisMember[] {
  return consortium.keys
    .filter(({ attributes }) => attributes['role'] === 'governance')
    .map(({ attributes, seed }) => ({
      name: attributes['member'] ?? '',
      governanceKey: identityOf(seed, createSigner).publicKey,
    }));
}

/** The domains that the genesis of the demo's ledger declares. */
export function genesisDomains(consortium: Consortium): GenesisDomain[] {
  const encoded = domainPolicyFromJson(policy);
  return consortium.hospitals.map(({ domain, member }) => ({ name: domain, custodian: member, policy: encoded }));
}

/** Parameters of the genesis of the demo's ledger: guardians wait seconds in it, and not days. */
export function genesisParameters(): readonly (readonly [name: string, value: number])[] {
  return [['identity.recoveryDelayMinMs', 1_000]];
}

/** Puts the consortium's keys into a keystore; what is there already stays. Answers how many were put. */
export function keepKeys(keystore: Keystore, consortium: Consortium): number {
  const known = new Set(keystore.list().map(({ name }) => name));
  const missing = consortium.keys.filter(({ name }) => !known.has(name));
  for (const { name, seed, attributes } of missing) keystore.putSeed(name, seed, attributes);
  return missing.length;
}

function keyOf(seed: Uint8Array, key: Omit<DemoKey, 'seed'>): DemoKey {
  return { ...key, seed: derivedSeed(seed, key.name) };
}
