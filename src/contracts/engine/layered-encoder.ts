import { z } from 'zod';
import { concatBytes } from '../../base/index.ts';
import {
  type CanonicalValue,
  encodeArrayHead,
  encodeElements,
  encodeLayers,
  encodeRuns,
  type LayerRun,
} from '../ledger-types.ts';
import { wireCodec } from './wire.ts';

/**
 * Encodes many values whose fields stand in three layers: `base`, which all of them share, `group`, which some share, and
 * `own`. The fields of a layer are checked and encoded once for all that stands on it, and then copied. The last layer
 * answers with the bytes that the codec of the whole schema gives for all fields together, with `first` in front; they are
 * there until anything else is encoded.
 */
export type LayeredEncoder<T, Group extends keyof T, Own extends keyof T> = (
  base: Omit<T, Group | Own>,
) => (group: Pick<T, Group>) => (own: Pick<T, Own>) => Uint8Array;

/** @throws SchemaError as {@link wireCodec} does. */
export function layeredEncoder<
  T extends object,
  const Group extends keyof T & string,
  const Own extends keyof T & string,
>(
  schema: z.ZodObject & z.ZodType<T>,
  root: string,
  layers: { readonly group: readonly Group[]; readonly own: readonly Own[] },
  first: readonly CanonicalValue[] = [],
): LayeredEncoder<T, Group, Own> {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const isIn = (names: readonly string[]): boolean => names.includes(name);
    return { name, field, layer: isIn(layers.own) ? 2 : isIn(layers.group) ? 1 : 0 };
  });
  const { version } = wireCodec(schema, root);
  const [baseWire, groupWire, ownWire] = [0, 1, 2].map((layer) => {
    const own = fields.filter((field) => field.layer === layer).map(({ name, field }) => [name, field]);
    const codec = wireCodec(z.strictObject(Object.fromEntries(own)), root);
    return (values: object) => codec.toWire(values as never);
  }) as [ToWire, ToWire, ToWire];
  const runs = runsOf(fields.map(({ layer }) => layer));
  const [ofBase, ofGroup] = [0, 1].map((layer) => runs.filter((run) => run.layer === layer)) as [
    LayerRun[],
    LayerRun[],
  ];
  const head = concatBytes(encodeArrayHead(first.length + 1 + fields.length), encodeElements([...first, version]));
  return (base) => {
    const items = baseWire(base);
    const pieces = ofBase.map(({ from, to }) => encodeElements(items, from, to));
    return (group) => {
      const between = encodeRuns(groupWire(group), ofGroup);
      return (own) => encodeLayers(head, runs, pieces, between, ownWire(own));
    };
  };
}

type ToWire = (values: object) => CanonicalValue[];

/**
 * Fields of the schema that are next to one another and of one layer: a range of the layer's fields. A layer's own version
 * stands first in its wire form: its fields are counted from 1.
 */
function runsOf(layerOfField: readonly number[]): LayerRun[] {
  const runs: { layer: number; from: number; to: number }[] = [];
  const next = [1, 1, 1];
  for (const layer of layerOfField) {
    const place = (next[layer] as number)++;
    const last = runs.at(-1);
    if (last?.layer === layer) last.to = place + 1;
    else runs.push({ layer, from: place, to: place + 1 });
  }
  return runs;
}
