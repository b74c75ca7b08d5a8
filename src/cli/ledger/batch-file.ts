import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AssentError, messageOf } from '../../base/index.ts';
import {
  type Action,
  actions,
  batchEntriesMax,
  type Category,
  categories,
  type PurposeOfUse,
  purpose,
  type Role,
  roles,
} from '../../contracts/index.ts';
import { type ResourceFacts, resourceSchema } from '../../decision/index.ts';

/** A request that the agent has signed elsewhere, and what the gateway found for it. */
export interface SignedLine {
  readonly request: string;
  readonly requestSignature: string;
  readonly results?: readonly {
    readonly consent: string;
    readonly version: number;
    readonly results: number;
    readonly namesBreakGlass: boolean;
  }[];
  readonly category?: Category;
  readonly inEmergencyCategory?: boolean;
}

/** A request that an agent of this keystore is to sign. */
export interface NamedLine {
  readonly agent: string;
  readonly subject: string;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  readonly resource: string;
  readonly role?: Role;
  readonly organisation?: string;
  readonly eventId?: string;
  /** What the record is: the sealed clauses are looked at with it. */
  readonly facts?: ResourceFacts;
  readonly inEmergencyCategory?: boolean;
}

export type BatchLine = { readonly number: number } & ({ readonly signed: SignedLine } | { readonly named: NamedLine });

const hex = z.string().regex(/^([0-9a-f]{2})+$/, 'expected lower-case hexadecimal');
const text = z.string().min(1);

const signedLine: z.ZodType<SignedLine> = z.strictObject({
  request: hex,
  requestSignature: hex,
  results: z
    .array(
      z.strictObject({
        consent: hex,
        version: z.int().min(1),
        results: z.int().min(1).max(15),
        namesBreakGlass: z.boolean(),
      }),
    )
    .exactOptional(),
  category: z.enum(categories).exactOptional(),
  inEmergencyCategory: z.boolean().exactOptional(),
});

const namedLine: z.ZodType<NamedLine> = z.strictObject({
  agent: text,
  subject: text,
  purpose: purpose(),
  action: z.enum(actions).default('access'),
  resource: text,
  role: z.enum(roles).exactOptional(),
  organisation: text.exactOptional(),
  eventId: hex.exactOptional(),
  facts: resourceSchema.exactOptional(),
  inEmergencyCategory: z.boolean().exactOptional(),
});

/**
 * The accesses in a file, one JSON object a line; empty lines are passed over. Throws `usage` naming the line and what is
 * wrong in it.
 */
export function readBatch(file: string): readonly BatchLine[] {
  const lines = textOf(file)
    .split('\n')
    .map((line, place) => ({ line, number: place + 1 }))
    .filter(({ line }) => line.trim() !== '');
  if (lines.length === 0) throw new AssentError('usage', `${file} has no access: expected one JSON object a line.`);
  if (lines.length > batchEntriesMax)
    throw new AssentError('usage', `${file} has ${lines.length} accesses; a batch takes ${batchEntriesMax}: split it.`);
  return lines.map(({ line, number }) => readLine(file, line, number));
}

/** What was thrown for a line, saying which. */
export function atLine(file: string, number: number, thrown: unknown): unknown {
  if (!(thrown instanceof AssentError)) return thrown;
  return new AssentError(thrown.code, `${file}, line ${number}: ${thrown.message}`, { ...thrown.data, line: number });
}

function readLine(file: string, line: string, number: number): BatchLine {
  const json = jsonOf(file, line, number);
  const isSigned = typeof json === 'object' && json !== null && 'request' in json;
  const read = isSigned ? signedLine.safeParse(json) : namedLine.safeParse(json);
  if (read.success)
    return isSigned ? { number, signed: read.data as SignedLine } : { number, named: read.data as NamedLine };
  const [issue] = read.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const problem = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'invalid'}`;
  throw atLine(file, number, new AssentError('usage', `${problem}.`));
}

function jsonOf(file: string, line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    throw atLine(file, number, new AssentError('usage', `this is no JSON: ${messageOf(thrown)}.`));
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new AssentError('usage', `${file} cannot be read: ${messageOf(thrown)}.`);
  }
}
