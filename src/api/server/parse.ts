import type { z } from 'zod';
import { AssentError } from '../../base/index.ts';

/** Levels of arrays and objects in a body: no schema has as many, and a schema may go into each by a call of its own. */
const levelsMax = 64;

/** As {@link parseInput}, of what a request's JSON says. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (isDeeper(body, levelsMax))
    throw new AssentError('request-invalid', `The body nests more than ${levelsMax} levels.`);
  return parseInput(schema, body, 'body');
}

function isDeeper(value: unknown, levelsLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levelsLeft === 0 || Object.values(value).some((inner) => isDeeper(inner, levelsLeft - 1));
}

/** The value that the schema makes of the input. Throws `request-invalid` with the places that are wrong. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.slice(0, 5).map((issue) => {
    return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
  });
  throw new AssentError('request-invalid', `The ${what} is wrong: ${places.join('; ')}.`);
}
