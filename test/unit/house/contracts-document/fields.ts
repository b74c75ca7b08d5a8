import { resultClaims } from '../../../../src/contracts/access/claims.ts';
import { nestedProvisions, provision } from '../../../../src/contracts/consent/provision.ts';
import { domainPolicy } from '../../../../src/contracts/enrolment/policy.ts';
import { guardianPlan } from '../../../../src/contracts/identity/state.ts';
import { accessRequestJsonSchema, period } from '../../../../src/contracts/index.ts';
import { meanings } from './meanings.ts';
import { type JsonSchema, jsonSchemaOf, typeInWords } from './types-in-words.ts';

/** A field of an object, also of one inside it: `policy.roles[].role`. */
export interface Field {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** What stands for it where it is absent, as JSON. */
  readonly absent?: string;
  readonly meaning: string;
}

/** Objects that several kinds have, each with a table of its own. */
export const shapes: readonly { readonly name: string; readonly schema: JsonSchema; readonly about: string }[] = [
  {
    name: 'provision',
    schema: jsonSchemaOf(provision),
    about:
      'One rule of a consent. Its clauses are AND-ed, the values of one clause OR-ed; a clause that is absent does not constrain. At most one of `sealed` and `categories`.',
  },
  {
    name: 'nested provision',
    schema: jsonSchemaOf(nestedProvisions).items ?? {},
    about: 'A provision inside another one: an exception, looked at only where all around it matches.',
  },
  { name: 'period', schema: jsonSchemaOf(period()), about: 'Half-open: `from ≤ t < until`.' },
  { name: 'policy of a domain', schema: jsonSchemaOf(domainPolicy), about: "The rules of a custodian's domain." },
  {
    name: 'guardian plan',
    schema: jsonSchemaOf(guardianPlan),
    about: 'Who can give an identity a new key, how many of them it takes, and how long the current key can veto.',
  },
  {
    name: 'result set',
    schema: jsonSchemaOf(resultClaims).items ?? {},
    about: "What one consent can come to, as the custodian's gateway found it with the opened clauses.",
  },
  {
    name: 'access request',
    schema: accessRequestJsonSchema() as JsonSchema,
    about:
      'What an agent signs to ask a custodian for one record. `encodeAccessRequest` makes the bytes that travel, and `accessRequestMessage` what is signed, which names the ledger.',
  },
];

export function shapeLink(name: string): string {
  return `[${name}](#${name.replaceAll(' ', '-')})`;
}

function shapeOf(schema: JsonSchema): string | undefined {
  const text = JSON.stringify(schema);
  const found = shapes.find((shape) => JSON.stringify(shape.schema) === text);
  return found && shapeLink(found.name);
}

/** Keys of {@link meanings} that a document used. */
export const usedMeanings: Set<string> = new Set();

function meaningOf(where: string, path: string): string {
  const plain = path.replace(/^.*\./, '').replace('[]', '');
  const key = [`${where} ${path}`, plain].find((candidate) => Object.hasOwn(meanings, candidate));
  if (key === undefined)
    throw new Error(`test/unit/house/contracts-document/meanings.ts: say what "${where} ${path}" is`);
  usedMeanings.add(key);
  return meanings[key] ?? '';
}

/** All fields of an object, those of its inner objects after each. */
export function fieldsOf(where: string, schema: JsonSchema, prefix = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    const field = {
      path,
      type: typeInWords(name, inner, shapeOf),
      isRequired: schema.required?.includes(name) === true,
      ...(inner.default !== undefined && { absent: JSON.stringify(inner.default) }),
      meaning: meaningOf(where, path),
    };
    const element = inner.type === 'array' ? (inner.items ?? {}) : inner;
    if (element.properties === undefined || shapeOf(element) !== undefined) return [field];
    return [field, ...fieldsOf(where, element, `${path}${element === inner ? '' : '[]'}.`)];
  });
}
