import { present } from '../../src/base/index.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Elements whose text is a name, an identifier, a code, a label or a date, and so may be nowhere on a ledger. */
const textElements: ReadonlySet<string> = new Set([
  'family',
  'given',
  'name',
  'text',
  'display',
  'value',
  'id',
  'fullUrl',
  'code',
  'line',
  'city',
  'postalCode',
  'reference',
]);

/** Words shorter than this are in any text by chance. */
const lengthMin = 5;

/**
 * Codes of FHIR's own value sets that are ordinary words, which this program uses in sentences of its own. They say
 * nothing about a person.
 */
const ordinaryWords: ReadonlySet<string> = new Set([
  'active',
  'final',
  'complete',
  'completed',
  'finished',
  'official',
  'normal',
  'order',
]);

/**
 * What must not be on a ledger, in a log or in a metric of these Bundles: names, identifiers, ids, codes, labels, birth
 * dates, dates of care and the names of the resource types. `published`: names that the genesis itself declares.
 */
export function forbiddenWords(bundles: readonly string[], published: ReadonlySet<string>): string[] {
  const words = new Set<string>();
  for (const bundle of bundles) collect(JSON.parse(bundle) as Json, undefined, words);
  return [...words].filter(
    (word) => word.length >= lengthMin && !ordinaryWords.has(word.toLowerCase()) && !published.has(word),
  );
}

function collect(value: Json, element: string | undefined, words: Set<string>): void {
  if (typeof value === 'string') {
    if (element === 'resourceType' || textElements.has(element ?? '')) words.add(value);
    if (element === 'reference' || element === 'fullUrl' || element === 'value')
      for (const part of value.split(/[/:|#]/)) words.add(part);
    if (/^\d{4}-\d{2}-\d{2}/.test(value)) words.add(value.slice(0, 'YYYY-MM-DD'.length));
  } else if (Array.isArray(value)) for (const item of value) collect(item, element, words);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) collect(member, name, words);
}

/** Finds words in bytes as they are written, in one pass over the bytes. */
export class Scanner {
  readonly #words: ReadonlyMap<string, readonly string[]>;
  readonly #found = new Map<string, string>();

  constructor(words: readonly string[]) {
    const prepared = words.map((word) => Buffer.from(word, 'utf8').toString('latin1'));
    this.#words = Map.groupBy(prepared, (word) => word.slice(0, lengthMin)) as ReadonlyMap<string, readonly string[]>;
  }

  /** What was found so far: each word with the place where it was first. */
  get found(): ReadonlyMap<string, string> {
    return this.#found;
  }

  scan(place: string, bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1');
    for (let start = 0; start + lengthMin <= text.length; start++)
      for (const word of this.#words.get(text.slice(start, start + lengthMin)) ?? [])
        if (text.startsWith(word, start) && isWhole(text, word, start) && !this.#found.has(word))
          this.#found.set(word, `${place}: …${text.slice(Math.max(0, start - 20), start + word.length + 20)}…`);
  }

  /** Text in which hashes, keys and times stand that are random to us: their digits are no words. */
  scanText(place: string, text: string): void {
    const meaningful = text
      .replaceAll(/[0-9a-f]{24,}/g, ' ')
      .replaceAll(/\b(z6Mk|12D3Koo)[1-9A-HJ-NP-Za-km-z]{30,}/g, ' ')
      .replaceAll(/\b\d{10,}\b/g, ' ');
    this.scan(place, Buffer.from(meaningful, 'utf8'));
  }
}

/** A code of digits counts only where it is a number of its own. */
function isWhole(text: string, word: string, start: number): boolean {
  if (!/^\d+$/.test(word)) return true;
  const around = present(text[start - 1] ?? ' ', 'a default') + (text[start + word.length] ?? ' ');
  return !/[0-9a-zA-Z.]/.test(around);
}
