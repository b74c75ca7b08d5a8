import { AssentError, toHex, uint64Bytes, utf8 } from '../../base/index.ts';
import type { BlockReference, Configuration, ConfigurationChange, Hash } from '../../consensus/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import { decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import { readConfiguration } from './configuration.ts';
import { binary, count, list, readRecord } from './records.ts';

const headKey = prefixedKey('consensus', utf8('configuration-head'));
const recordLimits = { bytesMax: 16_384, depthMax: 2, countMax: 8 };

function recordKey(height: number): Uint8Array {
  return prefixedKey('consensus', utf8('configuration'), uint64Bytes(height));
}

/** A block that changed the configuration, and what is in force after it. */
export interface Change {
  readonly height: number;
  readonly configuration: Configuration;
}

/**
 * The configurations along the durable chain, each a record under its block's height that names the one before: a start
 * finds them without a look at every block. Written in the batch of the block itself.
 */
export class ConfigurationRecords {
  readonly #byHash = new Map<string, Configuration>();
  readonly #changes: Change[] = [];

  constructor(store: Store, genesis: Configuration) {
    this.#byHash.set(toHex(genesis.hash), genesis);
    let height = readRecord(store, headKey, decodeHead) ?? 0;
    while (height > 0) {
      const { previousHeight, configuration } = readRecord(store, recordKey(height), decodeRecord) ?? missing(height);
      this.#byHash.set(toHex(configuration.hash), configuration);
      this.#changes.unshift({ height, configuration });
      height = previousHeight;
    }
  }

  /** The changes along the durable chain, ascending. */
  get changes(): ConfigurationChange[] {
    return this.#changes.map(({ height, configuration }) => ({ height, configurationHash: configuration.hash }));
  }

  /** Every node that was ever in the configuration. */
  nodes(): Set<NodeId> {
    return new Set([...this.#byHash.values()].flatMap(({ nodes }) => nodes.map(({ id }) => id)));
  }

  /** Takes in a configuration that the chain is yet to bring. */
  learn(configuration: Configuration): void {
    this.#byHash.set(toHex(configuration.hash), configuration);
  }

  /** The generation of a node's key: it belongs to one only. Undefined for a stranger's. */
  generationOf(nodeId: NodeId): number | undefined {
    for (const { generation, nodes } of this.#byHash.values())
      if (nodes.some(({ id }) => id === nodeId)) return generation;
    return undefined;
  }

  get(hash: Hash): Configuration | undefined {
    return this.#byHash.get(toHex(hash));
  }

  /** What the batch that cuts the chain, or appends to it, has to write besides; nothing when no change is touched. */
  operations(truncateAbove: number | undefined, appended: readonly BlockReference[]): Operation[] {
    const operations: Operation[] = [];
    const isCut = ({ height }: Change): boolean => truncateAbove !== undefined && height > truncateAbove;
    for (let last = this.#changes.at(-1); last !== undefined && isCut(last); last = this.#changes.at(-1)) {
      operations.push({ type: 'delete', key: recordKey(last.height) });
      this.#changes.pop();
    }
    for (const { height, justification } of appended) {
      const { configuration } = justification;
      if (configuration === undefined) continue;
      const previousHeight = this.#changes.at(-1)?.height ?? 0;
      const value = encodeCanonical([previousHeight, configuration.bytes]);
      operations.push({ type: 'put', key: recordKey(height), value });
      this.#changes.push({ height, configuration });
      this.#byHash.set(toHex(configuration.hash), configuration);
    }
    if (operations.length === 0) return operations;
    const value = encodeCanonical([this.#changes.at(-1)?.height ?? 0]);
    return [...operations, { type: 'put', key: headKey, value }];
  }

  /**
   * What writes other changes, ascending, in the place of all that are kept: those up to a snapshot's block. The records
   * are to be read anew after the batch.
   */
  replacement(changes: readonly Change[]): Operation[] {
    const kept = new Set(changes.map(({ height }) => height));
    const operations: Operation[] = [];
    for (const { height } of this.#changes)
      if (!kept.has(height)) operations.push({ type: 'delete', key: recordKey(height) });
    let previousHeight = 0;
    for (const { height, configuration } of changes) {
      const value = encodeCanonical([previousHeight, configuration.bytes]);
      operations.push({ type: 'put', key: recordKey(height), value });
      previousHeight = height;
    }
    return [...operations, { type: 'put', key: headKey, value: encodeCanonical([previousHeight]) }];
  }
}

function missing(height: number): never {
  throw new AssentError('storage-damaged', `the record of the configuration of block ${height} is missing`, { height });
}

function decodeHead(bytes: Uint8Array): number {
  const [height] = list(decodeCanonical(bytes, recordLimits), 1);
  return count(height);
}

function decodeRecord(bytes: Uint8Array): { previousHeight: number; configuration: Configuration } {
  const [previousHeight, configuration] = list(decodeCanonical(bytes, recordLimits), 2);
  return { previousHeight: count(previousHeight), configuration: readConfiguration(binary(configuration)) };
}
