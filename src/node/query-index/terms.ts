import { sha256Latin1 } from '../../crypto/index.ts';

/** What a transaction can be looked for by. `all`: every transaction has it. */
export type Facet = 'all' | 'subject' | 'agent' | 'organisation' | 'kind' | 'consent';

export interface Term {
  readonly facet: Facet;
  /** A DID's key or an id as lower-case hexadecimal, a name or a kind as it is; of `all` nothing. */
  readonly value: string;
}

export const allTerm: Term = { facet: 'all', value: '' };

/** So many bytes name a term: two that are asked for never have the same. */
export const termBytes = 16;

/** A term's name in keys, a character a byte: of one length, and saying nothing of whom it is about by itself. */
export function termKey({ facet, value }: Term): string {
  return sha256Latin1(`${facet}\0${value}`).slice(0, termBytes);
}
