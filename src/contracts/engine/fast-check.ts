import { z } from 'zod';

/** Answers true only for what zod accepts unchanged; false means that zod has to be asked. */
export type FastCheck = (input: unknown) => boolean;

interface CheckDefinition {
  readonly check: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly length?: number;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly value?: number;
  readonly inclusive?: boolean;
}

function checksOf(schema: z.ZodType): readonly CheckDefinition[] {
  return (schema._zod.def.checks ?? []).map((check) => check._zod.def as CheckDefinition);
}

/**
 * A direct test for the common leaves, several times faster than a general parser; execution runs it dozens of times a
 * transaction. Undefined for a schema with checks that are not known here.
 */
export function fastCheckOf(schema: z.ZodType): FastCheck | undefined {
  if (schema instanceof z.ZodBoolean) return (input) => typeof input === 'boolean';
  if (schema instanceof z.ZodNumber) return wholeNumberCheck(schema);
  if (schema instanceof z.ZodString) return stringCheck(schema);
  return undefined;
}

function wholeNumberCheck(schema: z.ZodNumber): FastCheck | undefined {
  const known = checksOf(schema).every(
    ({ check, format, inclusive }) =>
      (check === 'number_format' && format === 'safeint') ||
      ((check === 'greater_than' || check === 'less_than') && inclusive === true),
  );
  const { minValue, maxValue } = schema;
  if (!known || schema.format !== 'safeint' || minValue === null || maxValue === null) return undefined;
  return (input) => Number.isSafeInteger(input) && (input as number) >= minValue && (input as number) <= maxValue;
}

function stringCheck(schema: z.ZodString): FastCheck | undefined {
  const patterns: RegExp[] = [];
  for (const { check, format, pattern } of checksOf(schema)) {
    if (check === 'string_format' && format === 'regex' && pattern?.flags === '') patterns.push(pattern);
    else if (check !== 'max_length' && check !== 'min_length' && check !== 'length_equals') return undefined;
  }
  const range = lengthRangeOf(schema);
  return (input) =>
    typeof input === 'string' &&
    input.length >= range.minimum &&
    input.length <= range.maximum &&
    patterns.every((pattern) => pattern.test(input));
}

/** Whether the array's only checks are those of its length; then these are all there is to look at. */
export function hasOnlyLengthChecks(schema: z.ZodArray): boolean {
  return checksOf(schema).every(({ check }) => ['max_length', 'min_length', 'length_equals'].includes(check));
}

/** Bounds of length that the checks of a string or array state; the maximum is infinite where none is stated. */
export function lengthRangeOf(schema: z.ZodType): { readonly minimum: number; readonly maximum: number } {
  let [minimum, maximum] = [0, Number.POSITIVE_INFINITY];
  for (const definition of checksOf(schema)) {
    minimum = Math.max(minimum, definition.minimum ?? definition.length ?? 0);
    maximum = Math.min(maximum, definition.maximum ?? definition.length ?? Number.POSITIVE_INFINITY);
  }
  return { minimum, maximum };
}
