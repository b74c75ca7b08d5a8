import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, sameHead } from './support.ts';

const { cluster, home } = clusterOfThree();

interface Signed {
  readonly witness: string;
  readonly height: number;
  readonly isNew: boolean;
  readonly nodes: readonly { readonly error?: string }[];
}

it('members cosign one block, all nodes hand it out, also after a restart, and a reader demands two witnesses', async () => {
  const genesis = cluster.file.ledgerId;
  const [transaction, ...later] = [newTransaction(home), newTransaction(home), newTransaction(home)] as const;
  await cluster.client().submitBatch([transaction]);
  await sameHead(cluster, 1, 2, 3);
  const members = home.keystore
    .list()
    .filter(({ attributes }) => attributes['role'] === 'governance')
    .map(({ name }) => name);
  home.keystore.close();
  expect(members.length).toBeGreaterThan(1);
  const [first = '', second = ''] = members;
  const signed: Signed[] = [];
  for (const [index, member] of [first, second].entries()) {
    await cluster.json('--as', member, 'witness', 'init', '--genesis', genesis);
    signed.push(await cluster.json<Signed>('--as', member, 'witness', 'sign'));
    await cluster.client().submitBatch(later.slice(index, index + 1));
  }
  // The second joins the block of the first, though there is a newer one.
  const height = signed[0]?.height ?? 0;
  for (const each of signed) {
    expect(each).toMatchObject({ height, isNew: true });
    expect(each.nodes.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  }
  await cluster.json('cluster', 'restart', '3');
  const keys = signed.map(({ witness }) => witness);
  for (const node of cluster.urls) {
    const file = join(cluster.directory, 'cosigned.checkpoint');
    await cluster.json('--node', node, 'checkpoint', 'get', '--witnesses', '2', '--out', file);
    const verify = ['checkpoint', 'verify', file, '--genesis', genesis, '--witness', ...keys];
    expect(await cluster.json(...verify)).toMatchObject({ verified: true, asOf: { height } });
    const receipt = join(cluster.directory, 'old.receipt');
    const id = transaction.id;
    await cluster.json('--node', node, 'receipt', 'get', id, '--checkpoint', file, '--out', receipt);
    const demand = ['--genesis', genesis, '--cosigned', file, '--witness', ...keys];
    expect(await cluster.json('receipt', 'verify', receipt, ...demand)).toMatchObject({
      verified: true,
      id,
      witnesses: [{}, {}],
    });
  }
  // A stranger's signature is nothing that a node keeps.
  await cluster.json('witness', 'init', 'stranger', '--genesis', genesis);
  const stranger = await cluster.run('--as', 'stranger', 'witness', 'sign');
  expect(stranger).toMatchObject({ exitCode: 3 });
  expect(stranger.stderr).toContain('[witness-unknown]');
}, 120_000);
