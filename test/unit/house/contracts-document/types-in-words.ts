import { z } from 'zod';
import { actor } from '../../../../src/contracts/consent/provision.ts';
import { address } from '../../../../src/contracts/governance/action.ts';
import { ruleSetName } from '../../../../src/contracts/governance/rule-sets.ts';
import {
  actions,
  categories,
  did,
  keyHolders,
  name,
  nodeKey,
  purpose,
  roles,
} from '../../../../src/contracts/index.ts';

/** A JSON schema (2020-12) as far as the contracts' own use it. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as JsonSchema;
}

/** Texts that are told apart by their pattern. */
const texts = new Map<string | undefined, string>([
  [jsonSchemaOf(did()).pattern, 'DID'],
  [jsonSchemaOf(nodeKey()).pattern, 'node id'],
  [jsonSchemaOf(name()).pattern, 'name'],
  [jsonSchemaOf(actor()).pattern, 'actor'],
  [jsonSchemaOf(purpose()).pattern, 'purpose'],
  [jsonSchemaOf(address()).pattern, '`host:port`'],
  [jsonSchemaOf(ruleSetName()).pattern, 'name of a rule set'],
]);

/** Lists of codes that stand once, at the beginning of the document. */
export const vocabularies: Readonly<Record<string, readonly string[]>> = {
  role: roles,
  action: actions,
  category: categories,
  'key holder': keyHolders,
};

const hexPattern = '[0-9a-f]';
const isTime = /^(at|from|until|validUntil|reviewBy|nextFrom|[a-z]+At)$/;

/** The type of a field in a few words; `shapeOf` names the object types that have a table of their own. */
export function typeInWords(
  field: string,
  schema: JsonSchema,
  shapeOf: (schema: JsonSchema) => string | undefined,
): string {
  const shape = shapeOf(schema);
  if (shape !== undefined) return shape;
  switch (schema.type) {
    case 'array': {
      const items = schema.items ?? {};
      return `list of ${range(schema.minItems ?? 0, schema.maxItems ?? 0)}: ${typeInWords(field, items, shapeOf)}`;
    }
    case 'string':
      return schema.enum === undefined ? textInWords(schema) : codesInWords(schema.enum);
    case 'integer':
      return isTime.test(field) ? 'time' : wholeNumber(schema);
    case 'boolean':
      return 'true or false';
    default:
      return 'object';
  }
}

function codesInWords(codes: readonly string[]): string {
  for (const [word, list] of Object.entries(vocabularies))
    if (list.length === codes.length && list.every((code, place) => code === codes[place])) return word;
  return codes.map((code) => `\`${code}\``).join(', ');
}

function textInWords({ pattern, minLength = 0, maxLength = 0 }: JsonSchema): string {
  const known = texts.get(pattern);
  if (known !== undefined) return known;
  if (pattern?.includes(hexPattern)) {
    const [least, most] = [minLength / 2, maxLength / 2];
    return least === most ? `${most} bytes` : `${range(least, most)} bytes`;
  }
  return `text, at most ${maxLength}`;
}

function wholeNumber({ minimum, maximum }: JsonSchema): string {
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (most !== undefined) return `whole number, ${range(least ?? 0, most)}`;
  return least === undefined ? 'whole number' : `whole number, from ${least}`;
}

function range(least: number, most: number): string {
  return least === most ? `${most}` : `${least} to ${most}`;
}
