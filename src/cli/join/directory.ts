import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, toHex } from '../../base/index.ts';
import { type Genesis, genesisFromText, genesisToText } from '../../ledger/index.ts';
import type { NodeConfig, PeerConfig } from '../../node/index.ts';

/** What the directory of a node that joins is made of. */
export interface JoinerPlan {
  readonly genesis: Genesis;
  readonly member: string;
  /** IP address at which the other nodes reach it. */
  readonly host: string;
  readonly p2pPort: number;
  readonly apiPort: number;
  readonly peers: readonly PeerConfig[];
}

/** What a directory has of a node already. */
export interface JoinerDirectory {
  readonly genesis: Genesis | undefined;
  readonly config: NodeConfig | undefined;
  readonly nodeId: string | undefined;
}

/** Reads what is there of a node. Throws `storage-permission`, `genesis-invalid`, `configuration-invalid`. */
export async function readDirectory(directory: string): Promise<JoinerDirectory> {
  const { loadConfig, readNodeKey } = await import('../../node/index.ts');
  const there = <T>(name: string, read: (file: string) => T): T | undefined => {
    const file = join(directory, name);
    return existsSync(file) ? read(file) : undefined;
  };
  return {
    genesis: there('genesis', (file) => genesisFromText(readFileSync(file, 'utf8'))),
    config: there('node.json', loadConfig),
    nodeId: there('node.key', (file) => readNodeKey(file).nodeId),
  };
}

/**
 * Writes what the directory lacks, the configuration last: one that has it is complete. Nothing that is there is
 * replaced. Throws `storage-foreign` for the directory of another ledger or member, `storage-permission`.
 */
export async function writeDirectory(
  directory: string,
  plan: JoinerPlan,
): Promise<{ readonly nodeId: string; readonly files: readonly string[] }> {
  const { createNodeKey } = await import('../../node/index.ts');
  const { genesis, member, host, p2pPort, apiPort, peers } = plan;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const there = await readDirectory(directory);
  checkSameLedger(directory, there, genesis);
  if (there.config?.member !== undefined && there.config.member !== member)
    throw new AssentError(
      'storage-foreign',
      `${directory} is of a node of ${there.config.member}, not of ${member}; nothing was changed.`,
    );
  const files: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text, { mode: 0o600, flag: 'wx' });
    files.push(name);
  };
  const nodeId = there.nodeId ?? createNodeKey(join(directory, 'node.key')).nodeId;
  if (there.nodeId === undefined) files.push('node.key');
  if (there.genesis === undefined) write('genesis', genesisToText(genesis));
  if (there.config === undefined) {
    const config = {
      directory: 'data',
      nodeKeyFile: 'node.key',
      genesisFile: 'genesis',
      member,
      p2p: { listen: { host, port: p2pPort }, peers: peers.filter((peer) => peer.nodeId !== nodeId) },
      api: { listen: { host: '127.0.0.1', port: apiPort } },
    };
    write('node.json', `${JSON.stringify(config, undefined, 2)}\n`);
  }
  return { nodeId, files };
}

/** Throws `storage-foreign` when the directory is of another ledger. */
export function checkSameLedger(directory: string, there: JoinerDirectory, genesis: Genesis): void {
  if (there.genesis === undefined || toHex(there.genesis.ledgerId) === toHex(genesis.ledgerId)) return;
  throw new AssentError(
    'storage-foreign',
    `${directory} belongs to the ledger ${toHex(there.genesis.ledgerId)}, not to ${toHex(genesis.ledgerId)}; nothing was changed.`,
  );
}
