import type { Random } from '../../base/index.ts';
import { pick } from './seeded.ts';

/** A hospital: a member of the ledger, and the custodian of the domain that bears its name. */
export interface Hospital {
  readonly member: string;
  readonly title: string;
  readonly domain: string;
}

/** A person who does not exist. */
export interface InventedPatient {
  readonly number: number;
  readonly slug: string;
  readonly given: string;
  readonly family: string;
  readonly birthDate: string;
  readonly allergy: string;
  readonly condition: string;
  readonly medication: string;
  /** Who has them on file. */
  readonly hospitals: readonly Hospital[];
}

const names: readonly (readonly [given: string, family: string])[] = [
  ['Ada', 'Verstraete'],
  ['Mateus', 'Okafor'],
  ['Ingrid', 'Solheim'],
  ['Yusuf', 'Demir'],
  ['Clara', 'Moreau'],
  ['Piotr', 'Zielinski'],
];
const allergies = ['Penicillin', 'Peanut', 'Natural rubber latex', 'Bee venom', 'Ibuprofen'];
const conditions = ['Type 2 diabetes', 'Asthma', 'High blood pressure', 'Migraine', 'Depressive episode'];
const medications = [
  'Metformin 500 mg',
  'Salbutamol inhaler',
  'Ramipril 5 mg',
  'Sumatriptan 50 mg',
  'Sertraline 50 mg',
];
const vaccines = ['Influenza vaccine', 'Tetanus and diphtheria vaccine', 'Hepatitis B vaccine'];

export function inventPatients(random: Random, hospitals: readonly Hospital[]): InventedPatient[] {
  return names.map(([given, family], number) => {
    const illness = random.below(conditions.length);
    const first = number % hospitals.length;
    // Every other person is known to a second hospital as well.
    const known = number % 2 === 0 ? [first, (first + 1) % hospitals.length] : [first];
    return {
      number,
      slug: `${given}-${family}`.toLowerCase(),
      given,
      family,
      birthDate: `${1940 + random.below(70)}-${twoDigits(1 + random.below(12))}-${twoDigits(1 + random.below(28))}`,
      allergy: pick(random, allergies),
      condition: conditions[illness] as string,
      medication: medications[illness] as string,
      hospitals: known.map((place) => hospitals[place] as Hospital),
    };
  });
}

type FhirResource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

/** What a hospital has on file about a person, as a FHIR R4 Bundle. Codes are words of our own: nothing is borrowed. */
export function recordOf(patient: InventedPatient, hospital: Hospital, random: Random): object {
  const id = (type: string, count: number): string => `${hospital.domain}-${patient.number}-${type}-${count}`;
  const subject = { reference: `Patient/${id('patient', 1)}` };
  const day = (): string =>
    `${2019 + random.below(6)}-${twoDigits(1 + random.below(12))}-${twoDigits(1 + random.below(28))}`;
  const time = (): string => `${day()}T${twoDigits(7 + random.below(12))}:${twoDigits(random.below(60))}:00+01:00`;
  const reading = (count: number, text: string, value: number, unit: string): FhirResource => ({
    resourceType: 'Observation',
    id: id('observation', count),
    status: 'final',
    code: { text },
    subject,
    effectiveDateTime: time(),
    valueQuantity: { value, unit },
  });
  const visit = (count: number): FhirResource => ({
    resourceType: 'Encounter',
    id: id('encounter', count),
    status: 'finished',
    class: { code: 'AMB' },
    type: [{ text: pick(random, ['Check-up', 'Consultation', 'Follow-up visit']) }],
    subject,
    period: { start: time() },
  });
  const resources: FhirResource[] = [
    {
      resourceType: 'Patient',
      id: id('patient', 1),
      identifier: [{ system: 'urn:example:assent-demo:person', value: patient.slug }],
      name: [{ family: patient.family, given: [patient.given] }],
      birthDate: patient.birthDate,
    },
    {
      resourceType: 'AllergyIntolerance',
      id: id('allergy', 1),
      type: 'allergy',
      criticality: 'high',
      code: { text: patient.allergy },
      patient: subject,
      recordedDate: day(),
    },
    {
      resourceType: 'Condition',
      id: id('condition', 1),
      code: { text: patient.condition },
      subject,
      onsetDateTime: day(),
    },
    {
      resourceType: 'MedicationRequest',
      id: id('medication', 1),
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: { text: patient.medication },
      subject,
      authoredOn: day(),
    },
    {
      resourceType: 'Immunization',
      id: id('immunization', 1),
      status: 'completed',
      vaccineCode: { text: pick(random, vaccines) },
      patient: subject,
      occurrenceDateTime: day(),
    },
    visit(1),
    visit(2),
    reading(1, 'Body weight', 50 + random.below(50), 'kg'),
    reading(2, 'Systolic blood pressure', 105 + random.below(50), 'mmHg'),
    reading(3, 'Heart rate', 55 + random.below(40), '/min'),
  ];
  return {
    resourceType: 'Bundle',
    identifier: { system: 'urn:example:assent-demo:record', value: `${hospital.domain}/${patient.slug}` },
    type: 'collection',
    entry: resources.map((resource) => ({
      fullUrl: `https://${hospital.domain}.example/fhir/${resource.resourceType}/${String(resource['id'])}`,
      resource,
    })),
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
