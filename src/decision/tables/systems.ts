/** Canonical addresses of the code systems that the decision knows. */
export const systems = {
  purpose: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  action: 'http://terminology.hl7.org/CodeSystem/consentaction',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  sensitivity: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  scope: 'http://terminology.hl7.org/CodeSystem/consentscope',
  resourceType: 'http://hl7.org/fhir/resource-types',
} as const;

/** The code of a `system|code` in this system, or of a bare one; undefined for one of another system. */
export function codeIn(system: string, text: string): string | undefined {
  const bar = text.lastIndexOf('|');
  if (bar === -1) return text;
  return text.slice(0, bar) === system ? text.slice(bar + 1) : undefined;
}
