import { utf8 } from '../../base/index.ts';
import type { JsonNode, JsonObject } from './node.ts';

/**
 * RFC 8785 (JCS) form of a value, with one deviation: number tokens are kept as the source writes them, because a FHIR
 * decimal carries its precision (1.0 is not 1.00) and passing it through a double would lose it.
 *
 * @param omitted names of the root object's members that are left out.
 */
export function canonicalJson(node: JsonNode, omitted: readonly string[] = []): Uint8Array {
  const parts: string[] = [];
  write(node, parts, omitted);
  return utf8(parts.join(''));
}

/** The form of a resource that survives a server which parses and writes it anew: RFC 8785 without `meta`. */
export function canonicalResource(resource: JsonObject): Uint8Array {
  return canonicalJson(resource, ['meta']);
}

function write(node: JsonNode, parts: string[], omitted: readonly string[]): void {
  switch (node.type) {
    case 'object': {
      // §3.2.3: names in the order of their UTF-16 code units, which is how strings compare here.
      const names = [...node.members.keys()].filter((name) => !omitted.includes(name)).sort();
      let separator = '{';
      for (const name of names) {
        parts.push(separator, JSON.stringify(name), ':');
        write(node.members.get(name) as JsonNode, parts, []);
        separator = ',';
      }
      parts.push(names.length === 0 ? '{}' : '}');
      return;
    }
    case 'array': {
      let separator = '[';
      for (const item of node.items) {
        parts.push(separator);
        write(item, parts, []);
        separator = ',';
      }
      parts.push(node.items.length === 0 ? '[]' : ']');
      return;
    }
    case 'string':
      // §3.2.2.2 is ECMAScript's own escaping of a well-formed string, and the scanner admits no other.
      parts.push(JSON.stringify(node.value));
      return;
    case 'number':
      parts.push(node.token);
      return;
    case 'literal':
      parts.push(String(node.value));
      return;
  }
}
