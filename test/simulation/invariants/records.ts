import { createHash } from 'node:crypto';
import { equalBytes, utf8 } from '../../../src/base/index.ts';
import { type BlockReference, decodeJustification } from '../../../src/consensus/index.ts';
import { encodeNodeId } from '../../../src/crypto/index.ts';
import { type CanonicalValue, decodeBlock, decodeCanonical } from '../../../src/ledger/index.ts';
import { readConfiguration } from '../../../src/node/replica/configuration.ts';
import { prefixedKey } from '../../../src/storage/index.ts';
import type { ModelTransaction } from './reference-model.ts';
import { keyOf } from './violation.ts';

export interface BlockRecord {
  readonly reference: BlockReference;
  readonly transactions: readonly ModelTransaction[];
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Node keys with their roles, where the block changes them. */
  readonly changedTo: ReadonlyMap<string, string> | undefined;
}

/** Blocks by their bytes: each travels and is stored many times, and is read once. */
export class BlockRecords {
  readonly #byDigest = new Map<string, BlockRecord>();
  readonly #byHash = new Map<string, BlockRecord>();

  read(bytes: Uint8Array): BlockRecord {
    const digest = createHash('sha256').update(bytes).digest('binary');
    let record = this.#byDigest.get(digest);
    if (record === undefined) {
      record = readBlockRecord(bytes);
      this.#byDigest.set(digest, record);
      this.#byHash.set(keyOf(record.reference.hash), record);
    }
    return record;
  }

  get size(): number {
    return this.#byDigest.size;
  }

  get(hash: string): BlockRecord | undefined {
    return this.#byHash.get(hash);
  }
}

function readBlockRecord(bytes: Uint8Array): BlockRecord {
  const block = decodeBlock(bytes);
  const { height, term, parentHash, proposer, configurationHash } = block.header;
  const justification = decodeJustification(block.justification, readConfiguration);
  return {
    reference: {
      height,
      term,
      hash: block.hash,
      parentHash,
      proposer: encodeNodeId(proposer),
      configurationHash,
      justification,
      byteLength: bytes.length,
    },
    transactions: block.transactions.map(({ idHex, kind, payload, validUntil }) => ({
      id: idHex,
      kind,
      payload,
      validUntil,
    })),
    timestamp: block.header.timestamp,
    changedTo:
      justification.configuration &&
      new Map(justification.configuration.nodes.map(({ publicKey, role }) => [keyOf(publicKey), role])),
  };
}

/** The record of the newest applied block, as the ledger writes it with each commit. */
export interface AppliedRecord {
  readonly height: number;
  readonly hash: string;
  readonly stateRoot: string;
  /** Where the state lies, and the block with which this node's history begins: 0, or that of a snapshot. */
  readonly space: 0 | 1;
  readonly originHeight: number;
}

const appliedKey = prefixedKey('meta', utf8('applied'));
const appliedLimits = { bytesMax: 1024 * 1024, depthMax: 5, countMax: 100_000 };

export function readAppliedRecord(key: Uint8Array, value: Uint8Array): AppliedRecord | undefined {
  if (!equalBytes(key, appliedKey)) return undefined;
  const [, height, , hash, , , stateRoot, , , , origin] = decodeCanonical(
    value,
    appliedLimits,
  ) as readonly CanonicalValue[];
  const [space, originHeight] = origin as readonly [0 | 1, number];
  return {
    height: height as number,
    hash: keyOf(hash as Uint8Array),
    stateRoot: keyOf(stateRoot as Uint8Array),
    space,
    originHeight,
  };
}
