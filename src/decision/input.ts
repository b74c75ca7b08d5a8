import type { z } from 'zod';
import { AssentError } from '../base/index.ts';
import { type Predicate, predicateOf } from './predicate.ts';

/** Reads what a caller gave: the predicate says that it is right, the schema what is wrong. */
export class InputReader<T> {
  readonly #schema: z.ZodType<T>;
  readonly #accepts: Predicate;

  constructor(schema: z.ZodType<T>) {
    this.#schema = schema;
    this.#accepts = predicateOf(schema);
  }

  /** The value itself where it is right: nobody else's object to keep. Throws `decision-input-invalid` with the path. */
  read(value: unknown, name: string): T {
    if (this.#accepts(value)) return value as T;
    const parsed = this.#schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const path = (issue?.path ?? [])
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('');
    throw invalidInput(`${name}${path}`, issue?.message ?? 'it has another shape');
  }
}

export function invalidInput(path: string, reason: string): AssentError {
  return new AssentError('decision-input-invalid', `No decision can be made: ${path}: ${reason}.`, { path });
}
