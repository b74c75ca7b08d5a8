import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AssentError, present, uint64Bytes, utf8 } from '../../src/base/index.ts';
import { encodeBlock } from '../../src/ledger/block.ts';
import { encodeHeader, readBlock } from '../../src/ledger/index.ts';
import { LevelStore, type Operation, prefixedKey, prefixRange, type Store } from '../../src/storage/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

const altered = 4;

it('a block, a receipt and a value that were altered on one disk are found, never answered, and repaired (scenario 48)', async () => {
  for (let block = 0; block < 8; block++)
    await cluster.client().submitBatch([newTransaction(home), newTransaction(home)]);
  await sameHead(cluster, 1, 2, 3);
  const leader = await cluster.leader();
  const damaged = leader === 3 ? 2 : 3;
  const right = await cluster.client(leader).block(altered);
  const transactions = (await Promise.all([5, 6].map((height) => cluster.client(leader).block(height)))).flatMap(
    ({ transactions: some }) => some,
  );
  await cluster.json('cluster', 'stop', String(damaged));
  const node = join(cluster.directory, `node-${damaged}`);
  const config = JSON.parse(readFileSync(join(node, 'node.json'), 'utf8')) as object;
  writeFileSync(join(node, 'node.json'), JSON.stringify({ ...config, scrub: { pauseMs: 100 } }));
  await alter(join(node, 'data', 'database'));
  expect((await cluster.run('ledger', 'verify', '--genesis', cluster.file.ledgerId, '--data', node)).exitCode).toBe(4);
  expect((await cluster.run('cluster', 'restart', String(damaged))).exitCode).toBe(0);

  const client = cluster.client(damaged);
  const receipts = await Promise.all(transactions.map(({ id }) => cluster.client(leader).transaction(id)));
  let answers = 0;
  await until(
    'all of it is repaired',
    async () => {
      expect(await orDamaged(client.block(altered), right)).toMatchObject(right);
      for (const [index, { id }] of transactions.entries()) {
        const { receipt } = present(receipts[index], 'as many');
        expect(await orDamaged(client.transaction(id), { receipt })).toMatchObject({ receipt });
      }
      answers += 1;
      const { scrub } = await client.status();
      return scrub.repaired >= 3 && scrub.open === 0;
      // A pass takes a twentieth of the thread's time, of a machine that runs other tests beside it.
    },
    90_000,
  );
  expect(answers).toBeGreaterThan(0);
  expect(await client.block(altered)).toEqual(right);
  const metrics = await (await fetch(`${cluster.urls[damaged - 1]}/metrics`)).text();
  for (const part of ['blocks', 'receipts', 'state'])
    for (const what of ['found', 'repaired'])
      expect(metrics).toContain(`assent_scrub_damage_${what}{part="${part}"} 1`);
  expect(metrics).toContain('assent_scrub_damage_found{part="tree"} 0');

  // Whoever distrusts the nodes verifies what they hand out.
  const overHttp = await cluster.json<{ verified: boolean; height: number }>(
    'ledger',
    'verify',
    '--genesis',
    cluster.file.ledgerId,
  );
  expect(overHttp).toMatchObject({ verified: true });
  expect(overHttp.height).toBeGreaterThanOrEqual(8);
  const wrong = await cluster.run('ledger', 'verify', '--genesis', 'ab'.repeat(32));
  expect([wrong.exitCode, wrong.stderr]).toEqual([4, expect.stringContaining('verification-failed')]);

  // It takes part as before, and nothing of the damage is left.
  await cluster.client(damaged).submitBatch([newTransaction(home)]);
  await sameHead(cluster, 1, 2, 3);
  await cluster.json('cluster', 'stop', String(damaged));
  const verified = await cluster.run('ledger', 'verify', '--genesis', cluster.file.ledgerId, '--data', node);
  expect([verified.exitCode, verified.stderr]).toEqual([0, '']);
}, 180_000);

