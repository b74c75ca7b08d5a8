import { AssentError } from '../../base/index.ts';
import { itemsAt, type JsonNode, type JsonObject, stringAt } from './node.ts';
import { scanJson } from './scanner.ts';

/** A FHIR R4 resource, and the exact bytes in which its file writes it. */
export interface Resource {
  readonly resourceType: string;
  /** Logical id; undefined where the file states none. */
  readonly id: string | undefined;
  readonly node: JsonObject;
  readonly bytes: Uint8Array;
}

/** One element of `Bundle.entry`: the resource and what the file wraps around it (fullUrl, request, …). */
export interface BundleEntry {
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly node: JsonObject;
  /** The element `/entry/<index>`, from its opening to its closing brace. */
  readonly bytes: Uint8Array;
  readonly resource: Resource;
}

export interface Bundle {
  /** What the bundle is called, also by its copies: its identifier, else its id, else the name of its file. */
  readonly identity: string;
  readonly file: string;
  readonly entries: readonly BundleEntry[];
}

/**
 * Reads a FHIR R4 Bundle with byte precision. `file` is its name, for messages and as the last resort of an identity.
 *
 * Throws `input-invalid`, naming file and offset, when the bytes are no JSON text or no Bundle of resources.
 */
export function readBundle(bytes: Uint8Array, file: string): Bundle {
  const root = scanJson(bytes, file);
  if (root.type !== 'object' || stringAt(root, 'resourceType') !== 'Bundle')
    throw invalid(file, root, 'not a FHIR Bundle (resourceType is not "Bundle")');
  const entry = root.members.get('entry');
  if (entry !== undefined && entry.type !== 'array') throw invalid(file, entry, 'Bundle.entry is not an array');
  return {
    identity: bundleIdentity(root, file),
    file,
    entries: itemsAt(root, 'entry').map((node, index) => readEntry(node, index, bytes, file)),
  };
}

/** Reads a single resource, as a server returns it. Throws `input-invalid`. */
export function readResource(bytes: Uint8Array, file: string): Resource {
  return toResource(scanJson(bytes, file), bytes, file);
}

function readEntry(node: JsonNode, index: number, bytes: Uint8Array, file: string): BundleEntry {
  if (node.type !== 'object') throw invalid(file, node, `entry ${index} is not an object`);
  const resource = node.members.get('resource');
  if (resource === undefined) throw invalid(file, node, `entry ${index} has no resource`);
  return {
    index,
    fullUrl: stringAt(node, 'fullUrl'),
    node,
    bytes: bytes.subarray(node.start, node.end),
    resource: toResource(resource, bytes, file),
  };
}

function toResource(node: JsonNode, bytes: Uint8Array, file: string): Resource {
  const resourceType = stringAt(node, 'resourceType');
  // The form of a FHIR type name; anything else would end up in committed bodies as it stands.
  if (node.type !== 'object' || resourceType === undefined || !/^[A-Z][A-Za-z]{0,63}$/.test(resourceType))
    throw invalid(file, node, 'not a FHIR resource (no resourceType)');
  return { resourceType, id: stringAt(node, 'id'), node, bytes: bytes.subarray(node.start, node.end) };
}

function bundleIdentity(root: JsonObject, file: string): string {
  const value = stringAt(root, 'identifier', 'value');
  if (value !== undefined) return `identifier:${stringAt(root, 'identifier', 'system') ?? ''}|${value}`;
  const id = stringAt(root, 'id');
  return id === undefined ? `file:${file.slice(file.lastIndexOf('/') + 1)}` : `id:${id}`;
}

function invalid(file: string, node: JsonNode, reason: string): AssentError {
  return new AssentError('input-invalid', `${file}, byte ${node.start}: ${reason}.`, { file, offset: node.start });
}
