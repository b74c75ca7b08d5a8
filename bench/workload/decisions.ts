import type { Consent, DecisionPolicy, DecisionRequest, Provision, ResourceFacts } from '../../src/decision/index.ts';

/** Consents of each patient. */
export const consentsPerPatient = 10;

/** A hospital, its patients with ten consents of ten shapes each, and what it is asked. The same on every run. */
export interface DecisionWorkload {
  readonly consents: readonly Consent[];
  readonly policy: DecisionPolicy;
  readonly requests: readonly DecisionRequest[];
}

const year = (value: number): number => Date.UTC(value, 0, 1);
const loinc = (code: string): string => `http://loinc.org|${code}`;
const resourceType = (name: string): string => `http://hl7.org/fhir/resource-types|${name}`;

/** What one patient has said, in the ways in which people say it. All are known only by a number. */
function provisionsOf(patient: number): readonly Provision[] {
  const hospital = `Organization/hospital-${patient % 7}`;
  const doctor = `Practitioner/doctor-${patient % 31}`;
  const other = `Practitioner/doctor-${(patient + 1) % 31}`;
  const sensitive = { confidentiality: [], sensitivity: ['PSY', 'SUD'] };
  const normal = { confidentiality: ['N' as const], sensitivity: [] };
  return [
    // To treat me here, for two years.
    {
      type: 'permit',
      period: { from: year(2025), until: year(2027) },
      actors: [hospital, 'Organization/laboratory'],
      purposes: ['TREAT', 'HPAYMT'],
      actions: ['access', 'use'],
      labels: normal,
    },
    // Everything but psychiatry and substance use, which only my doctor sees.
    {
      type: 'permit',
      actors: [hospital],
      purposes: ['TREAT'],
      provisions: [{ type: 'deny', labels: sensitive, provisions: [{ type: 'permit', actors: [doctor] }] }],
    },
    // For research by researchers, with old results only, and never for a company's.
    {
      type: 'permit',
      actors: ['role:researcher'],
      purposes: ['HRESCH'],
      labels: normal,
      dataPeriod: { until: year(2024) },
      provisions: [
        { type: 'deny', actors: ['Organization/company'] },
        { type: 'permit', purposes: ['CLINTRCH'] },
      ],
    },
    // Not this one.
    { type: 'deny', actors: [other, 'Organization/insurer'] },
    // No marketing, no company.
    { type: 'deny', purposes: ['HMARKT', 'HDIRECT'], provisions: [{ type: 'permit', actors: ['role:patient'] }] },
    // What my doctor wrote, and what belongs to one stay.
    {
      type: 'permit',
      actors: [doctor],
      data: [
        { meaning: 'authoredby', reference: doctor },
        { meaning: 'related', reference: `Encounter/stay-${patient}` },
      ],
    },
    // A stay that is over.
    { type: 'permit', period: { from: year(2021), until: year(2022) }, actors: ['Organization/clinic'] },
    // Two kinds of results for a study.
    {
      type: 'permit',
      actors: ['Group/study'],
      purposes: ['CLINTRCH'],
      classes: [resourceType('Observation')],
      codes: [loinc('4548-4'), loinc('2345-7')],
    },
    // In an emergency everybody who treats, but no genetics.
    {
      type: 'permit',
      purposes: ['ETREAT'],
      provisions: [{ type: 'deny', labels: { confidentiality: ['V'], sensitivity: ['GDIS'] } }],
    },
    // The family asks for me.
    {
      type: 'permit',
      period: { from: year(2024) },
      actors: [`RelatedPerson/of-${patient}`],
      purposes: ['FAMRQT', 'PWATRNY'],
      actions: ['access'],
    },
  ];
}

const policy: DecisionPolicy = {
  implicit: 'deny',
  roles: {
    physician: ['TREAT'],
    nurse: ['TREAT'],
    researcher: ['HRESCH'],
    clerk: ['HPAYMT', 'HOPERAT'],
    relative: ['FAMRQT'],
    marketing: ['HMARKT'],
  },
  emergency: { roles: ['physician'], maxHours: 12 },
  legalBases: [{ name: 'notifiable-disease', role: 'physician', purpose: 'PUBHLTH' }],
};

