import { z } from 'zod';
import { concatBytes, joinShortLived } from '../../base/index.ts';
import { type CanonicalValue, encodeArrayHead, encodeElements, encodePieces, type ItemRun } from '../ledger-types.ts';
import { wireCodec } from './wire.ts';

/**
 * Encodes many values whose fields stand in three layers: `base`, which all of them share, `group`, which some share, and
 * `own`. The fields of a layer are checked and encoded once for all that stands on it, and then copied. The last layer
 * answers with the bytes that the codec of the whole schema gives for all fields together, with `head` in front; they are
 * for a short time (`shortLivedBytes`).
 */
export type LayeredEncoder<T, Group extends keyof T, Own extends keyof T> = (
  base: Omit<T, Group | Own>,
) => (group: Pick<T, Group>) => (own: Pick<T, Own>) => Uint8Array;

/** Fields of the schema that are next to one another and of one layer: a range of the layer's fields. */
interface Run {
  readonly layer: number;
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
  const [baseWire, groupWire, ownWire] = [0, 1, 2].map((layer) => {
    const own = fields.filter((field) => field.layer === layer).map(({ name, field }) => [name, field]);
    const codec = wireCodec(z.strictObject(Object.fromEntries(own)), root);
    return (values: object) => codec.toWire(values as never);
  }) as [ToWire, ToWire, ToWire];
  const begin = concatBytes(encodeArrayHead(head.length + 1 + fields.length), encodeElements([...head, version]));
  const ownRuns: readonly ItemRun[] = runs.filter(({ layer }) => layer === 2);
  return (base) => {
    const bases = encodeRuns(runs, 0, baseWire(base));
    return (group) => {
      const pieces = between(runs, [bases, encodeRuns(runs, 1, groupWire(group))], begin);
      return (own) => encodePieces(pieces, ownRuns, ownWire(own));
    };
  };
}

type ToWire = (values: object) => CanonicalValue[];

/** A layer's own version stands first in its wire form: its fields are counted from 1. */
function runsOf(layerOfField: readonly number[]): Run[] {
  const runs: Run[] = [];
  const next = [1, 1, 1];
  for (const layer of layerOfField) {
    const place = (next[layer] as number)++;
    const last = runs.at(-1);
    if (last?.layer === layer) last.to = place + 1;
    else runs.push({ layer, from: place, to: place + 1 });
  }
  return runs;
}

function encodeRuns(runs: readonly Run[], layer: number, wire: readonly CanonicalValue[]): Uint8Array[] {
  return runs.filter((run) => run.layer === layer).map(({ from, to }) => encodeElements(wire, from, to));
}

/** What stands before, between and after the runs of the last layer, each in one piece. */
function between(runs: readonly Run[], encoded: readonly Uint8Array[][], begin: Uint8Array): Uint8Array[] {
  const next = [0, 0];
  const pieces: Uint8Array[] = [];
  const piece = [begin];
  for (const { layer } of runs) {
    if (layer === 2) pieces.push(joinShortLived(piece.splice(0)));
    else piece.push(encoded[layer]?.[(next[layer] as number)++] as Uint8Array);
  }
  pieces.push(joinShortLived(piece));
  return pieces;
}
