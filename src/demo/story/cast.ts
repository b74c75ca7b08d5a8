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
  readonly physician: Physician;
  readonly category: Category;
  /** The opening of the record that is asked for. */
  readonly record: Opening;
}

export interface Physician {
  readonly identity: Identity;
  readonly title: string;
  /** The member whose credential the physician holds. */
  readonly organisation: string;
}

/** What may be opened in an emergency, in the order in which a story prefers it. */
const emergencyCategories: readonly (readonly [Category, (resourceType: string) => boolean])[] = [
  ['allergies', (type) => type === 'AllergyIntolerance'],
  ['problems', (type) => type === 'Condition'],
  ['medications', (type) => type.startsWith('Medication')],
];

/** Finds an emergency physician and a patient with a record for an emergency; undefined where there is none. */
export function castOf(home: Home, custodian: Custodian, patients: readonly Patient[]): Cast | undefined {
  const physician = physicianIn(home);
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

function physicianIn(home: Home): Physician | undefined {
  const [name] = keysWith(home, { role: 'emergency-physician' });
  const attributes = home.keystore.list().find((entry) => entry.name === name)?.attributes;
  if (name === undefined || attributes?.['member'] === undefined) return undefined;
  const { title = name, member: organisation } = attributes;
  return { identity: identityNamed(home, name), title, organisation };
}
