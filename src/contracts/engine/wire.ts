import { z } from 'zod';
import type { CanonicalValue } from '../ledger-types.ts';
import { fastCheckOf, hasOnlyLengthChecks, lengthRangeOf } from './fast-check.ts';
import { unitBytesMax, wireFormOf } from './leaves.ts';

/** A schema that has a wire form: a strict object of bounded fields. */
export type WireSchema = z.ZodObject<z.core.$ZodShape, z.core.$strict>;

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/**
 * One schema, three forms. The *value* is what rules see (keys and hashes as bytes). The *wire* form is a positional
 * array in schema order with the version first, absent fields as null. The *JSON* form has bytes as lower-case hex and
 * keys as DID texts; it is the schema's input side, so OpenAPI describes it as it is.
 */
export interface WireCodec<T> {
  readonly version: number;
  /** No value takes more bytes than this when its wire form is encoded. */
  readonly bytesMax: number;
  /** @throws {@link WireError} when the value does not match the schema: nothing is encoded that would not decode. */
  toWire(value: T): CanonicalValue[];
  /** Strict: another length, version or type, an unknown or out-of-bounds value is a problem, named with its path. */
  fromWire(wire: CanonicalValue): Decoded<T>;
}

/** A value or wire form that does not match its schema. The message ends with the path that is wrong. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly problem: string;
  readonly path: (string | number)[] = [];

  constructor(problem: string) {
    super(problem);
    this.problem = problem;
  }

  describe(root: string): string {
    const place = this.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return `${root}${place}: ${this.problem}`;
  }
}

/** A schema that has no wire form. Thrown when a contract is defined, never later. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

type Convert = (input: unknown) => unknown;

interface Node {
  readonly toWire: Convert;
  readonly fromWire: Convert;
  readonly optional: boolean;
  readonly bytesMax: number;
}

/** What the longest head, or the longest integer, takes. */
const headBytesMax = 9;

/** Runs one step of a path and puts its name on an error that comes out of it. */
function at(step: string | number, convert: Convert, input: unknown): unknown {
  try {
    return convert(input);
  } catch (thrown) {
    if (thrown instanceof WireError) thrown.path.unshift(step);
    throw thrown;
  }
}

/** Zod's own verdict on a leaf; a check that would change the value (trim, lower-case) counts as wrong. */
function zodLeaf(schema: z.ZodType, bytesMax: number = headBytesMax): Node {
  const fast = fastCheckOf(schema);
  const check: Convert = (input) => {
    if (fast?.(input) === true) return input;
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw new WireError(parsed.error.issues[0]?.message ?? 'invalid');
    if (parsed.data !== input) throw new WireError('not in its normal form');
    return input;
  };
  return { toWire: check, fromWire: check, optional: false, bytesMax };
}

function enumLeaf(schema: z.ZodEnum | z.ZodLiteral): Node {
  const allowed = new Set<unknown>(schema instanceof z.ZodEnum ? schema.options : schema.values);
  const check: Convert = (input) => {
    if (!allowed.has(input)) throw new WireError(`expected one of ${[...allowed].join(', ')}`);
    return input;
  };
  const longest = Math.max(...[...allowed].map((value) => String(value).length));
  return { toWire: check, fromWire: check, optional: false, bytesMax: headBytesMax + unitBytesMax * longest };
}

function arrayNode(schema: z.ZodArray, where: string): Node {
  if (lengthRangeOf(schema).maximum === Number.POSITIVE_INFINITY)
    throw new SchemaError(`${where}: give the array a .max()`);
  const element = compile(schema.element as z.ZodType, `${where}[]`);
  if (element.optional) throw new SchemaError(`${where}: elements of an array cannot be optional`);
  const shell = schema.clone({ ...schema._zod.def, element: z.unknown() });
  const { minimum, maximum } = lengthRangeOf(schema);
  const simple = hasOnlyLengthChecks(schema);
  const each = (convert: Convert): Convert => {
    return (input) => {
      if (!(simple && Array.isArray(input) && input.length >= minimum && input.length <= maximum)) {
        const parsed = shell.safeParse(input);
        if (!parsed.success) throw new WireError(parsed.error.issues[0]?.message ?? 'invalid');
      }
      return (input as unknown[]).map((item, index) => at(index, convert, item));
    };
  };
  const bytesMax = headBytesMax + maximum * element.bytesMax;
  return { toWire: each(element.toWire), fromWire: each(element.fromWire), optional: false, bytesMax };
}

