import { fromHex, present } from '../../../../src/base/index.ts';
import { accessRequestToJson, decodeAccessRequest } from '../../../../src/contracts/access/request.ts';
import type { Contract, Kind } from '../../../../src/contracts/engine/contract.ts';
import { namingOf } from '../../../../src/contracts/governance/action.ts';
import { parameterDefinitions } from '../../../../src/contracts/governance/parameters.ts';
import { type Catalogue, type EntryType, governanceActions, purposeTextMax } from '../../../../src/contracts/index.ts';
import { type Field, fieldsOf, shapeLink, shapes } from './fields.ts';
import { type JsonSchema, jsonSchemaOf, vocabularies } from './types-in-words.ts';

/** docs/contracts.md, from the contracts themselves. */
export function contractsDocument(catalogue: Catalogue): string {
  return [
    introduction(catalogue),
    ...catalogue.contracts.map((contract) => contractSection(catalogue, contract)),
    `## Shapes\n\n${shapes.map(shapeSection).join('\n\n')}\n\n${requestExample(catalogue)}`,
    valuesSection,
  ].join('\n\n');
}

function introduction(catalogue: Catalogue): string {
  const rows = catalogue.contracts.flatMap((contract) =>
    [...contract.kinds.values()].map((kind) => [kindLink(kind.name), kind.documentation.summary]),
  );
  return `# Contracts

What can be done on the ledger: every kind of transaction with its fields, its rules and what it changes. Written from the
contracts themselves (\`npx vitest run test/unit/house -u\` after a change); every example is checked.

A transaction is made with \`buildTransaction\` of \`assent/client\` from the JSON form that stands here, and sent
to \`POST /v1/transactions\` of any node ([protocol.md](protocol.md), "Transactions"; \`/openapi.json\` of a running node). The
sender is whoever signs. A node refuses at once what has not the shape of its kind. What has it gets a place in a block,
and there the rules are looked at in their order: the first that does not permit refuses, with its code and its sentence
([errors.md](errors.md)). A refused transaction changes nothing. \`assent tx explain ID\` shows which rule decided, and
what it saw. How a consent is decided on: [consent.md](consent.md), and to the letter [decision.md](decision.md).

Before any rule of a kind the engine refuses with \`payload-invalid\`, \`identity-deactivated\` or, while it runs, \`limits\`.

${table(['kind', 'what it is for'], rows)}`;
}

function kindLink(kind: string): string {
  return `[\`${kind}\`](#${kind.replace('.', '').toLowerCase()})`;
}

function contractSection(catalogue: Catalogue, contract: Contract): string {
  const kinds = [...contract.kinds.values()].map((kind) => kindSection(catalogue, kind));
  const more = contract.namespace === 'governance' ? [actionsSection(), parametersSection()] : [];
  return [`## ${contract.namespace}`, contract.summary, ...kinds, ...more, streamsSection(contract)].join('\n\n');
}

function kindSection(catalogue: Catalogue, { name, rules, documentation }: Kind): string {
  const { summary, effects } = documentation;
  const output = catalogue.outputJsonSchema(name);
  const inOrder = rules.map((rule, place) => [`${place + 1}`, `\`${rule.code}\``, rule.sentence]);
  return [
    `### ${name}`,
    summary,
    fieldTable(fieldsOf(name, catalogue.payloadJsonSchema(name) as JsonSchema), 'The payload has no fields.'),
    'Refused with:',
    table(['', 'code', 'which means'], inOrder),
    'What changes:',
    effects.map((effect) => `- ${effect}`).join('\n'),
    ...(output === null ? [] : ['It reports:', fieldTable(fieldsOf(`${name}>`, output as JsonSchema), 'Nothing.')]),
    example(documentation.example),
  ].join('\n\n');
}

function fieldTable(fields: readonly Field[], none: string): string {
  if (fields.length === 0) return none;
  const rows = fields.map(({ path, type, isRequired, absent, meaning }) => {
    const needed = absent === undefined ? 'no' : `no: \`${absent}\``;
    return [`\`${path}\``, type, isRequired ? 'yes' : needed, meaning];
  });
  return table(['field', 'type', 'needed', 'meaning'], rows);
}