it('a value without which the next block cannot be executed is asked for, and the node goes on', async () => {
  const leader = await cluster.leader();
  const damaged = leader === 3 ? 2 : 3;
  await cluster.json('cluster', 'stop', String(damaged));
  const node = join(cluster.directory, `node-${damaged}`);
  const config = JSON.parse(readFileSync(join(node, 'node.json'), 'utf8')) as object;
  // So slow that it is not what finds the damage.
  writeFileSync(join(node, 'node.json'), JSON.stringify({ ...config, scrub: { bytesPerSecond: 1024 } }));
  await bendMember(node);
  expect((await cluster.run('cluster', 'restart', String(damaged))).exitCode).toBe(0);
  const started = await cluster.client(damaged).status();
  await cluster.client(leader).submitBatch([newTransaction(home), newTransaction(home)]);
  await sameHead(cluster, 1, 2, 3);
  const { uptimeMs, scrub } = await cluster.client(damaged).status();
  expect(uptimeMs).toBeGreaterThan(started.uptimeMs);
  expect(scrub.repaired).toBe(0);
  expect(repairsIn(node)).toBe(2);
  await cluster.json('cluster', 'stop', String(damaged));
  const verified = await cluster.run('ledger', 'verify', '--genesis', cluster.file.ledgerId, '--data', node);
  expect([verified.exitCode, verified.stderr]).toEqual([0, '']);
  expect((await cluster.run('cluster', 'restart', String(damaged))).exitCode).toBe(0);
}, 120_000);

it('a value without which a node cannot start is asked for before it takes part', async () => {
  const waiting: Promise<unknown>[] = [];
  const leader = await until('a block waits that nobody acknowledges', async () => {
    const number = await cluster.leader();
    const others = [1, 2, 3].filter((one) => one !== number);
    for (const other of others) await cluster.json('cluster', 'pause', String(other));
    waiting.push(
      cluster
        .client(number)
        .submit(newTransaction(home), { timeoutMs: 60_000 })
        .catch(() => undefined),
    );
    // It is above the applied block, and is executed again at a start. A leader that had stepped down makes none.
    const isWaiting = await until('a block waits', () => hasTail(number), 2000).catch(() => false);
    if (isWaiting) await cluster.json('cluster', 'kill', String(number));
    for (const other of others) await cluster.json('cluster', 'resume', String(other));
    return isWaiting && number;
  });
  const node = join(cluster.directory, `node-${leader}`);
  await bendMember(node);
  const before = repairsIn(node);
  expect((await cluster.run('cluster', 'restart', String(leader))).exitCode).toBe(0);
  expect(repairsIn(node)).toBe(before + 1);
  await cluster.client(leader).submitBatch([newTransaction(home)]);
  await sameHead(cluster, 1, 2, 3);
  await Promise.all(waiting);
}, 120_000);

async function hasTail(number: number): Promise<boolean> {
  const metrics = await (await fetch(`${cluster.urls[number - 1]}/metrics`)).text();
  const gauge = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  return gauge('assent_tip_height') > gauge('assent_height');
}

/** Another value of the member that issues the credentials, on a stopped node's disk. */
async function bendMember(node: string): Promise<void> {
  const store = await LevelStore.open(join(node, 'data', 'database'), { create: false });
  const key = prefixedKey('state', utf8('governance/member/st-mary'));
  const value = present(store.get(key), 'the member');
  const bent: Operation = { type: 'put', key, value: value.with(-1, (value.at(-1) as number) ^ 1) };
  await new Promise<void>((resolve, reject) =>
    store.write([bent], (error) => (error === undefined ? resolve() : reject(error))),
  );
  await store.close();
}

function repairsIn(node: string): number {
  return readFileSync(join(node, 'node.log'), 'utf8').split('damage on the disk was repaired: the node goes on').length;
}

/** What a node answers; where it says that it is damaged, what it should have been. */
async function orDamaged(answer: Promise<object>, right: object): Promise<object> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AssentError && error.code === 'storage-damaged') return right;
    throw error;
  }
}

/** Another block in the place of one, as well-formed as it was; a receipt with another result; a value that is another. */
async function alter(database: string): Promise<void> {
  const store = await LevelStore.open(database, { create: false });
  const block = present(readBlock(store, altered), 'the block');
  const { headerSignature, justification, transactionBytes: transactions } = block;
  const headerBytes = encodeHeader({ ...block.header, timestamp: block.header.timestamp + 1 });
  const bytes = encodeBlock({ headerBytes, headerSignature, justification, transactions });
  const operations: Operation[] = [
    { type: 'put', key: prefixedKey('block', uint64Bytes(altered)), value: bytes },
    await bentEntry(store, 'transactionPlace', (value) => value[2] === 5),
    // The newest credential: nobody reads it in this test.
    await bentEntry(store, 'state', () => true),
  ];
  await new Promise<void>((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
  await store.close();
}

async function bentEntry(
  store: Store,
  prefix: 'transactionPlace' | 'state',
  fits: (value: Uint8Array) => boolean,
): Promise<Operation> {
  const entries = await store.range({ ...prefixRange(prefix), limit: 1000 });
  const [key, value] = present(
    entries.find((entry) => fits(entry[1])),
    'an entry that fits',
  );
  const changed = Uint8Array.from(value);
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
  return { type: 'put', key, value: changed };
}
