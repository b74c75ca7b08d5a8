import { z } from 'zod';
import { assert } from '../base/index.ts';

/** Answers true for what the schema accepts as it is; of objects with a prototype of their own it answers false. */
export type Predicate = (input: unknown) => boolean;

interface CheckDefinition {
  readonly check: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
  readonly inclusive?: boolean;
  readonly fn?: Predicate;
}

/**
 * The test that a schema makes, without its copies and its findings: many times faster where nothing is wrong. Knows the
 * schemas of this room only, and refuses to be made for another.
 */
export function predicateOf(schema: z.ZodType): Predicate {
  const checks = (schema._zod.def.checks ?? []).map(({ _zod }) => _zod.def as CheckDefinition);
  const range = { minimum: 0, maximum: Number.POSITIVE_INFINITY };
  const others: Predicate[] = [];
  for (const { check, minimum, maximum, value, inclusive, fn } of checks) {
    if (check === 'min_length') range.minimum = Math.max(range.minimum, minimum ?? 0);
    else if (check === 'max_length') range.maximum = Math.min(range.maximum, maximum ?? 0);
    else if (check === 'greater_than' && inclusive === true) others.push((input) => (input as number) >= (value ?? 0));
    else if (check === 'less_than' && inclusive === true) others.push((input) => (input as number) <= (value ?? 0));
    else if (check === 'custom' && fn !== undefined) others.push(fn);
    else assert(false, `no predicate is known for the check ${check}`);
  }
  return others.reduce((accepts, check) => (input) => accepts(input) && check(input), shapeOf(schema, range));
}

/** Of texts and lists. */
interface LengthRange {
  readonly minimum: number;
  readonly maximum: number;
}

function shapeOf(schema: z.ZodType, range: LengthRange): Predicate {
  if (schema instanceof z.ZodString) return textOf(range);
  if (schema instanceof z.ZodBoolean) return (input) => typeof input === 'boolean';
  if (schema instanceof z.ZodNumber && schema.format === 'safeint') return Number.isSafeInteger;
  if (schema instanceof z.ZodNumber && schema.format === null) return Number.isFinite;
  if (schema instanceof z.ZodEnum) return oneOf(schema.options);
  if (schema instanceof z.ZodArray) return listOf(predicateOf(schema.element as z.ZodType), range);
  if (schema instanceof z.ZodObject) return objectOf(schema);
  if (schema instanceof z.ZodRecord) return recordOf(schema.keyType as z.ZodType, schema.valueType as z.ZodType);
  if (schema instanceof z.ZodUnion) return eitherOf(schema.options.map((option) => predicateOf(option as z.ZodType)));
  if (schema instanceof z.ZodLazy) return lazily(() => predicateOf(schema.unwrap() as z.ZodType));
  assert(false, `no predicate is known for a schema of type ${schema._zod.def.type}`);
}

function textOf({ minimum, maximum }: LengthRange): Predicate {
  return (input) => typeof input === 'string' && input.length >= minimum && input.length <= maximum;
}

function oneOf(values: readonly (string | number)[]): Predicate {
  const known = new Set<unknown>(values);
  return (input) => known.has(input);
}

function eitherOf(options: readonly Predicate[]): Predicate {
  return options.reduce((first, second) => (input) => first(input) || second(input));
}

function lazily(make: () => Predicate): Predicate {
  let made: Predicate | undefined;
  return (input) => {
    made ??= make();
    return made(input);
  };
}

function listOf(item: Predicate, { minimum, maximum }: LengthRange): Predicate {
  return (input) => {
    if (!Array.isArray(input) || input.length < minimum || input.length > maximum) return false;
    for (let place = 0; place < input.length; place++) if (!item(input[place])) return false;
    return true;
  };
}

function isPlain(input: unknown): input is Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null;
}

/** Looks at the members that are there, mostly few of those that may be. */
function objectOf(schema: z.ZodObject): Predicate {
  assert(schema._zod.def.catchall instanceof z.ZodNever, 'objects of this room are strict');
  const members = new Map<string, { readonly accepts: Predicate; readonly required: 0 | 1 }>();
  for (const [name, member] of Object.entries(schema.shape as Record<string, z.ZodType>)) {
    const isOptional = member instanceof z.ZodOptional || member instanceof z.ZodExactOptional;
    const accepts = predicateOf(isOptional ? (member.unwrap() as z.ZodType) : member);
    if (!isOptional) members.set(name, { accepts, required: 1 });
    else if (member instanceof z.ZodExactOptional) members.set(name, { accepts, required: 0 });
    else members.set(name, { accepts: (input) => input === undefined || accepts(input), required: 0 });
  }
  const requiredCount = [...members.values()].filter(({ required }) => required === 1).length;
  return (input) => {
    if (!isPlain(input)) return false;
    let count = 0;
    for (const name in input) {
      const member = members.get(name);
      if (member === undefined || !member.accepts(input[name])) return false;
      count += member.required;
    }
    return count === requiredCount;
  };
}

function recordOf(key: z.ZodType, value: z.ZodType): Predicate {
  const [isKey, isValue] = [predicateOf(key), predicateOf(value)];
  return (input) => {
    if (!isPlain(input)) return false;
    for (const name in input) if (name === '__proto__' || !isKey(name) || !isValue(input[name])) return false;
    return Object.getOwnPropertySymbols(input).length === 0;
  };
}
