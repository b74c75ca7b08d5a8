import { toHex } from '../../base/index.ts';
import type { Identity } from '../../client/index.ts';
import type { Category } from '../../contracts/index.ts';
import { readCommittedBody } from '../../fhir/index.ts';
import type { Opening } from '../../vault/index.ts';
import type { Custodian } from '../enrol.ts';
import { type Home, identityNamed, keysWith } from '../home.ts';
import type { Patient } from '../records/people.ts';

/** Who plays the story, and about which record. */
export interface Cast {
  readonly custodian: Custodian;
  readonly patient: Patient;
  readonly physician: StaffAgent;
  readonly category: Category;
  /** The opening of the record that is asked for. */
  readonly record: Opening;
}

/** An agent on the staff of a member. */
export interface StaffAgent {
  readonly identity: Identity;
  readonly title: string;
  /** The member whose credential it holds. */
  readonly organisation: string;
}

/** A privacy officer of the custodian, and whose chart is opened by mistake. */
export interface AftermathCast extends Cast {
  readonly officer: StaffAgent;
  readonly namesake: Patient;
}

/** What may be opened in an emergency, in the order in which a story prefers it. */
const emergencyCategories: readonly (readonly [Category, (resourceType: string) => boolean])[] = [
  ['allergies', (type) => type === 'AllergyIntolerance'],
  ['problems', (type) => type === 'Condition'],
  ['medications', (type) => type.startsWith('Medication')],
];

/** Finds an emergency physician and a patient with a record for an emergency; undefined where there is none. */
export function castOf(home: Home, custodian: Custodian, patients: readonly Patient[]): Cast | undefined {
  const physician = agentIn(home, { role: 'emergency-physician' });
  if (physician === undefined) return undefined;
  const records = new Map<string, Opening>();
  const labels = { kind: 'record', ledger: toHex(home.ledgerId), domain: custodian.domain, form: 'fhir-source' };
  for (const opening of home.keystore.openings(labels)) {
    const type = readCommittedBody(opening.body)?.resourceType ?? '';
    const [category] = emergencyCategories.find(([, isOf]) => isOf(type)) ?? [];
    const place = `${category} ${opening.labels['subject']}`;
    if (category !== undefined && !records.has(place)) records.set(place, opening);
  }
  for (const [category] of emergencyCategories) {
    for (const patient of patients) {
      const record = records.get(`${category} ${patient.identity.did}`);
      if (record !== undefined) return { custodian, patient, physician, category, record };
    }
  }
  return undefined;
}

/** Who puts things right at the custodian, and somebody else whose chart can be mistaken for the patient's. */
export function aftermathCastOf(home: Home, cast: Cast, patients: readonly Patient[]): AftermathCast | undefined {
  const officer = agentIn(home, { role: 'privacy-officer', member: cast.custodian.member });
  const namesake = patients.find(({ key }) => key !== cast.patient.key);
  return officer === undefined || namesake === undefined ? undefined : { ...cast, officer, namesake };
}

function agentIn(home: Home, wanted: Readonly<Record<string, string>>): StaffAgent | undefined {
  const [name] = keysWith(home, wanted);
  const attributes = home.keystore.list().find((entry) => entry.name === name)?.attributes;
  if (name === undefined || attributes?.['member'] === undefined) return undefined;
  const { title = name, member: organisation } = attributes;
  return { identity: identityNamed(home, name), title, organisation };
}
