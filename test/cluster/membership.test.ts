import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NodeList, StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import { choosePorts } from '../../src/cli/cluster/ports.ts';
import { isRunning } from '../../src/cli/cluster/processes.ts';
import type { JoinResult } from '../../src/cli/join/join-ledger.ts';
import { AssentClient } from '../../src/client/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { startDirectory } from './node-process.ts';
import { newTransaction, occurrences, sameHead, until } from './support.ts';

const { cluster, home } = clusterOfThree();

async function commit(count: number): Promise<string[]> {
  const transactions = Array.from({ length: count }, () => newTransaction(home));
  const outcomes = await cluster.client().submitBatch(transactions);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(count).fill('committed'));
  return transactions.map(({ id }) => id);
}

/** Proposes a change as one member and approves it as another. */
async function decide(...change: readonly string[]): Promise<void> {
  const as = (member: string) => ['--as', `member/${member}`];
  const proposed = await cluster.json<{ proposal: string }>('node', 'propose', ...change, ...as('riverside'));
  const vote = ['proposal', 'vote', proposed.proposal, '--approve'];
  expect(await cluster.json(...vote, ...as('northgate'))).toMatchObject({ state: 'passed' });
}

function roleOf(nodeId: string): Promise<string> {
  return cluster
    .client()
    .nodes()
    .then(({ nodes }: NodeList) => nodes.find((node) => node.nodeId === nodeId)?.role ?? 'none');
}

const removedSentence = /^assent: Block \d+ removed this node from the ledger for good: .*\[node-removed\]\n$/;
/** A busy machine takes its time. */
const patienceMs = 60_000;

describe('a node that joins', () => {
  it('follows as a learner, catches up, votes, is replaced and removed, says so and ends, and is never let in again', async () => {
    const committed = await commit(50);
    const directory = join(cluster.directory, '..', 'joiner');
    const [p2pPort, apiPort] = await choosePorts(2, { start: 0, exact: false });
    const ports = ['--p2p-port', String(p2pPort), '--api-port', String(apiPort)];
    const { nodeId, address } = await cluster.json<JoinResult>(
      ...['join', '--dir', directory, '--member', 'riverside', ...ports],
      ...['--node', present(cluster.urls[0], 'a node'), '--ledger', cluster.file.ledgerId],
    );
    const joiner = new AssentClient({ nodes: [`http://127.0.0.1:${apiPort}`] });
    const status = (): Promise<StatusView> => joiner.status();

    // Nobody talks to it before a certified block names it, however long it has been there.
    const started = await startDirectory(directory, patienceMs);
    expect(await status()).toMatchObject({ nodeId, member: 'riverside', height: 0, leader: null });

    await decide('add', nodeId, '--member', 'riverside', '--address', address);
    await until(
      'it is a learner that has caught up',
      async () => {
        const { role, height, leader } = await status();
        return role === 'learner' && leader !== null && height >= (await cluster.client().status()).height;
      },
      patienceMs,
    );
    expect(await status()).toMatchObject({ withheld: expect.stringMatching(/^It is no voter of the configuration/) });
    const counts = await occurrences(joiner);
    expect(committed.filter((id) => counts.get(id) !== 1)).toEqual([]);

    await decide('promote', nodeId.slice(-8));
    await until('it is a voter', async () => (await status()).configuration.voters.includes(nodeId), patienceMs);
    await until('it may sign', async () => (await status()).withheld === null, patienceMs);
    // Of four voters one is gone: three are a majority, and it is one of them.
    const leader = await cluster.leader();
    const [gone] = [1, 2, 3].filter((number) => number !== leader);
    await cluster.json('cluster', 'stop', String(gone));
    await commit(5);
    await cluster.json('cluster', 'restart', String(gone));

    // Its member gives it a new key, and needs nobody's vote for that.
    const second = join(cluster.directory, '..', 'successor');
    const [p2pNext, apiNext] = await choosePorts(2, { start: 0, exact: false });
    const replacing = cluster.json<{ nodeId: string }>(
      ...['node', 'replace', nodeId, '--new-dir', second, '--as', 'member/riverside'],
      ...['--p2p-port', String(p2pNext), '--api-port', String(apiNext)],
    );
    await until('its directory is written', () => existsSync(join(second, 'node.json')));
    const successor = await startDirectory(second, patienceMs);
    const { nodeId: newId } = await replacing;
    expect(await started.ended).toBe(1);
    expect(started.said()).toMatch(removedSentence);
    expect([await roleOf(nodeId), await roleOf(newId)]).toEqual(['none', 'voter']);

    await decide('remove', newId.slice(-8));
    expect(await successor.ended).toBe(1);
    expect(successor.said()).toMatch(removedSentence);
    expect(await roleOf(newId)).toBe('none');
    await commit(5);

    const again = await startDirectory(directory, patienceMs);
    expect(await again.ended).toBe(1);
    expect(again.said()).toMatch(removedSentence);
    const as = ['--as', 'member/riverside'];
    const back = await cluster.run(
      'node',
      'propose',
      'add',
      nodeId,
      '--member',
      'riverside',
      '--address',
      address,
      ...as,
    );
    expect(back.exitCode).toBe(1);
    expect(back.stderr).toMatch(/a removed key never returns.*\[key-retired/);
  }, 240_000);
});

describe('cluster add', () => {
  it('makes one more node that all verbs of the cluster know, as a learner or a voter', async () => {
    const learner = await cluster.json<{ node: number; nodeId: string }>('cluster', 'add', '--no-promote');
    expect(learner).toMatchObject({ node: 4, role: 'learner', member: 'st-mary' });
    expect(await roleOf(learner.nodeId)).toBe('learner');
    const voter = await cluster.json<{ node: number; nodeId: string }>('cluster', 'add', '--member', 'northgate');
    expect(voter).toMatchObject({ node: 5, role: 'voter', member: 'northgate' });
    expect(await roleOf(voter.nodeId)).toBe('voter');
    expect((await cluster.statuses()).map(({ role }) => role)[3]).toBe('learner');

    await cluster.json('cluster', 'stop', '5');
    await commit(5);
    await cluster.json('cluster', 'restart', '5');
    await sameHead(cluster, 1, 2, 3, 4, 5);
    const { stopped } = await cluster.json<{ stopped: number[] }>('cluster', 'down');
    expect(stopped).toEqual([1, 2, 3, 4, 5]);
    await cluster.json('cluster', 'up', '--detach');
    await sameHead(cluster, 1, 2, 3, 4, 5);
  }, 240_000);

  it('shows a removed node as removed, and the cluster goes up without it', async () => {
    const { nodeId } = present(cluster.file.nodes[3], 'node 4');
    await cluster.json('cluster', 'stop', '4');
    await decide('remove', '4');
    await until('it is removed', async () => (await roleOf(nodeId)) === 'none', patienceMs);
    // It was away and cannot know; the others tell it when it starts.
    expect((await cluster.statuses())[3]).toEqual({ nodeId, role: 'stopped' });
    await cluster.json('cluster', 'down');
    await cluster.json('cluster', 'up', '--detach');
    await until('it has ended', () => !isRunning(present(cluster.file.nodes[3], 'node 4').process), patienceMs);
    expect((await cluster.statuses())[3]).toEqual({ nodeId, role: 'removed' });
    const restarted = await cluster.run('cluster', 'restart', '4');
    expect(restarted).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/\[node-removed\]\n$/) });
    const { started } = await cluster.json<{ started: number[] }>('cluster', 'up', '--detach');
    expect(started).toEqual([]);
  }, 240_000);
});
