import type { z } from 'zod';
import { AssentError } from '../../base/index.ts';

/** The value that the schema makes of the input. Throws `request-invalid` with the places that are wrong. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.slice(0, 5).map((issue) => {
    return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
  });
  throw new AssentError('request-invalid', `The ${what} is wrong: ${places.join('; ')}.`);
}
