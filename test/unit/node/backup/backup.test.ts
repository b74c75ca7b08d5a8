import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type FileProgress, type FileView, type StatusView, transactionMediaType } from '../../../../src/api/index.ts';
import { toHex } from '../../../../src/base/index.ts';
import { createSigner, encodeNodeId, generateSeed, sha256 } from '../../../../src/crypto/index.ts';
import { backupNode } from '../../../../src/node/backup/backup-node.ts';
import {
  createNodeKey,
  type NodeConfig,
  type RunningNode,
  readNodeKey,
  restoreBackup,
  restoreSnapshot,
  startNode,
} from '../../../../src/node/index.ts';
import { decodeHardState, hardStateKey } from '../../../../src/node/replica/records.ts';
import { isOfDatabase, openDataDirectory, readOwner } from '../../../../src/storage/index.ts';
import { configOf, type PreparedNode, prepareNode } from '../../../support/node-directory.ts';
import { signedCredential } from '../../../support/signed-credential.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

async function post<T>(node: RunningNode, path: string): Promise<T> {
  const response = await fetch(`${node.apiUrl}${path}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** Asks until the file is there. */
async function written(node: RunningNode, path: string): Promise<FileView> {
  for (;;) {
    const { written: file } = await post<FileProgress>(node, path);
    if (file !== null) return file;
  }
}

const stranger = encodeNodeId(createSigner(generateSeed()).publicKey);

/** A directory as `assent join` makes it: a new key, and no data. */
function joiner({ config }: PreparedNode, key?: string): NodeConfig {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  copyFileSync(config.genesisFile, join(directory, 'genesis'));
  if (key === undefined) createNodeKey(join(directory, 'node.key'));
  else copyFileSync(key, join(directory, 'node.key'));
  const peers = [{ nodeId: stranger, addresses: ['/ip4/127.0.0.1/tcp/9'] }];
  return configOf(directory, { member: 'north', p2p: { listen: { port: 0 }, peers } });
}

async function entriesOf(directory: string): Promise<Map<string, string>> {
  const owner = readOwner(directory);
  const identity = {
    ledgerId: Uint8Array.from(Buffer.from(owner?.ledgerId ?? '', 'hex')),
    nodeKey: Uint8Array.from(Buffer.from(owner?.nodeKey ?? '', 'hex')),
  };
  const opened = await openDataDirectory(directory, identity);
  try {
    const entries = await opened.store.range({ from: new Uint8Array(), to: Uint8Array.of(0xff), limit: 10_000 });
    const kept = entries.filter(([key]) => !isOfDatabase(key));
    return new Map(kept.map(([key, value]) => [toHex(key), toHex(value)]));
  } finally {
    await opened.close();
  }
}

let source: string;
let prepared: PreparedNode;
let backup: FileView;
let snapshot: FileView;
let ids: string[];
let status: StatusView;

beforeAll(async () => {
  source = mkdtempSync(join(tmpdir(), 'assent-test-'));
  prepared = prepareNode(source);
  const node = await startNode(prepared.config);
  while (!(await fetch(`${node.apiUrl}/readyz`)).ok);
  ids = [];
  for (let count = 0; count < 20; count++) {
    const response = await fetch(`${node.apiUrl}/v1/transactions`, {
      method: 'POST',
      body: signedCredential(prepared),
      headers: { 'content-type': transactionMediaType },
    });
    const { outcomes } = (await response.json()) as { outcomes: { id: string; status: string }[] };
    expect(outcomes[0]?.status).toBe('committed');
    ids.push(outcomes[0]?.id ?? '');
  }
  backup = await written(node, '/v1/backups');
  snapshot = await written(node, '/v1/snapshots');
  const listed = await fetch(`${node.apiUrl}/v1/snapshots`);
  expect(await listed.json()).toEqual({ files: [snapshot] });
  status = (await (await fetch(`${node.apiUrl}/v1/status`)).json()) as StatusView;
  await node.stop();
  expect(await node.stopped).toBeUndefined();
});

afterAll(() => rmSync(source, { recursive: true, force: true }));

async function statusOfStarted(config: NodeConfig): Promise<{ node: RunningNode; status: StatusView }> {
  const node = await startNode(config);
  onTestFinished(() => node.stop());
  return { node, status: (await (await fetch(`${node.apiUrl}/v1/status`)).json()) as StatusView };
}

describe('a backup', () => {
  test('is restored under a new key, and follows what it has', async () => {
    const config = joiner(prepared);
    const restored = await restoreBackup(config, backup.file);
    expect(restored).toMatchObject({ height: backup.height, nodeId: readNodeKey(config.nodeKeyFile).nodeId });
    const { node, status: now } = await statusOfStarted(config);
    expect(now).toMatchObject({
      height: backup.height,
      firstBlockHeight: 1,
      role: expect.not.stringMatching('leader'),
    });
    expect(now.withheld).not.toBeNull();
    const read = await fetch(`${node.apiUrl}/v1/transactions/${ids[0]}?consistency=local`);
    expect(read.status).toBe(200);
  });

  test('holds no key', () => {
    const bytes = readFileSync(backup.file);
    const { seed } = readNodeKey(prepared.config.nodeKeyFile);
    expect(bytes.includes(Buffer.from(seed))).toBe(false);
    expect(bytes.includes(Buffer.from(toHex(seed)))).toBe(false);
  });

  test('is refused whole where a byte is another or missing, and nothing is written', async () => {
    const whole = readFileSync(backup.file);
    const folder = temporaryDirectory();
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'damaged');
    const config = joiner(prepared);
    const refused = async (bytes: Uint8Array): Promise<void> => {
      writeFileSync(file, bytes);
      await expect(restoreBackup(config, file)).rejects.toMatchObject({ code: 'backup-invalid' });
      expect(existsSync(config.directory)).toBe(false);
      expect(readdirSync(join(config.directory, '..')).filter((name) => name.includes('data'))).toEqual([]);
    };
    for (let at = 0; at < whole.length; at += 1 + Math.floor(whole.length / 100)) {
      const flipped = Uint8Array.from(whole);
      flipped[at] = (flipped[at] as number) ^ 1;
      await refused(flipped);
      await refused(whole.subarray(0, at));
    }
    await refused(Buffer.concat([whole, Buffer.from([0])]));
  });

  test('is refused for another ledger, where there is data already, and under a key that was a node', async () => {
    const other = prepareNode(temporaryDirectory());
    await expect(restoreBackup(joiner(other), backup.file)).rejects.toMatchObject({ code: 'backup-invalid' });
    await expect(restoreBackup(prepared.config, backup.file)).rejects.toMatchObject({ code: 'storage-foreign' });
    const config = joiner(prepared, prepared.config.nodeKeyFile);
    await expect(restoreBackup(config, backup.file)).rejects.toMatchObject({ code: 'key-not-new' });
    await expect(restoreSnapshot(config, snapshot.file)).rejects.toMatchObject({ code: 'key-not-new' });
    expect(existsSync(config.directory)).toBe(false);
  });

  test('of a stopped node is as good, and holds everything but what the old key promised', async () => {
    const folder = join(prepared.config.directory, '..');
    writeFileSync(join(folder, 'node.json'), JSON.stringify({}));
    const made = await backupNode(join(folder, 'node.json'), folder);
    const config = joiner(prepared);
    expect((await restoreBackup(config, made.file)).height).toBe(made.height);
    expect(made.height).toBe(status.height);
    const [before, after] = [await entriesOf(prepared.config.directory), await entriesOf(config.directory)];
    const promises = toHex(hardStateKey);
    const { ack, vote, voteRequest } = decodeHardState(Uint8Array.from(Buffer.from(after.get(promises) ?? '', 'hex')));
    expect({ ack, vote, voteRequest }).toEqual({ ack: undefined, vote: undefined, voteRequest: undefined });
    expect(decodeHardState(Uint8Array.from(Buffer.from(before.get(promises) ?? '', 'hex'))).ack).toBeDefined();
    for (const entries of [before, after]) entries.delete(promises);
    expect(after).toEqual(before);
    expect(after.size).toBeGreaterThan(100);
  });
});

describe('a snapshot in a file', () => {
  test('is what a new node begins with', async () => {
    const config = joiner(prepared);
    expect(await restoreSnapshot(config, snapshot.file)).toBe(snapshot.height);
    const { node, status: now } = await statusOfStarted(config);
    expect(now).toMatchObject({ height: snapshot.height, firstBlockHeight: snapshot.height });
    // The block with which it begins, though it has nothing of what its transactions came to.
    const block = await fetch(`${node.apiUrl}/v1/blocks/${snapshot.height}?consistency=local`);
    expect(block.status).toBe(200);
    const { transactions } = (await block.json()) as { transactions: { result: unknown }[] };
    expect(transactions.map(({ result }) => result)).toEqual(transactions.map(() => null));
    const early = await fetch(`${node.apiUrl}/v1/blocks/${snapshot.height - 1}?consistency=local`);
    expect(await early.json()).toMatchObject({ error: { code: 'history-not-kept' } });
  });

  test('is refused where it is not what was written, or lacks its end', async () => {
    const whole = readFileSync(snapshot.file);
    const file = join(temporaryDirectory(), 'damaged');
    mkdirSync(join(file, '..'), { recursive: true });
    const config = joiner(prepared);
    for (let at = 3; at < whole.length; at += 1 + Math.floor(whole.length / 20)) {
      const flipped = Uint8Array.from(whole);
      flipped[at] = (flipped[at] as number) ^ 1;
      for (const bytes of [flipped, whole.subarray(0, at)]) {
        writeFileSync(file, bytes);
        await expect(restoreSnapshot(config, file)).rejects.toMatchObject({ code: 'snapshot-invalid' });
      }
    }
    // A forger makes the digest right; the chunks prove themselves all the same.
    const forged = Uint8Array.from(whole);
    const at = whole.length - 60;
    forged[at] = (forged[at] as number) ^ 1;
    forged.set(sha256(forged.subarray(0, -32)), forged.length - 32);
    writeFileSync(file, forged);
    await expect(restoreSnapshot(config, file)).rejects.toMatchObject({ code: 'snapshot-invalid' });
    expect(existsSync(config.directory)).toBe(false);
  });
});
