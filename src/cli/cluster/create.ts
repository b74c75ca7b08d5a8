import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, present, toHex } from '../../base/index.ts';
import { ruleSet } from '../../contracts/index.ts';
import { createSigner, decodeNodeId, SEED_BYTES, systemRandom } from '../../crypto/index.ts';
import {
  type Consortium,
  generateConsortium,
  genesisDomains,
  genesisMembers,
  genesisParameters,
  keepKeys,
} from '../../demo/index.ts';
import { createGenesis, type Genesis, genesisToText } from '../../ledger/index.ts';
import type { Keystore } from '../../vault/index.ts';
import { clusterKeystoreParts } from '../keys/open-keystore.ts';
import { type ClusterFile, type ClusterNode, clusterFileName, nodeDirectory, writeCluster } from './cluster-file.ts';
import { clusterLockName } from './cluster-lock.ts';
import { createLinks, dialPort, linkPortCount } from './links/create-links.ts';
import { relayLogName } from './links/launch-relay.ts';
import { choosePorts, linkOffset, p2pOffset } from './ports.ts';

export interface ClusterPlan {
  readonly nodeCount: number;
  readonly basePort: number;
  /** The base port was asked for: then exactly these ports. */
  readonly exactPorts: boolean;
  /** The nodes are linked through a relay. */
  readonly links: boolean;
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
  const { apiPorts, p2pPorts, linkPorts } = await portsOf(plan);
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
      membership: 'member',
      replaces: null,
    };
  });
  const genesis = foundLedger(nodes, consortium);
  const links = plan.links ? createLinks(nodes, linkPorts) : null;
  for (const node of nodes) writeNode(directory, node, { nodes, links }, genesis);
  const cluster: ClusterFile = {
    ...draft,
    complete: true,
    ledgerId: toHex(genesis.ledgerId),
    ledgerName,
    nodes,
    links,
  };
  writeCluster(directory, cluster);
  return cluster;
}

/**
 * Makes the directory of a cluster; answers whether it was missing. One that holds anything but what an interrupted
 * creation may have left is refused with `storage-foreign`.
 */
export function prepareDirectory(directory: string): boolean {
  const known = new Set([
    clusterFileName,
    `${clusterFileName}.new`,
    clusterLockName,
    relayLogName,
    ...clusterKeystoreParts,
  ]);
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

interface Ports {
  readonly apiPorts: readonly number[];
  readonly p2pPorts: readonly number[];
  readonly linkPorts: readonly number[];
}

async function portsOf({ nodeCount, basePort, exactPorts, links }: ClusterPlan): Promise<Ports> {
  const linkCount = links ? linkPortCount(nodeCount) : 0;
  if (basePort === 0) {
    const ports = await choosePorts(2 * nodeCount + linkCount, { start: 0, exact: false });
    return {
      apiPorts: ports.slice(0, nodeCount),
      p2pPorts: ports.slice(nodeCount, 2 * nodeCount),
      linkPorts: ports.slice(2 * nodeCount),
    };
  }
  const from = (offset: number) => ({ start: basePort + offset + 1, exact: exactPorts });
  return {
    apiPorts: await choosePorts(nodeCount, from(0)),
    p2pPorts: await choosePorts(nodeCount, from(p2pOffset)),
    linkPorts: await choosePorts(linkCount, from(linkOffset)),
  };
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
    // On one machine nodes are replaced to try it out, and not once an hour.
    parameters: [['governance.proposalPauseMs', 0], ['governance.replaceIntervalMs', 0], ...genesisParameters()],
    ruleSet,
  });
}

function writeNode(
  directory: string,
  node: ClusterNode,
  { nodes, links }: Pick<ClusterFile, 'nodes' | 'links'>,
  genesis: Genesis,
): void {
  const folder = nodeDirectory(directory, node.number);
  const peers = nodes
    .filter(({ number }) => number !== node.number)
    .map((peer) => ({ nodeId: peer.nodeId, addresses: [`/ip4/127.0.0.1/tcp/${dialPort(links, node.number, peer)}`] }));
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
