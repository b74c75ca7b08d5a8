import { z } from 'zod';
import { fromHex, toHex } from '../../base/index.ts';
import { decodeDid, decodeNodeId, encodeDid, encodeNodeId, PUBLIC_KEY_BYTES } from '../../crypto/portable.ts';

/** Of a UTF-16 unit in UTF-8. */
export const unitBytesMax = 3;

/** What a leaf's value must be, or the sentence that says why it is not. */
type WireCheck = (input: unknown) => string | undefined;

/** Leaves whose value travels as it is, while the JSON form is a text. */
const wireForms = new WeakMap<z.ZodType, WireForm>();

interface WireForm {
  readonly check: WireCheck;
  /** Of a character of the text in a value that is one. */
  readonly characterBytesMax: number;
}

export function wireFormOf(schema: z.ZodType): WireForm | undefined {
  return wireForms.get(schema);
}

/** A schema of a JSON text and its value, as zod sees both sides. */
export type TextLeaf<T> = z.ZodCodec<z.ZodString, z.ZodCustom<T, T>>;

/**
 * Makes a leaf from a JSON text form and the check of its value. `decode` sees only texts that match `text`. `isAscii`:
 * the check accepts no text of other characters.
 */
export function textLeaf<T>(
  text: z.ZodString,
  check: WireCheck,
  decode: (text: string) => T | undefined,
  encode: (value: T) => string,
  { isAscii = false }: { readonly isAscii?: boolean } = {},
): TextLeaf<T> {
  const value = z.custom<T>((input) => check(input) === undefined);
  const leaf = z.codec(text, value, {
    decode(input, context) {
      const decoded = decode(input);
      if (decoded !== undefined) return decoded as z.input<typeof value>;
      context.issues.push({ code: 'custom', input, message: check(input) ?? 'not a valid text of this type' });
      return z.NEVER;
    },
    // Zod first encodes a bounded list with its checks off, and comes here also for fields that are absent.
    encode: (output) => (check(output) === undefined ? encode(output as T) : ''),
  });
  wireForms.set(leaf, { check, characterBytesMax: isAscii ? 1 : unitBytesMax });
  return leaf;
}

/** Exactly `length` bytes; JSON: lower-case hex. */
export function bytes(length: number): TextLeaf<Uint8Array> {
  return textLeaf(
    z
      .string()
      .length(length * 2)
      .regex(/^[0-9a-f]*$/),
    (input) => (input instanceof Uint8Array && input.length === length ? undefined : `expected ${length} bytes`),
    fromHex,
    toHex,
  );
}

/** From 1 to `lengthMax` bytes; JSON: lower-case hex. */
export function blob(lengthMax: number): TextLeaf<Uint8Array> {
  return textLeaf(
    z
      .string()
      .min(2)
      .max(lengthMax * 2)
      .regex(/^([0-9a-f]{2})*$/),
    (input) =>
      input instanceof Uint8Array && input.length >= 1 && input.length <= lengthMax
        ? undefined
        : `expected 1 to ${lengthMax} bytes`,
    fromHex,
    toHex,
  );
}

/**
 * A person, an agent or an organisation's key: the 32-byte inception key; JSON: `did:assent:z6Mk…` (protocol.md §2).
 * @param decode as {@link decodeDid}
 */
export function did(decode: typeof decodeDid = decodeDid): TextLeaf<Uint8Array> {
  return textLeaf(
    z
      .string()
      .max(80)
      .regex(/^did:assent:z[1-9A-HJ-NP-Za-km-z]+$/),
    (input) =>
      input instanceof Uint8Array && input.length === PUBLIC_KEY_BYTES ? undefined : 'expected the 32 bytes of a DID',
    decode,
    encodeDid,
  );
}

/** A node's key, 32 bytes; JSON: its node id `12D3KooW…` (protocol.md §2). */
export function nodeKey(): TextLeaf<Uint8Array> {
  return textLeaf(
    z
      .string()
      .max(64)
      .regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]+$/),
    (input) =>
      input instanceof Uint8Array && input.length === PUBLIC_KEY_BYTES
        ? undefined
        : 'expected the 32 bytes of a node key',
    decodeNodeId,
    encodeNodeId,
  );
}

/** A salted commitment or a hash: 32 bytes. */
export function commitment(): TextLeaf<Uint8Array> {
  return bytes(32);
}

/** The id of a transaction, also of what it created: 32 bytes. */
export function transactionId(): TextLeaf<Uint8Array> {
  return bytes(32);
}

/** 16 random bytes, unique per sender for ever, so that a retry neither duplicates nor loses an entry (protocol.md §3). */
export function eventId(): TextLeaf<Uint8Array> {
  return bytes(16);
}

/** Milliseconds since the Unix epoch. */
export function timestamp(): z.ZodInt {
  return z.int().min(0);
}

/** The name of a member or a domain: lower-case letters, digits, dots and hyphens, at most 64; safe inside a state key. */
export function name(): z.ZodString {
  return z
    .string()
    .max(64)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'expected a lower-case name');
}

/** Half-open in milliseconds since the Unix epoch: `from ≤ t < until`; an absent end does not constrain. */
export interface Period {
  readonly from?: number;
  readonly until?: number;
}

export function period(): z.ZodType<Period> {
  return z.strictObject({ from: timestamp().exactOptional(), until: timestamp().exactOptional() });
}

export function isWithin(period: Period | undefined, atMs: number): boolean {
  return (period?.from ?? Number.NEGATIVE_INFINITY) <= atMs && atMs < (period?.until ?? Number.POSITIVE_INFINITY);
}

/** Whether some time is within the period. */
export function isOrdered(period: Period | undefined): boolean {
  return period?.from === undefined || period.until === undefined || period.from < period.until;
}
