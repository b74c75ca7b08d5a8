import { z } from 'zod';
import { type CanonicalValue, encodeArray, encodeElements } from '../ledger-types.ts';
import { wireCodec } from './wire.ts';

/**
 * Encodes many values whose fields stand in three layers: `base`, which all of them share, `group`, which some share, and
 * `own`. The fields of a layer are checked and encoded once for all that stands on it, and then copied. The last layer
 * answers with the bytes that the codec of the whole schema gives for all fields together, with `head` in front.
 */
export type LayeredEncoder<T, Group extends keyof T, Own extends keyof T> = (
  base: Omit<T, Group | Own>,
) => (group: Pick<T, Group>) => (own: Pick<T, Own>) => Uint8Array;

/** Fields of the schema that are next to one another and of one layer. */
interface Run {
  readonly layer: number;
  /** Among the layer's fields. */
  readonly from: number;
  to: number;
}

/** @throws SchemaError as {@link wireCodec} does. */
export function layeredEncoder<
  T extends object,
  const Group extends keyof T & string,
  const Own extends keyof T & string,
>(
  schema: z.ZodObject & z.ZodType<T>,
  root: string,
  layers: { readonly group: readonly Group[]; readonly own: readonly Own[] },
  head: readonly CanonicalValue[] = [],
): LayeredEncoder<T, Group, Own> {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const isIn = (names: readonly string[]): boolean => names.includes(name);
    return { name, field, layer: isIn(layers.own) ? 2 : isIn(layers.group) ? 1 : 0 };
  });
  const { version } = wireCodec(schema, root);
  const runs = runsOf(fields.map(({ layer }) => layer));
  const encoders = [0, 1, 2].map((layer) => {
    const own = fields.filter((field) => field.layer === layer).map(({ name, field }) => [name, field]);
    const codec = wireCodec(z.strictObject(Object.fromEntries(own)), root);
    const ownRuns = runs.filter((run) => run.layer === layer);
    // The layer's own version stands first in its wire form.
    return (values: object): Uint8Array[] => {
      const wire = codec.toWire(values as never);
      return ownRuns.map(({ from, to }) => encodeElements(wire, from + 1, to + 1));
    };
  });
  const [encodeBase, encodeGroup, encodeOwn] = encoders as [Encode, Encode, Encode];
  const begin = encodeElements([...head, version]);
  const length = head.length + 1 + fields.length;
  return (base) => {
    const bases = encodeBase(base);
    return (group) => {
      const groups = encodeGroup(group);
      return (own) => {
        const encoded = [bases, groups, encodeOwn(own)];
        const next = [0, 0, 0];
        const parts = [begin];
        for (const { layer } of runs)
          parts.push((encoded[layer] as Uint8Array[])[(next[layer] as number)++] as Uint8Array);
        return encodeArray(length, parts);
      };
    };
  };
}

type Encode = (values: object) => Uint8Array[];

function runsOf(layerOfField: readonly number[]): Run[] {
  const runs: Run[] = [];
  const counts = [0, 0, 0];
  for (const layer of layerOfField) {
    const place = (counts[layer] as number)++;
    const last = runs.at(-1);
    if (last?.layer === layer) last.to += 1;
    else runs.push({ layer, from: place, to: place + 1 });
  }
  return runs;
}
