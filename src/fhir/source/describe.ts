import { itemsAt, type JsonNode, memberAt, stringAt } from './node.ts';

/** Where resources of different types say in words what they are about. */
const codedElements = ['code', 'vaccineCode', 'medicationCodeableConcept', 'type', 'category'] as const;

const titleCharactersMax = 120;

/**
 * What a resource is about, in the words that it brings along: the text or display of its code, the name of a person or
 * an organisation. For a person's own eyes: never for the ledger, a log line or a metric.
 */
export function titleOf(resource: JsonNode): string | undefined {
  const title = nameOf(resource) ?? codedElements.map((element) => conceptAt(resource, element)).find(isPresent);
  return title === undefined || title.length <= titleCharactersMax
    ? title
    : `${title.slice(0, titleCharactersMax - 1)}…`;
}

/** The name of a Patient, a Practitioner or an Organization. */
export function nameOf(resource: JsonNode): string | undefined {
  const name = stringAt(resource, 'name');
  if (name !== undefined) return name;
  const [first] = itemsAt(resource, 'name');
  if (first === undefined) return undefined;
  const parts = [...itemsAt(first, 'given'), memberAt(first, ['family'])];
  const words = parts.flatMap((part) => (part?.type === 'string' ? [part.value] : []));
  return stringAt(first, 'text') ?? (words.length > 0 ? words.join(' ') : undefined);
}

/** `system|value` of the first business identifier. */
export function identifierOf(resource: JsonNode): string | undefined {
  for (const identifier of itemsAt(resource, 'identifier')) {
    const value = stringAt(identifier, 'value');
    if (value !== undefined) return `${stringAt(identifier, 'system') ?? ''}|${value}`;
  }
  return undefined;
}

/** The reference to the patient whom a resource is about, as written: `urn:uuid:…`, `Patient/4`. */
export function patientReferenceOf(resource: JsonNode): string | undefined {
  const elements = ['subject', 'patient', 'beneficiary'];
  return elements.map((element) => stringAt(resource, element, 'reference')).find(isPresent);
}

/** Text, else display, of a CodeableConcept or of the first of several. */
function conceptAt(resource: JsonNode, element: string): string | undefined {
  const found = memberAt(resource, [element]);
  const concept = found?.type === 'array' ? found.items[0] : found;
  if (concept === undefined) return undefined;
  return (
    stringAt(concept, 'text') ??
    itemsAt(concept, 'coding')
      .map((coding) => stringAt(coding, 'display'))
      .find(isPresent)
  );
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
