import { existsSync } from 'node:fs';
import { z } from 'zod';
import { AssentError, fromHex, messageOf, toHex } from '../../base/index.ts';
import { encodeBlockCertificate } from '../../consensus/index.ts';
import { decodeNodeId } from '../../crypto/index.ts';
import { invalidRecovery } from '../../ledger/index.ts';
import { openDataDirectory } from '../../storage/index.ts';
import type { NodeConfig } from '../config/index.ts';
import { createNodeKey, readNodeKey } from '../node-key.ts';
import { readIdentity } from '../opening.ts';
import { type ChainAtRest, openChainAtRest } from './chain-at-rest.ts';

/** A block, its hash in hexadecimal. */
export interface BlockPlace {
  readonly height: number;
  readonly term: number;
  readonly hash: string;
}

/** What a stopped node has, and under which key it would go on: what a statement is drafted from. All of it is public. */
export interface RecoveryReport {
  readonly format: 'assent-recovery-report-1';
  readonly ledgerId: string;
  readonly member: string;
  readonly formerNode: string;
  /** Id of the new key. */
  readonly node: string;
  /** `host:port` at which others reach it. */
  readonly address: string;
  readonly tip: BlockPlace;
  /** The highest certified block, with its proof in hexadecimal. */
  readonly certified: BlockPlace & { readonly certificate: string; readonly configuration: string };
  /** Blocks that nodes said they had, in acks of which this node holds the highest of each. */
  readonly acknowledged: readonly (BlockPlace & { readonly node: string })[];
}

const hex = z.string().regex(/^([0-9a-f]{2})*$/, 'expected hexadecimal digits');
const nodeId = z.string().refine((text) => decodeNodeId(text) !== undefined, 'expected a node id');
const place = { height: z.int().min(0), term: z.int().min(0), hash: hex.length(64) };

const report: z.ZodType<RecoveryReport> = z.strictObject({
  format: z.literal('assent-recovery-report-1'),
  ledgerId: hex.length(64),
  member: z.string(),
  formerNode: nodeId,
  node: nodeId,
  address: z.string(),
  tip: z.strictObject(place),
  certified: z.strictObject({ ...place, certificate: hex, configuration: hex }),
  acknowledged: z.array(z.strictObject({ ...place, node: nodeId })),
});

/** Reads a report. `file` is only named in errors. Throws `input-invalid`. */
export function parseReport(text: string, file: string): RecoveryReport {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AssentError('input-invalid', `${file} is not JSON: ${messageOf(error)}.`, {}, { cause: error });
  }
  const parsed = report.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const problem = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is no report'}`;
  throw new AssentError('input-invalid', `${file} is no report of a stopped node: ${problem}.`);
}

/** The file of the key with which a node will go on. */
export function nextKeyFile({ nodeKeyFile }: Pick<NodeConfig, 'nodeKeyFile'>): string {
  return `${nodeKeyFile}.next`;
}

/**
 * Looks into the directory of a stopped node, and makes it a new key unless it has one that waits. Changes nothing else.
 * Throws `storage-locked` while the node runs, `recovery-invalid` where nothing is certified.
 */
export async function reportOfStopped(config: NodeConfig, address: string): Promise<RecoveryReport> {
  const { genesis, key, member } = readIdentity(config);
  const directory = await openDataDirectory(config.directory, {
    ledgerId: genesis.ledgerId,
    nodeKey: key.signer.publicKey,
  });
  try {
    const chain = openChainAtRest(directory, genesis);
    const file = nextKeyFile(config);
    const next = existsSync(file) ? readNodeKey(file) : createNodeKey(file);
    return {
      format: 'assent-recovery-report-1',
      ledgerId: toHex(genesis.ledgerId),
      member,
      formerNode: key.nodeId,
      node: next.nodeId,
      address,
      tip: placeOf(chain.restored.tip),
      certified: certifiedIn(chain),
      acknowledged: acknowledgedIn(chain, key.nodeId),
    };
  } finally {
    await directory.close();
  }
}

export function placeOf({ height, term, hash }: { height: number; term: number; hash: Uint8Array }): BlockPlace {
  return { height, term, hash: toHex(hash) };
}

/** The highest acks that the directory holds, the node's own among them. */
export function acknowledgedIn({ restored }: ChainAtRest, self: string): RecoveryReport['acknowledged'] {
  const own = restored.hardState.ack;
  const held = restored.peerPromises.flatMap(({ nodeId: node, ack }) => (ack ? [{ node, ack: ack.statement }] : []));
  return [...(own === undefined ? [] : [{ node: self, ack: own }]), ...held].map(({ node, ack }) => {
    return { node, ...placeOf({ ...ack, hash: ack.blockHash }) };
  });
}

function certifiedIn({ certificate, configurations }: ChainAtRest): RecoveryReport['certified'] {
  const configuration = certificate && configurations.get(certificate.ack.configurationHash);
  if (certificate === undefined || configuration === undefined)
    throw invalidRecovery('nothing in this directory is certified');
  const { ack } = certificate;
  return {
    ...placeOf({ ...ack, hash: ack.blockHash }),
    certificate: toHex(encodeBlockCertificate(certificate)),
    configuration: toHex(configuration.bytes),
  };
}

/** Bytes of a checked report's field. */
export function bytesOf(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array();
}