interface Asker {
  readonly references: readonly string[];
  readonly roles: readonly string[];
  readonly purpose: string;
}

function askersOf(patient: number): readonly Asker[] {
  const hospital = `Organization/hospital-${patient % 7}`;
  return [
    { references: [`Practitioner/doctor-${patient % 31}`, hospital], roles: ['physician'], purpose: 'TREAT' },
    { references: ['Practitioner/ward-nurse', 'CareTeam/ward-4', hospital], roles: ['nurse'], purpose: 'COC' },
    { references: [`Practitioner/doctor-${(patient + 1) % 31}`, hospital], roles: ['physician'], purpose: 'TREAT' },
    { references: ['Practitioner/on-call', 'Organization/elsewhere'], roles: ['physician'], purpose: 'ETREAT' },
    { references: ['Practitioner/surgeon', 'Organization/elsewhere'], roles: ['physician'], purpose: 'BTG' },
    { references: ['Practitioner/analyst', 'Group/study'], roles: ['researcher'], purpose: 'CLINTRCH' },
    { references: ['Practitioner/billing', hospital], roles: ['clerk'], purpose: 'COVAUTH' },
    { references: [`RelatedPerson/of-${patient}`], roles: ['relative'], purpose: 'FAMRQT' },
    { references: ['Practitioner/sales', 'Organization/company'], roles: ['marketing'], purpose: 'HMARKT' },
  ];
}

function recordOf(patient: number, number: number): ResourceFacts {
  const kinds: readonly Omit<ResourceFacts, 'reference'>[] = [
    { confidentiality: 'N', sensitivity: [], codes: [loinc('4548-4')], class: resourceType('Observation') },
    { confidentiality: 'R', sensitivity: ['PSY'], codes: [loinc('11488-4')], class: resourceType('Observation') },
    { confidentiality: 'N', sensitivity: [], codes: [loinc('2345-7')], class: resourceType('Observation') },
    { confidentiality: 'V', sensitivity: ['GDIS'], codes: [], class: [] },
    { confidentiality: 'N', codes: [loinc('718-7')], class: resourceType('Observation') },
    // Nobody labelled it.
    {},
  ];
  return {
    reference: `${number % 4 === 0 ? 'Condition' : 'Observation'}/${patient}-${number}`,
    date: `${2021 + (number % 5)}-0${1 + (number % 9)}-1${number % 10}`,
    authors: [`Practitioner/doctor-${(patient + number) % 31}`],
    related: [`Encounter/stay-${patient + (number % 3)}`],
    ...kinds[number % kinds.length],
  };
}

/** So many patients; every kind of person asks for each of them, about another record each time. */
export function decisionWorkload(patients: number, resourcesPerRequest = 1): DecisionWorkload {
  const consents: Consent[] = [];
  const requests: DecisionRequest[] = [];
  for (let patient = 0; patient < patients; patient++) {
    const subject = `Patient/${patient}`;
    for (const [place, provision] of provisionsOf(patient).entries())
      consents.push({ id: `consent-${patient}-${place}`, version: '1', subject, provision });
    for (const [place, { references, roles, purpose }] of askersOf(patient).entries()) {
      const number = patient + place;
      const day = `2026-03-${10 + (number % 20)}`;
      const opened = { openedAt: `${day}T10:00:00Z`, expiresAt: `${day}T20:00:00Z` };
      requests.push({
        subject,
        at: `${day}T10:${10 + (patient % 50)}:00Z`,
        purpose,
        action: roles.includes('researcher') ? 'use' : 'access',
        ...(purpose === 'BTG' && { breakGlass: { justified: true, categories: ['problems'], ...opened } }),
        requester: { references, roles },
        resources: Array.from({ length: resourcesPerRequest }, (_, index) => recordOf(patient, number + index)),
      });
    }
  }
  return { consents, policy, requests };
}
