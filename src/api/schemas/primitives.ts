import { z } from 'zod';

/** SHA-256, 32 bytes, as lower-case hexadecimal. */
export const hashText: z.ZodType<string, string> = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits');

/** Any bytes as lower-case hexadecimal. */
export const hexText: z.ZodType<string, string> = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/, 'expected lower-case hexadecimal');

/** `did:assent:` and the multibase form of the inception Ed25519 key (protocol.md §2). */
export const didText: z.ZodType<string, string> = z
  .string()
  .regex(/^did:assent:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, 'expected did:assent:z6Mk…');

/** libp2p peer id of an Ed25519 node key. */
export const nodeIdText: z.ZodType<string, string> = z
  .string()
  .regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/, 'expected 12D3Koo…');

/** Name of a domain, member or ledger. */
export const nameText: z.ZodType<string, string> = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/, 'expected a lower-case name');

/** A count or height: a whole number within ±(2^53 - 1). */
export const wholeNumber: z.ZodType<number, number> = z.int().min(0);

/** Milliseconds since the Unix epoch. */
export const timestampMs: z.ZodType<number, number> = z.int().min(0);

/** A value that JSON can carry; bytes inside appear as `{ "hex": "…" }`. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export const jsonValue: z.ZodType<JsonValue, JsonValue> = z.json();

/** What a caller may leave out of a query because it has a default. */
export type QueryInput<Query> = { readonly [Name in keyof Query]?: Query[Name] | undefined };

/** A whole number in a query string, within [minimum, maximum]. */
export function queryNumber(minimum: number, maximum: number): z.ZodType<number, number> {
  return z.coerce.number<number>().int().min(minimum).max(maximum);
}

/** The longest that a request may wait for a commit. */
export const waitTimeoutMsMax = 60_000;
