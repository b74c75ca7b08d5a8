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

/** Systems of v3 have an older address besides, and the OID that FHIR R4 (4.0.1) ships as their identifier. */
const otherAddresses: ReadonlyMap<string, keyof typeof systems> = new Map([
  ['http://hl7.org/fhir/v3/ActReason', 'purpose'],
  ['urn:oid:2.16.840.1.113883.5.8', 'purpose'],
  ['http://hl7.org/fhir/v3/Confidentiality', 'confidentiality'],
  ['urn:oid:2.16.840.1.113883.5.25', 'confidentiality'],
  ['http://hl7.org/fhir/v3/ActCode', 'sensitivity'],
  ['urn:oid:2.16.840.1.113883.5.4', 'sensitivity'],
  ['http://hl7.org/fhir/v3/ParticipationType', 'participation'],
]);

/** Whether an address is that of a known system. */
export function isSystem(name: keyof typeof systems, address: string | undefined): boolean {
  return address !== undefined && (address === systems[name] || otherAddresses.get(address) === name);
}

/** The code of a `system|code` in this system, or of a bare one; undefined for one of another system. No address has a bar. */
export function codeIn(name: keyof typeof systems, text: string): string | undefined {
  const bar = text.indexOf('|');
  if (bar === -1) return text;
  return isSystem(name, text.slice(0, bar)) ? text.slice(bar + 1) : undefined;
}
