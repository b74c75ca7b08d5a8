/**
 * A JSON value together with the place of its exact bytes: `start` inclusive, `end` exclusive, offsets into the file.
 * Number tokens stay as they are written: in FHIR 1.0 and 1.00 are different decimals.
 */
export type JsonNode =
  | {
      readonly type: 'object';
      readonly start: number;
      readonly end: number;
      readonly members: ReadonlyMap<string, JsonNode>;
    }
  | { readonly type: 'array'; readonly start: number; readonly end: number; readonly items: readonly JsonNode[] }
  | { readonly type: 'string'; readonly start: number; readonly end: number; readonly value: string }
  | { readonly type: 'number'; readonly start: number; readonly end: number; readonly token: string }
  | { readonly type: 'literal'; readonly start: number; readonly end: number; readonly value: true | false | null };

export type JsonObject = Extract<JsonNode, { type: 'object' }>;

/** The member at the end of a path of member names, or undefined where a step is missing or not an object. */
export function memberAt(node: JsonNode, path: readonly string[]): JsonNode | undefined {
  let found: JsonNode | undefined = node;
  for (const name of path) found = found?.type === 'object' ? found.members.get(name) : undefined;
  return found;
}

/** The text of the string at the end of a path, or undefined where there is none. */
export function stringAt(node: JsonNode, ...path: readonly string[]): string | undefined {
  const found = memberAt(node, path);
  return found?.type === 'string' ? found.value : undefined;
}

/** The items of the array at the end of a path; none where there is no array. */
export function itemsAt(node: JsonNode, ...path: readonly string[]): readonly JsonNode[] {
  const found = memberAt(node, path);
  return found?.type === 'array' ? found.items : [];
}
