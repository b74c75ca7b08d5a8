import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, present, toHex } from '../../base/index.ts';
import { ruleSet } from '../../contracts/index.ts';
import { createSigner, decodeNodeId, SEED_BYTES, systemRandom } from '../../crypto/index.ts';
import { type Consortium, generateConsortium, genesisDomains, genesisMembers, keepKeys } from '../../demo/index.ts';
import { createGenesis, type Genesis, genesisToText } from '../../ledger/index.ts';
import type { Keystore } from '../../vault/index.ts';
import { clusterKeystoreParts } from '../keys/open-keystore.ts';
import { type ClusterFile, type ClusterNode, clusterFileName, nodeDirectory, writeCluster } from './cluster-file.ts';
import { clusterLockName } from './cluster-lock.ts';
import { choosePorts, p2pOffset } from './ports.ts';

export interface ClusterPlan {
  readonly nodeCount: number;
  readonly basePort: number;
  /** The base port was asked for: then exactly these ports. */
  readonly exactPorts: boolean;
}

const ledgerName = 'local';
const seedName = 'demo/consortium';

/**
 * The invented consortium that a keystore stands for: the same each time, from one seed that is kept there. Its keys are
 * put into the keystore.
 */
export function consortiumIn(keystore: Keystore): Consortium {
  if (!keystore.list().some(({ name }) => name === seedName))
    keystore.putSeed(seedName, systemRandom.bytes(SEED_BYTES), { role: 'demo-seed' });
  const consortium = generateConsortium(keystore.seed(seedName));
  keepKeys(keystore, consortium);
  return consortium;
}

/** Whether the keystore stands for an invented consortium. */
export function hasConsortium(keystore: Keystore): boolean {
  return keystore.list().some(({ name }) => name === seedName);
}

/**
 * Makes the directories of a new local cluster: a ledger that the consortium's members found together, their nodes shared
 * out among them in turn. Throws `port-in-use`.
 */
export async function createCluster(
  directory: string,
  draft: ClusterFile,
  plan: ClusterPlan,
  consortium: Consortium,
): Promise<ClusterFile> {
  const [apiPorts, p2pPorts] = await portsOf(plan);
  const members = genesisMembers(consortium, createSigner);
  const { createNodeKey } = await import('../../node/index.ts');
  const nodes = Array.from({ length: plan.nodeCount }, (_, place): ClusterNode => {
    const folder = nodeDirectory(directory, place + 1);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    return {
      number: place + 1,
      nodeId: createNodeKey(join(folder, 'node.key')).nodeId,
      member: present(members[place % members.length], 'a consortium has members').name,
      apiPort: present(apiPorts[place], 'a port for each node'),
      p2pPort: present(p2pPorts[place], 'a port for each node'),
      process: null,
    };
  });
  const genesis = foundLedger(nodes, consortium);
  for (const node of nodes) writeNode(directory, node, nodes, genesis);
  const cluster: ClusterFile = {
    ...draft,
    complete: true,
    ledgerId: toHex(genesis.ledgerId),
    ledgerName,
    nodes,
  };
  writeCluster(directory, cluster);
  return cluster;
}

/**
 * Makes the directory of a cluster; answers whether it was missing. One that holds anything but what an interrupted
 * creation may have left is refused with `storage-foreign`.
 */
export function prepareDirectory(directory: string): boolean {
  const known = new Set([clusterFileName, `${clusterFileName}.new`, clusterLockName, ...clusterKeystoreParts]);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return true;
  }
  const content = readdirSync(directory);
  const ours = content.includes(clusterFileName) || content.includes(clusterLockName);
  const stranger = content.find((name) => !known.has(name) && !(ours && /^node-\d+$/.test(name)));
  if (stranger !== undefined)
    throw new AssentError(
      'storage-foreign',
      `${directory} holds "${stranger}" and no local cluster; nothing was touched.`,
    );
  return false;
}

async function portsOf({ nodeCount, basePort, exactPorts }: ClusterPlan): Promise<readonly [number[], number[]]> {
  if (basePort === 0) {
    const ports = await choosePorts(2 * nodeCount, { start: 0, exact: false });
    return [ports.slice(0, nodeCount), ports.slice(nodeCount)];
  }
  const api = await choosePorts(nodeCount, { start: basePort + 1, exact: exactPorts });
  const p2p = await choosePorts(nodeCount, { start: basePort + p2pOffset + 1, exact: exactPorts });
  return [api, p2p];
}

function foundLedger(nodes: readonly ClusterNode[], consortium: Consortium): Genesis {
  return createGenesis({
    ledgerName,
    createdAt: Date.now(),
    members: genesisMembers(consortium, createSigner),
    nodes: nodes.map(({ nodeId, member }) => ({
      publicKey: present(decodeNodeId(nodeId), 'made from a key'),
      member,
      role: 'voter',
    })),
    domains: genesisDomains(consortium),
    parameters: [],
    ruleSet,
  });
}

function writeNode(directory: string, node: ClusterNode, all: readonly ClusterNode[], genesis: Genesis): void {
  const folder = nodeDirectory(directory, node.number);
  const peers = all
    .filter(({ number }) => number !== node.number)
    .map(({ nodeId, p2pPort }) => ({ nodeId, addresses: [`/ip4/127.0.0.1/tcp/${p2pPort}`] }));
  const config = {
    directory: 'data',
    nodeKeyFile: 'node.key',
    genesisFile: 'genesis',
    p2p: { listen: { host: '127.0.0.1', port: node.p2pPort }, peers },
    api: { listen: { host: '127.0.0.1', port: node.apiPort } },
  };
  writeFileSync(join(folder, 'genesis'), genesisToText(genesis), { mode: 0o600 });
  writeFileSync(join(folder, 'node.json'), `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