/** The entries of each stream, and what their fields mean. */
function streamsSection({ namespace, streams }: Contract): string {
  const types = [...new Set(Object.values(streams).flat())];
  const entries = types.map((type) => {
    const within = Object.entries(streams).filter(([, listed]) => listed.includes(type));
    const top = fieldsOf(type.type, jsonSchemaOf(type.schema)).filter(({ path }) => !/[.[]/.test(path));
    return [
      `\`${type.type}\``,
      within.map(([stream]) => `\`${stream}\``).join(', '),
      top.map(({ path, isRequired }) => `\`${path}${isRequired ? '' : '?'}\``).join(', '),
    ];
  });
  return [
    `### Entries of ${namespace}`,
    'What stands in the streams that people read as history. `?`: may be absent.',
    table(['entry', 'stream', 'fields'], entries),
    table(['field', 'type', 'meaning'], meaningRows(types)),
  ].join('\n\n');
}

/** A row for each field of these entries; where it means another thing in some, a row for each meaning that names those. */
function meaningRows(types: readonly EntryType<never>[]): string[][] {
  const variants = new Map<string, Map<string, { readonly field: Field; readonly types: string[] }>>();
  for (const { type, schema } of types)
    for (const field of fieldsOf(type, jsonSchemaOf(schema))) {
      const ofPath = variants.get(field.path) ?? new Map();
      const key = `${field.type} ${field.meaning}`;
      ofPath.set(key, { field, types: [...(ofPath.get(key)?.types ?? []), type] });
      variants.set(field.path, ofPath);
    }
  const paths = [...variants.keys()].sort();
  return paths.flatMap((path) => {
    const rows = [...(variants.get(path)?.values() ?? [])];
    return rows.map(({ field, types: within }) => {
      const where = rows.length === 1 ? '' : `${inWords(within)}: `;
      return [`\`${path}\``, field.type, `${where}${field.meaning}`];
    });
  });
}

function shapeSection({ name, schema, about }: (typeof shapes)[number]): string {
  const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  return `### ${title}\n\n${about}\n\n${fieldTable(fieldsOf(name, schema), '')}`;
}

/** The request inside the example of `access.record`. */
function requestExample(catalogue: Catalogue): string {
  const { request } = catalogue.kind('access.record')?.documentation.example ?? {};
  const decoded = decodeAccessRequest(present(fromHex(String(request)), 'the example is hexadecimal'));
  return example(accessRequestToJson(present(decoded, 'the example is a request')));
}

function example(json: unknown): string {
  return `Example:\n\n\`\`\`json\n${JSON.stringify(json, undefined, 2)}\n\`\`\``;
}

function actionsSection(): string {
  const rows = governanceActions.map((action) => {
    const { needs, mayHave = [] } = namingOf(action);
    return [`\`${action}\``, inWords(needs), inWords(mayHave)];
  });
  return `### What each action names\n\n${table(['action', 'names', 'may name'], rows)}`;
}

function inWords(fields: readonly string[]): string {
  return fields.map((field) => `\`${field}\``).join(', ');
}

function parametersSection(): string {
  const rows = Object.entries(parameterDefinitions).map(([name, { unit, min, max, absent, meaning }]) => {
    return [`\`${name}\``, unit, `${min} to ${max}`, absent === undefined ? '' : `${absent}`, meaning];
  });
  return `### Parameters\n\n${table(['parameter', 'unit', 'value', 'while nobody sets it', 'meaning'], rows)}`;
}

const valuesSection = `## Values

| type | in JSON |
|---|---|
| DID | \`did:assent:z6Mk…\`: an Ed25519 key ([protocol.md](protocol.md) §2). It stays when the key changes. |
| node id | \`12D3KooW…\` |
| N bytes | lower-case hexadecimal, two characters a byte |
| time | milliseconds since 1970-01-01 UTC |
| name | of a member, a domain, a group: lower-case letters, digits, dots, hyphens; at most 64 |
| actor | a DID, \`member:NAME\` (all agents of a member), \`group:MEMBER/GROUP\`, or \`role:ROLE\` |
${Object.entries(vocabularies)
  .map(([word, codes]) => `| ${word} | ${inWords(codes)} |`)
  .join('\n')}
| purpose | a code of HL7 v3 ActReason, or \`system\\|code\` of another system, at most ${purposeTextMax} characters ([consent.md](consent.md#purposes)) |

A salted commitment is \`SHA-256(domain ‖ 32 random bytes ‖ content)\` ([privacy.md](privacy.md)): free text, chart numbers,
labels and dates of care are on the ledger in no other form. The opening stays with whoever made it.

Where a type is a ${shapeLink('provision')}, a ${shapeLink('period')} and so on, see [shapes](#shapes).
`;

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
