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

/** Whether an address is that of a known system; those of v3 have an older one besides. */
export function isSystem(name: keyof typeof systems, address: string | undefined): boolean {
  const known: string = systems[name];
  return (
    address === known ||
    address === known.replace('http://terminology.hl7.org/CodeSystem/v3-', 'http://hl7.org/fhir/v3/')
  );
}

/** The code of a `system|code` in this system, or of a bare one; undefined for one of another system. */
export function codeIn(name: keyof typeof systems, text: string): string | undefined {
  const bar = text.lastIndexOf('|');
  if (bar === -1) return text;
  return isSystem(name, text.slice(0, bar)) ? text.slice(bar + 1) : undefined;
}
