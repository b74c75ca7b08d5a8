import { readFileSync } from 'node:fs';
import { AssentError, messageOf, present, toHex } from '../../base/index.ts';
import { AssentClient } from '../../client/index.ts';
import { type Genesis, genesisFromText } from '../../ledger/index.ts';
import type { PeerConfig } from '../../node/index.ts';
import { checkSameLedger, type JoinerDirectory, readDirectory, writeDirectory } from './directory.ts';
import { hostAndPort, parsePeer, peersKnownTo } from './peers.ts';

export interface JoinOptions {
  readonly directory: string;
  readonly member: string;
  /** File of the genesis; else what the directory has, else the asked node's. */
  readonly genesisFile?: string;
  /** The ledger id that is expected, in hexadecimal. */
  readonly ledger?: string;
  /** Each `NODEID=host:port`. */
  readonly peers?: readonly string[];
  /** Base URLs of nodes to ask for what is not given. */
  readonly nodeUrls: readonly string[];
  readonly apiPort?: number;
  readonly p2pPort?: number;
  readonly host?: string;
}

export interface JoinResult {
  readonly directory: string;
  readonly nodeId: string;
  readonly ledgerId: string;
  readonly member: string;
  /** Where others reach it, `host:port`. */
  readonly address: string;
  /** Names of the files that were written; none when the directory was complete. */
  readonly files: readonly string[];
  /** The ledger is only what the asked node says it is. */
  readonly unchecked: boolean;
}

/**
 * Makes the directory of a node for a ledger that exists. Throws `usage` where genesis or peers are not known,
 * `genesis-invalid` for another ledger than expected, `storage-foreign`, `input-invalid`, `node-unreachable`.
 */
export async function joinLedger(options: JoinOptions): Promise<JoinResult> {
  const { directory, member, nodeUrls } = options;
  const there = await readDirectory(directory);
  const client = nodeUrls.length === 0 ? undefined : new AssentClient({ nodes: nodeUrls });
  const genesis = await genesisOf(options, there, client);
  const ledgerId = toHex(genesis.ledgerId);
  if (options.ledger !== undefined && options.ledger.toLowerCase() !== ledgerId)
    throw new AssentError('genesis-invalid', `The genesis is that of ledger ${ledgerId}, not of ${options.ledger}.`);
  checkSameLedger(directory, there, genesis);
  if (there.config === undefined) await checkMember(member, genesis, client);
  const { host = '127.0.0.1', p2pPort = 7400, apiPort = 7300 } = options;
  // A complete directory keeps its peers, whoever may answer now.
  const peers = there.config === undefined ? await peersOf(options, client, ledgerId) : [];
  const { nodeId, files } = await writeDirectory(directory, { genesis, member, host, p2pPort, apiPort, peers });
  const { config } = await readDirectory(directory);
  const { listen } = present(config, 'it was written').p2p;
  const address = hostAndPort(listen.host, listen.port);
  const unchecked = options.ledger === undefined && options.genesisFile === undefined && there.genesis === undefined;
  return { directory, nodeId, ledgerId, member, address, files, unchecked };
}

/** The genesis does not know who became a member later; a node does. */
async function checkMember(member: string, genesis: Genesis, client: AssentClient | undefined): Promise<void> {
  const founders = genesis.content.members;
  if (founders.some(({ name }) => name === member)) return;
  const members = client === undefined ? founders : (await client.members()).members;
  if (members.some(({ name }) => name === member)) return;
  const names = members.map(({ name }) => name).join(', ');
  const later = client === undefined ? ' Of one that joined it later, a node has to say so: --node URL.' : '';
  throw new AssentError(
    'input-invalid',
    `The ledger ${toHex(genesis.ledgerId)} has no member ${member}; its members are ${names}.${later}`,
  );
}

async function genesisOf(
  { genesisFile }: JoinOptions,
  there: JoinerDirectory,
  client: AssentClient | undefined,
): Promise<Genesis> {
  if (genesisFile !== undefined) return genesisFromText(readText(genesisFile));
  if (there.genesis !== undefined) return there.genesis;
  if (client === undefined)
    throw new AssentError(
      'usage',
      "The ledger's genesis is needed: --genesis FILE, or --node URL of one of its nodes that answers here.",
    );
  return genesisFromText((await client.genesis()).genesis);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AssentError('input-invalid', `${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}

async function peersOf(
  { peers: named = [] }: JoinOptions,
  client: AssentClient | undefined,
  ledgerId: string,
): Promise<readonly PeerConfig[]> {
  const peers = new Map<string, PeerConfig>();
  if (client !== undefined) {
    const status = await client.status();
    if (status.ledgerId !== ledgerId)
      throw new AssentError(
        'genesis-invalid',
        `The genesis is that of ledger ${ledgerId}, and the asked node belongs to ${status.ledgerId}.`,
      );
    for (const peer of await peersKnownTo(client)) peers.set(peer.nodeId, peer);
  }
  for (const text of named) {
    const peer = await parsePeer(text);
    peers.set(peer.nodeId, peer);
  }
  if (peers.size === 0)
    throw new AssentError(
      'usage',
      'No node of this ledger is known to begin with: give --peer NODEID=host:port, or --node URL of one that knows others.',
    );
  return [...peers.values()];
}
