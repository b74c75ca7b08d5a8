import { readFileSync } from 'node:fs';
import { checkLoopback } from '../api/index.ts';
import { AssentError, type Clock, messageOf } from '../base/index.ts';
import { encodeNodeId } from '../crypto/index.ts';
import { type Genesis, genesisFromText, genesisOperations, isBegun, Ledger } from '../ledger/index.ts';
import type { PeerAddresses } from '../p2p/index.ts';
import {
  type DataDirectory,
  DirectoryArchiveStore,
  openDataDirectory,
  readOwner,
  type Store,
} from '../storage/index.ts';
import { NodeArchive } from './archive/index.ts';
import type { NodeConfig } from './config/index.ts';
import type { NodeLog } from './log.ts';
import { type NodeKey, readNodeKey } from './node-key.ts';
import { createExecutor } from './rules.ts';

/** What a node is made of before anything runs: checked, and opened as far as its own machine goes. */
export interface Identity {
  readonly genesis: Genesis;
  readonly key: NodeKey;
  /** The member that runs the node, as the genesis or, of a node that joined later, the configuration file says. */
  readonly member: string;
  /** The other nodes that the configuration file names. */
  readonly peers: readonly PeerAddresses[];
}

/** Reads genesis and key and checks that they and the configuration belong together. */
export function readIdentity(config: NodeConfig): Identity {
  checkLoopback(config.api.listen.host);
  const key = readNodeKey(config.nodeKeyFile);
  const genesis = readGenesis(config.genesisFile);
  const nodes = genesis.content.nodes.map((node) => ({ nodeId: encodeNodeId(node.publicKey), member: node.member }));
  const self = nodes.find((node) => node.nodeId === key.nodeId);
  const member = self?.member ?? config.member;
  if (
    member === undefined ||
    (self === undefined && config.p2p.peers.length === 0 && readOwner(config.directory) === undefined)
  ) {
    throw new AssentError(
      'configuration-invalid',
      `${config.nodeKeyFile} is the key of ${key.nodeId}, which is no node of this ledger's genesis: a node that joins needs "member" and at least one of "p2p.peers".`,
    );
  }
  return { genesis, key, member, peers: config.p2p.peers.filter(({ nodeId }) => nodeId !== key.nodeId) };
}

function readGenesis(file: string): Genesis {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'storage-permission' : 'genesis-invalid';
    throw new AssentError(code, `The genesis file ${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  return genesisFromText(text);
}

export interface OpenedLedger {
  readonly directory: DataDirectory;
  readonly ledger: Ledger;
  /** Of a node that keeps one. */
  readonly archive: NodeArchive | undefined;
}

/** What the parts of a node are made of. */
export interface NodeBasis {
  readonly config: NodeConfig;
  readonly identity: Identity;
  readonly opened: OpenedLedger;
  readonly log: NodeLog;
  readonly clock: Clock;
}

function openArchive({ archive }: NodeConfig, { ledgerId }: Ledger, store: Store): Promise<NodeArchive> | undefined {
  return archive && NodeArchive.open(new DirectoryArchiveStore(archive.directory), ledgerId, store);
}

/** Opens the data directory, writes the genesis state into a new one, and opens the ledger on it. */
export async function openLedger(config: NodeConfig, { genesis, key }: Identity): Promise<OpenedLedger> {
  const directory = await openDataDirectory(config.directory, {
    ledgerId: genesis.ledgerId,
    nodeKey: key.signer.publicKey,
  });
  try {
    const executor = createExecutor();
    const { store, journal } = directory;
    if (!isBegun(store)) {
      await new Promise<void>((resolve, reject) => {
        journal.append(genesisOperations(store, genesis, executor), undefined, (error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      });
    }
    const ledger = new Ledger(store, genesis, executor);
    ledger.demandRulesAfter();
    const archive = await openArchive(config, ledger, store);
    return { directory, ledger, archive };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
