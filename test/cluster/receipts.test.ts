import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, present, toHex } from '../../src/base/index.ts';
import { verifyReceipt } from '../../src/verify/index.ts';
import { runCli } from '../support/cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, until } from './support.ts';

describe('receipts of three real nodes', () => {
  const { cluster, home } = clusterOfThree();
  let genesis: string;
  beforeAll(async () => {
    genesis = (await cluster.client().status()).ledgerId;
  });

  async function commit(): Promise<string> {
    const outcome = await cluster.client().submit(newTransaction(home), { timeoutMs: 30_000 });
    if (outcome.status !== 'committed') throw new Error(`not committed but ${outcome.status}`);
    return outcome.receipt.id;
  }

  it('are had from every node at once, while blocks are made, and verify', async () => {
    const genesisHash = present(fromHex(genesis), 'a ledger id');
    for (let round = 0; round < 5; round++) {
      const [id] = await Promise.all([commit(), commit(), commit()]);
      const made = await Promise.all(
        [1, 2, 3].flatMap((number) => {
          const client = cluster.client(number);
          return [client.transactionReceipt(id), client.stateReceipt({ key: 'access/log/nobody' })];
        }),
      );
      for (const { receipt, height } of made) {
        const verdict = verifyReceipt(present(fromHex(receipt), 'hexadecimal'), { genesisHash });
        expect(verdict).toMatchObject({ ok: true, asOf: { height } });
        if (verdict.ok && verdict.kind === 'transaction') expect(toHex(verdict.id)).toBe(id);
      }
    }
  });

  it('are had of the state after any block, while others are made', async () => {
    const genesisHash = present(fromHex(genesis), 'a ledger id');
    const id = await commit();
    const key = `credential/issued/${id}`;
    const { receipt } = await cluster.client().transaction(id);
    const { height } = receipt;
    const others = Promise.all(Array.from({ length: 10 }, () => commit()));
    for (const number of [1, 2, 3]) {
      await until('it has the block', async () => (await cluster.client(number).status()).height > height);
      for (const at of [1, height - 1, height, height + 1]) {
        const made = await cluster.client(number).stateReceipt({ key, at }, { timeoutMs: 30_000 });
        const verdict = verifyReceipt(present(fromHex(made.receipt), 'hexadecimal'), { genesisHash });
        expect(verdict).toMatchObject({ ok: true, kind: 'state', key, asOf: { height: at } });
        expect(verdict.ok && verdict.kind === 'state' && verdict.value !== undefined).toBe(at >= height);
      }
    }
    await others;
  });

  it('outlive the ledger: without a node and a data directory a file proves what it did', async () => {
    const id = await commit();
    const file = join(temporaryDirectory(), 'a.receipt');
    expect(await cluster.run('receipt', 'get', id, '--out', file)).toMatchObject({ exitCode: 0 });
    await cluster.run('cluster', 'down');
    const { exitCode, stdout } = await runCli(['receipt', 'verify', file, '--genesis', genesis], {
      workingDirectory: temporaryDirectory(),
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^Proved, as of block \d+, /) });
  });
});
