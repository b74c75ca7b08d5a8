import { type JsonNode, stringAt } from './node.ts';

/** The date of care that a resource states, as written: its precision is part of it. */
export interface ClinicalDate {
  /** A FHIR date, dateTime or instant: `2019`, `2019-05`, `2019-05-29`, `2019-05-29T11:46:03+02:00`. */
  readonly text: string;
  /** The first millisecond of the interval that the text names; where it states no zone, in UTC. */
  readonly startMs: number;
}

/** By resource type, the elements that say when the care happened, before those that say when it was written down. */
const elements: Readonly<Record<string, readonly string[]>> = {
  AdverseEvent: ['date', 'detected', 'recordedDate'],
  AllergyIntolerance: ['onsetDateTime', 'onsetPeriod.start', 'recordedDate', 'lastOccurrence'],
  Appointment: ['start', 'created'],
  CarePlan: ['period.start', 'created'],
  CareTeam: ['period.start'],
  Claim: ['billablePeriod.start', 'created'],
  ClaimResponse: ['created'],
  ClinicalImpression: ['effectiveDateTime', 'effectivePeriod.start', 'date'],
  Communication: ['sent', 'received'],
  Composition: ['date'],
  Condition: ['onsetDateTime', 'onsetPeriod.start', 'recordedDate'],
  Consent: ['dateTime'],
  Coverage: ['period.start'],
  DeviceUseStatement: ['timingDateTime', 'timingPeriod.start', 'recordedOn'],
  DiagnosticReport: ['effectiveDateTime', 'effectivePeriod.start', 'issued'],
  DocumentReference: ['context.period.start', 'date'],
  Encounter: ['period.start'],
  EpisodeOfCare: ['period.start'],
  ExplanationOfBenefit: ['billablePeriod.start', 'created'],
  FamilyMemberHistory: ['date'],
  Flag: ['period.start'],
  Goal: ['startDate', 'statusDate'],
  ImagingStudy: ['started'],
  Immunization: ['occurrenceDateTime', 'recorded'],
  Media: ['createdDateTime', 'createdPeriod.start', 'issued'],
  MedicationAdministration: ['effectiveDateTime', 'effectivePeriod.start'],
  MedicationDispense: ['whenHandedOver', 'whenPrepared'],
  MedicationRequest: ['authoredOn'],
  MedicationStatement: ['effectiveDateTime', 'effectivePeriod.start', 'dateAsserted'],
  NutritionOrder: ['dateTime'],
  Observation: ['effectiveDateTime', 'effectivePeriod.start', 'effectiveInstant', 'issued'],
  Procedure: ['performedDateTime', 'performedPeriod.start'],
  QuestionnaireResponse: ['authored'],
  RiskAssessment: ['occurrenceDateTime', 'occurrencePeriod.start'],
  ServiceRequest: ['occurrenceDateTime', 'occurrencePeriod.start', 'authoredOn'],
  Specimen: ['collection.collectedDateTime', 'collection.collectedPeriod.start', 'receivedTime'],
  Task: ['executionPeriod.start', 'authoredOn'],
};

const fhirDateTime =
  /^(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?<time>T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

/** The resource's clinical date; undefined where its type has none or the element is absent or no FHIR date. */
export function clinicalDate(resource: JsonNode): ClinicalDate | undefined {
  for (const element of elements[stringAt(resource, 'resourceType') ?? ''] ?? []) {
    const text = stringAt(resource, ...element.split('.'));
    const startMs = text === undefined ? undefined : startOfDate(text);
    if (text !== undefined && startMs !== undefined) return { text, startMs };
  }
  return undefined;
}

/** The first millisecond that a FHIR date, dateTime or instant names; undefined when the text is none. */
export function startOfDate(text: string): number | undefined {
  const groups = fhirDateTime.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const day = `${groups['year']}-${groups['month'] ?? '01'}-${groups['day'] ?? '01'}`;
  const dayMs = Date.parse(`${day}T00:00:00Z`);
  // Date.parse rolls 30 February over into March; such a text is no date.
  if (Number.isNaN(dayMs) || !new Date(dayMs).toISOString().startsWith(day)) return undefined;
  const startMs = groups['time'] === undefined ? dayMs : Date.parse(text);
  return Number.isNaN(startMs) ? undefined : startMs;
}
