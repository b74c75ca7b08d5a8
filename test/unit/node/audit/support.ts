import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { present, readUint64 } from '../../../../src/base/index.ts';
import { AssentClient, buildTransaction } from '../../../../src/client/index.ts';
import { builtInContracts } from '../../../../src/contracts/index.ts';
import { createSigner, encodeDid, generateSeed } from '../../../../src/crypto/index.ts';
import type { Genesis } from '../../../../src/ledger/index.ts';
import { type RunningNode, startNode } from '../../../../src/node/index.ts';
import {
  type Entry,
  type KeyPrefix,
  LevelStore,
  type Operation,
  openForReading,
  prefixRange,
  type Store,
} from '../../../../src/storage/index.ts';
import { type PreparedNode, prepareNode } from '../../../support/node-directory.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

/** What a stopped node left, and the ledger that it is of. */
export interface LeftBehind {
  readonly data: string;
  readonly prepared: PreparedNode;
  readonly genesis: Genesis;
  readonly height: number;
}

/** Credentials by the one member: so many transactions. */
export function credentials({ genesis, member }: PreparedNode, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const agent = encodeDid(createSigner(generateSeed()).publicKey);
    return buildTransaction({
      ledgerId: genesis.ledgerId,
      kind: 'credential.issue',
      payload: builtInContracts.payloadFromJson('credential.issue', { agent, role: 'clinician' }),
      validUntil: Date.now() + 60_000,
      signer: member,
    }).bytes;
  });
}

/**
 * Runs a real node of its own in this folder until its ledger has so many blocks, each of a few transactions, and stops
 * it; with a second run for a few more blocks, a part of the database is in tables and a part in LevelDB's log.
 */
export async function leaveBehind(
  folder: string,
  blocks: number,
  runs: 1 | 2 = 1,
  settings: object = {},
  afterRound: (node: RunningNode) => Promise<unknown> = async () => undefined,
): Promise<LeftBehind> {
  const prepared = prepareNode(folder, settings);
  const height = await run(prepared, blocks, afterRound);
  if (runs === 2) await run(prepared, height + 5, afterRound);
  const data = join(folder, 'data');
  const copy = await openForReading(data);
  const [newest] = await copy.directory.store.range({ ...prefixRange('block'), limit: 1, reverse: true });
  await copy.close();
  return { data, prepared, genesis: prepared.genesis, height: readUint64(present(newest, 'there are blocks')[0], 1) };
}

/** Goes on until there are so many blocks. Returns how many there are. */
async function run(
  prepared: PreparedNode,
  blocks: number,
  afterRound: (node: RunningNode) => Promise<unknown>,
): Promise<number> {
  const node = await startNode(prepared.config);
  const client = new AssentClient({ nodes: [node.apiUrl] });
  await client.waitForReady({ timeoutMs: 20_000 });
  while ((await client.status()).height < blocks) {
    const stranger = { ...prepared, member: createSigner(generateSeed()) };
    const transactions = [...credentials(prepared, 2), ...credentials(stranger, 1)];
    await Promise.all(transactions.map((bytes) => submit(node.apiUrl, bytes)));
    await afterRound(node);
  }
  while (prepared.config.archive !== undefined && (await client.lookAtArchive()).chunks === 0);
  // A query waits for the index: what is left behind has all of it.
  await client.transactions({ limit: 1 });
  const { height } = await client.status();
  await node.stop();
  return height;
}

async function submit(url: string, bytes: Uint8Array): Promise<void> {
  const body = Uint8Array.from(bytes);
  await fetch(`${url}/v1/transactions`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/octet-stream' },
  });
}

/** A copy of the directory in which the database was changed, past all that keeps it consistent. */
export async function alteredCopy(
  { data }: LeftBehind,
  alter: (store: Store) => readonly Operation[] | Promise<readonly Operation[]>,
): Promise<string> {
  const copy = join(temporaryDirectory(), 'data');
  cpSync(data, copy, { recursive: true });
  const store = await LevelStore.open(join(copy, 'database'), { create: false });
  const operations = await alter(store);
  await new Promise<void>((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
  await store.close();
  return copy;
}

/** The first entry of this kind. */
export async function firstOf(store: Store, prefix: KeyPrefix): Promise<Entry> {
  const [entry] = await store.range({ ...prefixRange(prefix), limit: 1 });
  return present(entry, `there is an entry of ${prefix}`);
}

/** The bytes with one bit of the last one changed. */
export function bent(bytes: Uint8Array, index: number = bytes.length - 1): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[index] = (changed[index] as number) ^ 1;
  return changed;
}
