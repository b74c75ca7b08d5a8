import { expect, it, onTestFinished } from 'vitest';
import { present } from '../../src/base/index.ts';
import { isRunning } from '../../src/cli/cluster/processes.ts';
import { signAs } from '../../src/cli/ledger/submit.ts';
import { type AssentClient, identityOf, type SubmitOutcome } from '../../src/client/index.ts';
import { createSigner, generateSeed } from '../../src/crypto/index.ts';
import { identityNamed } from '../../src/demo/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { sameHead } from './support.ts';

const { cluster, home } = clusterOfThree();

/** How often a client submits the same bytes again before it gives up. */
const retriesMax = 5;
/** Reads that are under way at a time. */
const readsMax = 16;

/** Clients that submit one transaction after the other, each to whatever nodes there are by then. */
class RetryingLoad {
  /** The agents of acknowledged credentials: each is given one, and no other transaction names it. */
  readonly committed: string[] = [];
  readonly failures: SubmitOutcome[] = [];
  readonly #workers: readonly Promise<void>[];
  #stopped = false;

  constructor(workers: number) {
    onTestFinished(() => {
      this.#stopped = true;
    });
    this.#workers = Array.from({ length: workers }, async () => {
      while (!this.#stopped) await this.#submitOne();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #submitOne(): Promise<void> {
    const agent = identityOf(generateSeed(), createSigner).did;
    const member = identityNamed(home, 'member/st-mary');
    const transaction = signAs(home, member, 'credential.issue', { agent, role: 'researcher' });
    let outcome = await cluster.client().submit(transaction);
    for (let retry = 0; retry < retriesMax && isOpen(outcome); retry++)
      outcome = await cluster.client().submit(transaction);
    if (outcome.status === 'committed') this.committed.push(agent);
    else this.failures.push(outcome);
  }
}

function isOpen({ status }: SubmitOutcome): boolean {
  return status === 'nothing-happened' || status === 'unknown' || status === 'accepted';
}

/** The agents to whom this node does not show exactly one credential. It may have its state without the blocks behind it. */
async function notOnce(client: AssentClient, agents: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (let start = 0; start < agents.length; start += readsMax) {
    const some = agents.slice(start, start + readsMax);
    const held = await Promise.all(some.map((agent) => client.credentials(agent, { consistency: 'local' })));
    wrong.push(...held.filter(({ credentials }) => credentials.length !== 1).map(({ agent }) => agent));
  }
  return wrong;
}

it('all three nodes of a loaded cluster are replaced one by one, with new keys: nothing is lost, no client fails', async () => {
  const load = new RetryingLoad(3);
  const before = cluster.file.nodes.map(({ nodeId }) => nodeId);
  const first = await cluster.leader();
  const replaced: number[] = [];
  for (const number of [first, ...[1, 2, 3].filter((other) => other !== first)]) {
    const acknowledged = load.committed.length;
    const { old, node, ended } = await cluster.json<{ old: number; node: number; ended: boolean }>(
      ...['node', 'replace', String(number)],
    );
    expect({ old, ended }).toEqual({ old: number, ended: true });
    replaced.push(node);
    // The load went on meanwhile.
    expect(load.committed.length).toBeGreaterThan(acknowledged);
  }
  await load.stop();
  expect(load.failures).toEqual([]);

  // A second call finds everything done.
  expect(await cluster.json('node', 'replace', String(first))).toMatchObject({ node: replaced[0] });
  expect(cluster.file.nodes).toHaveLength(6);

  const { nodes, waiting } = await cluster.client().nodes();
  expect(waiting).toEqual([]);
  expect(nodes.map(({ role }) => role)).toEqual(['voter', 'voter', 'voter']);
  expect(nodes.filter(({ nodeId }) => before.includes(nodeId))).toEqual([]);
  const statuses = await cluster.statuses();
  expect(statuses.slice(0, 3)).toEqual(before.map((nodeId) => ({ nodeId, role: 'removed' })));
  for (const number of [1, 2, 3])
    expect(isRunning(present(cluster.file.nodes[number - 1], 'an old node').process)).toBe(false);

  // All chains begin with snapshots now, and yet a node can join.
  const [oldest = 0, ...others] = replaced;
  const renewed = await cluster.json<{ node: number; ended: boolean }>('node', 'replace', String(oldest));
  expect(renewed.ended).toBe(true);
  const voting = [...others, renewed.node];

  const { headHash, stateRoot } = await sameHead(cluster, ...voting);
  for (const number of voting) {
    const client = cluster.client(number);
    expect(await client.status()).toMatchObject({ headHash, stateRoot, withheld: null });
    expect(await notOnce(client, load.committed)).toEqual([]);
  }
}, 300_000);
