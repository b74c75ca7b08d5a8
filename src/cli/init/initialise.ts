import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, toHex } from '../../base/index.ts';
import { identityOf } from '../../client/index.ts';
import { ruleSet } from '../../contracts/index.ts';
import { createSigner, decodeNodeId, generateSeed } from '../../crypto/index.ts';
import { gatewayKey, governanceKey } from '../../demo/index.ts';
import { createGenesis, type Genesis, genesisFromText, genesisToText } from '../../ledger/index.ts';
import type { Keystore } from '../../vault/index.ts';
import type { Context } from '../context.ts';
import { type Card, checkedCard, declared, readCard } from './card.ts';

export interface InitOptions {
  readonly member: string;
  readonly ledger?: string;
  readonly domain?: readonly string[];
  readonly timeZone?: string;
  readonly apiPort?: number;
  readonly p2pPort?: number;
  readonly host?: string;
  readonly card?: boolean;
  readonly with?: readonly string[];
  readonly genesis?: string;
}

export interface InitResult {
  readonly directory: string;
  readonly nodeId: string;
  /** Absent while there is only a card. */
  readonly ledgerId?: string;
  /** Names of the files that were written. */
  readonly files: readonly string[];
}

/** A cautious beginning; `enrolment.domain` changes it later. */
const startingPolicy = {
  implicit: 'deny',
  roles: [
    { role: 'clinician', purposes: ['TREAT'] },
    { role: 'emergency-physician', purposes: ['TREAT'] },
  ],
  emergency: { roles: ['emergency-physician'], maxHours: 24 },
} as const;

/**
 * Writes the directory of a node. Nothing that is there is replaced but a card without a genesis. Throws `storage-foreign`
 * for a directory that has a genesis, `input-invalid`, `genesis-invalid`, `storage-permission`.
 */
export async function initialise(context: Context, options: InitOptions): Promise<InitResult> {
  const directory = context.path(context.options.dir ?? '.');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (existsSync(join(directory, 'genesis')))
    throw new AssentError('storage-foreign', `${directory} has a genesis already; nothing was changed.`);
  const files: string[] = [];
  const nodeId = await nodeKeyIn(directory, files);
  const keystore = await context.keystore('create');
  const card = cardOf(keystore, nodeId, options);
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    files.push(name);
  };
  write('card.json', `${JSON.stringify(card, undefined, 2)}\n`);
  if (options.card === true) return { directory, nodeId, files };
  const cards = [...(options.with ?? []).map((file) => readCard(context.path(file))), card];
  const others = cards.filter((other) => other.nodeId !== nodeId);
  const genesis = genesisOf(context, options, [...others, card]);
  if (!genesis.content.nodes.some(({ publicKey }) => sameKey(publicKey, nodeId)))
    throw new AssentError('genesis-invalid', `The genesis does not name this node, ${nodeId}.`);
  write('node.json', `${JSON.stringify(configOf(options, others), undefined, 2)}\n`);
  if (options.genesis === undefined) write('genesis', genesisToText(genesis));
  else {
    copyFileSync(context.path(options.genesis), join(directory, 'genesis'));
    files.push('genesis');
  }
  return { directory, nodeId, ledgerId: toHex(genesis.ledgerId), files };
}

async function nodeKeyIn(directory: string, files: string[]): Promise<string> {
  const { createNodeKey, readNodeKey } = await import('../../node/index.ts');
  const file = join(directory, 'node.key');
  if (existsSync(file)) return readNodeKey(file).nodeId;
  const { nodeId } = createNodeKey(file);
  files.push('node.key');
  return nodeId;
}

function cardOf(keystore: Keystore, nodeId: string, options: InitOptions): Card {
  const { member, host = '127.0.0.1', p2pPort = 7400, timeZone = 'UTC' } = options;
  const governance = ensureKey(keystore, governanceKey(member));
  const names = options.domain ?? [member];
  for (const name of names) ensureKey(keystore, gatewayKey(member, name));
  const family = host.includes(':') ? 'ip6' : 'ip4';
  const domains = names.map((name) => ({ name, policy: { ...startingPolicy, timeZone } }));
  const address = `/${family}/${host}/tcp/${p2pPort}`;
  return checkedCard({ member, governance, nodeId, address, domains }, 'The command line');
}

/** The DID of a key; made when the keystore has none of this name. */
function ensureKey(
  keystore: Keystore,
  { name, attributes }: { readonly name: string; readonly attributes: Readonly<Record<string, string>> },
): string {
  if (!keystore.list().some((entry) => entry.name === name)) keystore.putSeed(name, generateSeed(), attributes);
  return identityOf(keystore.seed(name), createSigner).did;
}

function genesisOf(context: Context, options: InitOptions, cards: readonly Card[]): Genesis {
  if (options.genesis !== undefined) {
    const file = context.path(options.genesis);
    if (!existsSync(file)) throw new AssentError('input-invalid', `There is no file ${file}.`);
    return genesisFromText(readFileSync(file, 'utf8'));
  }
  return createGenesis({
    ledgerName: options.ledger ?? options.member,
    createdAt: context.nowMs,
    ...declared(cards),
    parameters: [],
    ruleSet,
  });
}

function configOf(options: InitOptions, others: readonly Card[]): object {
  const { host = '127.0.0.1', apiPort = 7300, p2pPort = 7400 } = options;
  return {
    directory: 'data',
    nodeKeyFile: 'node.key',
    genesisFile: 'genesis',
    p2p: {
      listen: { host, port: p2pPort },
      peers: others.map(({ nodeId, address }) => ({ nodeId, addresses: [address] })),
    },
    api: { listen: { host: '127.0.0.1', port: apiPort } },
  };
}

function sameKey(publicKey: Uint8Array, nodeId: string): boolean {
  return toHex(publicKey) === toHex(decodeNodeId(nodeId) ?? new Uint8Array());
}