function objectNode(schema: z.ZodObject, where: string, version?: number): Node {
  if (schema._zod.def.catchall?._zod.def.type !== 'never')
    throw new SchemaError(`${where}: use z.strictObject(), so that no field travels unseen`);
  if ((schema._zod.def.checks ?? []).length > 0)
    throw new SchemaError(`${where}: put conditions across fields into a rule, where they have a code and a sentence`);
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    return { name, node: compile(field as z.ZodType, `${where}.${name}`) };
  });
  const names = new Set(fields.map((field) => field.name));
  const head = version === undefined ? [] : [version];
  const length = head.length + fields.length;
  return {
    optional: false,
    bytesMax: fields.reduce((sum, { node }) => sum + node.bytesMax, 2 * headBytesMax),
    toWire(input) {
      if (typeof input !== 'object' || input === null) throw new WireError('expected an object');
      for (const name in input) if (!names.has(name)) throw new WireError(`unknown field ${name}`);
      const wire: unknown[] = new Array(length);
      let position = 0;
      if (version !== undefined) wire[position++] = version;
      for (const { name, node } of fields)
        wire[position++] = at(name, node.toWire, (input as Record<string, unknown>)[name]);
      return wire;
    },
    fromWire(input) {
      if (!Array.isArray(input)) throw new WireError('expected an array');
      if (input.length !== length) throw new WireError(`expected ${length} elements, got ${input.length}`);
      if (version !== undefined && input[0] !== version) throw new WireError(`expected version ${version}`);
      const value: Record<string, unknown> = {};
      let position = head.length;
      for (const { name, node } of fields) {
        const field = at(name, node.fromWire, input[position++]);
        if (field !== undefined) value[name] = field;
      }
      return value;
    },
  };
}

function optionalNode(inner: Node, where: string): Node {
  if (inner.optional) throw new SchemaError(`${where}: optional twice`);
  return {
    optional: true,
    bytesMax: inner.bytesMax,
    toWire: (input) => (input === undefined ? null : inner.toWire(input)),
    fromWire: (input) => (input === null ? undefined : inner.fromWire(input)),
  };
}

function compile(schema: z.ZodType, where: string): Node {
  const leaf = wireFormOf(schema);
  if (leaf !== undefined) {
    const check: Convert = (input) => {
      const problem = leaf.check(input);
      if (problem !== undefined) throw new WireError(problem);
      return input;
    };
    // The text of a leaf is never shorter than its value.
    const bytesMax = headBytesMax + leaf.characterBytesMax * textLengthMax(schema, where);
    return { toWire: check, fromWire: check, optional: false, bytesMax };
  }
  if (schema instanceof z.ZodObject) return objectNode(schema, where);
  if (schema instanceof z.ZodArray) return arrayNode(schema, where);
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral) return enumLeaf(schema);
  if (schema instanceof z.ZodBoolean) return zodLeaf(schema);
  if (schema instanceof z.ZodString) {
    if (lengthRangeOf(schema).maximum === Number.POSITIVE_INFINITY)
      throw new SchemaError(`${where}: give the string a .max()`);
    return zodLeaf(schema, headBytesMax + unitBytesMax * lengthRangeOf(schema).maximum);
  }
  if (schema instanceof z.ZodNumber) {
    if (schema.format !== 'safeint') throw new SchemaError(`${where}: numbers are z.int()`);
    return zodLeaf(schema);
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional)
    return optionalNode(compile(schema.unwrap() as z.ZodType, where), where);
  if (schema instanceof z.ZodDefault) return compile(schema.unwrap() as z.ZodType, where);
  throw new SchemaError(`${where}: ${schema._zod.def.type} has no wire form`);
}

function textLengthMax(schema: z.ZodType, where: string): number {
  const { maximum } = lengthRangeOf(schema instanceof z.ZodCodec ? (schema.def.in as z.ZodType) : schema);
  if (maximum === Number.POSITIVE_INFINITY) throw new SchemaError(`${where}: give the text a .max()`);
  return maximum;
}

/** Compiles the wire form of a schema. @throws {@link SchemaError} with the path of what has none. */
export function wireCodec<S extends z.ZodObject>(schema: S, root: string, version = 1): WireCodec<z.output<S>> {
  const node = objectNode(schema, root, version);
  return {
    version,
    bytesMax: node.bytesMax,
    toWire: (value) => node.toWire(value) as CanonicalValue[],
    fromWire(wire) {
      try {
        return { ok: true, value: node.fromWire(wire) as z.output<S> };
      } catch (thrown) {
        if (thrown instanceof WireError) return { ok: false, problem: thrown.describe(root) };
        throw thrown;
      }
    },
  };
}
