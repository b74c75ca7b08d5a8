import { expect, onTestFinished } from 'vitest';
import type { ReceiptView } from '../../src/api/index.ts';
import type { SubmitOutcome } from '../../src/client/index.ts';
import type { Home } from '../../src/demo/index.ts';
import { type LocalCluster, newTransaction, occurrences, sameHead } from './support.ts';

/** Clients that submit one transaction after the other to whatever node takes it. */
export class Load {
  readonly outcomes: SubmitOutcome[] = [];
  readonly #workers: readonly Promise<void>[];
  #stopped = false;

  constructor(cluster: LocalCluster, home: Home, workers = 4) {
    onTestFinished(() => {
      this.#stopped = true;
    });
    this.#workers = Array.from({ length: workers }, async () => {
      const client = cluster.client();
      while (!this.#stopped) this.outcomes.push(await client.submit(newTransaction(home), { wait: 'committed' }));
    });
  }

  get committed(): ReceiptView[] {
    return this.outcomes.flatMap((outcome) => (outcome.status === 'committed' ? [outcome.receipt] : []));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  /** All nodes get one head, and hold every committed transaction exactly once and no other twice. */
  async expectKept(cluster: LocalCluster): Promise<void> {
    expect(this.outcomes.filter(({ status }) => status === 'refused')).toEqual([]);
    const numbers = cluster.file.nodes.map(({ number }) => number);
    await sameHead(cluster, ...numbers);
    for (const number of numbers) {
      const counts = await occurrences(cluster.client(number));
      expect(this.committed.filter(({ id }) => counts.get(id) !== 1)).toEqual([]);
      expect([...counts.values()].filter((count) => count > 1)).toEqual([]);
    }
  }
}
