import { z } from 'zod';
import { AssentError } from '../../base/index.ts';
import { decodeCanonical, encodeCanonical } from '../ledger-types.ts';
import { wireCodec } from './wire.ts';

/** One type of entry of a query index: canonical bytes `[type, version, field, …]`. */
export interface EntryType<T> {
  readonly type: string;
  readonly schema: z.ZodObject;
  encode(value: T): Uint8Array;
  /** JSON form of the fields, bytes as hex, keys as DIDs, with `type` in front; undefined when the wire is another. */
  describe(wire: readonly unknown[]): Record<string, unknown> | undefined;
}

/** The same, where it is also read back as a value. */
export interface ReadableEntryType<T> extends EntryType<T> {
  /** Undefined for bytes that are no entry of this type. @throws AssentError `encoding-invalid` when they are not canonical. */
  decode(entry: Uint8Array): T | undefined;
}

/** Declares a type of entry. The name tells it from the others, for ever. */
export function entryType<S extends z.ZodObject>(type: string, schema: S, version = 1): ReadableEntryType<z.output<S>> {
  const codec = wireCodec(schema, type, version);
  return {
    type,
    schema,
    encode: (value) => encodeCanonical([type, ...codec.toWire(value)]),
    decode(entry) {
      const wire = decodeCanonical(entry);
      if (!Array.isArray(wire) || wire[0] !== type) return undefined;
      const decoded = codec.fromWire(wire.slice(1));
      return decoded.ok ? decoded.value : undefined;
    },
    describe(wire) {
      if (wire[0] !== type) return undefined;
      const decoded = codec.fromWire(wire.slice(1) as Parameters<typeof codec.fromWire>[0]);
      if (!decoded.ok) return undefined;
      return { type, ...(z.encode(schema, decoded.value) as Record<string, unknown>) };
    },
  };
}

/** Reads entries of any of the types. @throws AssentError `encoding-invalid` for bytes that are none of them. */
export function entryReader(
  types: readonly Pick<EntryType<never>, 'type' | 'describe'>[],
): (entry: Uint8Array) => Record<string, unknown> {
  const byType = new Map(types.map((type) => [type.type, type]));
  return (entry) => {
    const wire = decodeCanonical(entry);
    const type = Array.isArray(wire) && typeof wire[0] === 'string' ? byType.get(wire[0]) : undefined;
    const described = type?.describe(wire as readonly unknown[]);
    if (described === undefined) throw new AssentError('encoding-invalid', 'the bytes are no entry of a known type');
    return described;
  };
}
