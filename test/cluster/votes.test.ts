import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import { nodeDirectory } from '../../src/cli/cluster/cluster-file.ts';
import { signal } from '../../src/cli/cluster/processes.ts';
import type { HardState } from '../../src/consensus/index.ts';
import { decodeNodeId } from '../../src/crypto/index.ts';
import { decodeHardState, hardStateKey } from '../../src/node/replica/records.ts';
import { openDataDirectory } from '../../src/storage/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, sameHead, until } from './support.ts';

/** Long beside a vote's sync, short beside an election timeout: how long each message is under way. */
const delayMs = 200;
const roundsMax = 6;
const hitsWanted = 2;

const { cluster, home } = clusterOfThree('--links');

const statusOf = (number: number): Promise<StatusView> => cluster.client(number).status();

/** What the disk of a killed node says that it promised. */
async function promisedBy(number: number): Promise<HardState> {
  const copy = join(nodeDirectory(cluster.directory, number), 'copy');
  cpSync(join(nodeDirectory(cluster.directory, number), 'data'), copy, { recursive: true });
  const { nodeId } = present(cluster.file.nodes[number - 1], 'the cluster has it');
  const identity = {
    ledgerId: Uint8Array.from(Buffer.from(cluster.file.ledgerId, 'hex')),
    nodeKey: present(decodeNodeId(nodeId), 'made from a key'),
  };
  const disk = await openDataDirectory(copy, identity);
  const { store, journal } = disk;
  const bytes = journal.lost ? journal.mark?.bytes : store.get(hardStateKey);
  const state = decodeHardState(present(bytes, 'a voter has promised something'));
  await disk.close();
  rmSync(copy, { recursive: true });
  return state;
}

/** Sets the delay of both ways between two nodes. */
async function slow(one: number, other: number, ms: number): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    await cluster.json('cluster', 'delay', String(from), String(to), String(ms));
}

it('a voter killed between the sync of its vote and the reply votes for no rival in that term (scenario 3)', async () => {
  let hits = 0;
  for (let round = 0; round < roundsMax && hits < hitsWanted; round++) {
    const leader = await cluster.leader();
    const others = [1, 2, 3].filter((number) => number !== leader) as [number, number];
    const { term } = await sameHead(cluster, 1, 2, 3);
    await slow(...others, delayMs);
    await cluster.json('cluster', 'pause', String(leader));
    const voter = await until('one has given its vote', async () => {
      const statuses = await Promise.all(others.map(statusOf));
      const place = statuses.findIndex((status) => status.term > term && status.role === 'follower');
      return place >= 0 && (others[place] as number);
    });
    signal(cluster.file.nodes[voter - 1]?.process ?? null, 'SIGKILL');
    const candidate = present(
      others.find((number) => number !== voter),
      'there are two',
    );
    await until('it is gone', async () => (await cluster.statuses())[voter - 1]?.role === 'stopped');
    const { vote } = await promisedBy(voter);
    const asked = await statusOf(candidate);
    await cluster.json('cluster', 'pause', String(candidate));
    await cluster.json('cluster', 'heal');
    await cluster.json('cluster', 'resume', String(leader));
    // The voter and the old leader are a majority: they elect one of them, in a later term than that of the vote.
    expect((await cluster.run('cluster', 'restart', String(voter))).exitCode).toBe(0);
    const elected = await until('one of them leads', async () => {
      const statuses = await Promise.all([leader, voter].map(statusOf));
      return statuses.find(({ role, term: now }) => role === 'leader' && now > term);
    });
    if (vote !== undefined && vote.term > term) {
      // On a slow machine it may have campaigned itself before the other did; then it has voted for itself.
      const own = cluster.file.nodes[voter - 1]?.nodeId;
      expect([asked.nodeId, own]).toContain(vote.candidate);
      expect(elected.term).toBeGreaterThan(vote.term);
      if (asked.role === 'candidate' && vote.candidate === asked.nodeId) hits += 1;
    }
    await cluster.json('cluster', 'resume', String(candidate));
    const outcome = await cluster.client(leader, voter).submit(newTransaction(home), { timeoutMs: 30_000 });
    expect(outcome.status).toBe('committed');
    // Nobody holds a vote of a key that its disk does not know.
    await until('all take part', async () =>
      (await Promise.all([1, 2, 3].map(statusOf))).every(({ withheld }) => withheld === null),
    );
    await until('one leads and two follow', async () => {
      const statuses = await Promise.all([1, 2, 3].map(statusOf));
      return (
        statuses
          .map(({ role }) => role)
          .sort()
          .join() === 'follower,follower,leader'
      );
    });
  }
  expect(hits).toBeGreaterThan(0);
}, 180_000);
