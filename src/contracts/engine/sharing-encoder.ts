import { z } from 'zod';
import { type CanonicalValue, encodeCanonical } from '../ledger-types.ts';
import { wireCodec } from './wire.ts';

/**
 * Encodes many values that differ in a few fields: what they share is checked once. `sharing(shared)(varying)` gives the
 * bytes that the codec of the whole schema gives for both together, with `head` in front.
 */
export interface SharingEncoder<T, V extends keyof T> {
  sharing(shared: Omit<T, V>): (varying: Pick<T, V>) => Uint8Array;
}

/** @throws SchemaError as {@link wireCodec} does. */
export function sharingEncoder<T extends object, const V extends keyof T & string>(
  schema: z.ZodObject & z.ZodType<T>,
  root: string,
  varying: readonly V[],
  head: readonly CanonicalValue[] = [],
): SharingEncoder<T, V> {
  const isVarying = (name: string): boolean => (varying as readonly string[]).includes(name);
  const fields = Object.entries(schema.shape);
  const sharedCodec = wireCodec(z.strictObject(Object.fromEntries(fields.filter(([name]) => !isVarying(name)))), root);
  const varyingCodec = wireCodec(z.strictObject(Object.fromEntries(fields.filter(([name]) => isVarying(name)))), root);
  const places = fields.map(([name], index) => ({ isVarying: isVarying(name), place: head.length + 1 + index }));
  const sharedPlaces = places.filter((field) => !field.isVarying).map(({ place }) => place);
  const varyingPlaces = places.filter((field) => field.isVarying).map(({ place }) => place);
  return {
    sharing(shared) {
      const common = sharedCodec.toWire(shared);
      const wire: CanonicalValue[] = [...head, sharedCodec.version, ...fields.map(() => null)];
      for (const [index, place] of sharedPlaces.entries()) wire[place] = common[index + 1] as CanonicalValue;
      return (values) => {
        const own = varyingCodec.toWire(values);
        for (const [index, place] of varyingPlaces.entries()) wire[place] = own[index + 1] as CanonicalValue;
        return encodeCanonical(wire);
      };
    },
  };
}
