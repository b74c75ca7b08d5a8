import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { type Message, type Tip, tipOf } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { Forge, genesisTip } from '../unit/consensus/forge.ts';

type VoteReply = Extract<Message, { type: 'vote-reply' }>;

/** Asks `voter` for its vote as node `candidate` would, and gives the answer that leaves it, if one does. */
function askForVote(cluster: TestCluster, voter: TestNode, candidate: number, term: number, tip: Tip = genesisTip) {
  const statement = cluster.forge.request(term, candidate, tip);
  cluster.wire = [];
  voter.step(cluster.node(candidate).id, {
    type: 'vote-request',
    statement,
    signature: cluster.forge.signRequest(statement, candidate),
  });
  return takeVoteReply(cluster);
}

function takeVoteReply(cluster: TestCluster): VoteReply | undefined {
  const sent = cluster.wire.map(({ message }) => message).find((message) => message.type === 'vote-reply');
  cluster.wire = [];
  return sent as VoteReply | undefined;
}

function startedCluster(size: number): TestCluster {
  const cluster = new TestCluster(size);
  cluster.settle();
  return cluster;
}

describe('elections', () => {
  test('1: a voter that became a pre-candidate refuses the delayed request of another', () => {
    const cluster = startedCluster(3);
    const voter = cluster.node(2);
    expect(askForVote(cluster, voter, 0, 3)?.signature).toBeDefined();
    while (voter.status.role !== 'pre-candidate') voter.tick();
    expect(askForVote(cluster, voter, 1, 3)?.signature).toBeUndefined();
    expect(askForVote(cluster, voter, 0, 3)?.signature, 'the same tuple gets the same vote again').toBeDefined();
  });

  test('2: a candidate that voted for itself refuses a rival of the same term', () => {
    const cluster = startedCluster(3);
    const voter = cluster.node(2);
    cluster.passes = (_from, _to, message) => message.type !== 'vote-request';
    while (voter.status.role !== 'candidate') {
      voter.tick();
      cluster.settle();
    }
    const { term } = voter.status;
    expect(askForVote(cluster, voter, 1, term)?.signature).toBeUndefined();
    expect(voter.status.role).toBe('candidate');
  });

  test('3: a vote that was synced and never sent binds after the restart', () => {
    const cluster = startedCluster(3);
    const voter = cluster.node(2);
    voter.holdsWrites = true;
    expect(askForVote(cluster, voter, 0, 3), 'nothing leaves before the sync').toBeUndefined();
    voter.sync();
    cluster.wire = [];
    voter.holdsWrites = false;
    voter.restart();
    cluster.settle();
    expect(askForVote(cluster, voter, 1, 3)?.signature).toBeUndefined();
    expect(askForVote(cluster, voter, 0, 3)?.signature).toBeDefined();
  });

  test('3: a vote that was lost before its sync was never sent', () => {
    const cluster = startedCluster(3);
    const voter = cluster.node(2);
    voter.holdsWrites = true;
    expect(askForVote(cluster, voter, 0, 3)).toBeUndefined();
    voter.holdsWrites = false;
    voter.restart();
    cluster.settle();
    expect(askForVote(cluster, voter, 1, 3)?.signature).toBeDefined();
  });

  test('4: a restart never lowers a term that others have seen', () => {
    const cluster = startedCluster(3);
    const node = cluster.node(0);
    cluster.elect(0);
    node.seal();
    cluster.settle();
    node.holdsWrites = true;
    node.step(cluster.node(1).id, {
      type: 'heartbeat-reply',
      term: 9,
      round: 1,
      durable: genesisTip,
      committedHeight: 0,
      clockMs: cluster.nowMs,
      needsTermCertificate: false,
    });
    expect(node.status.term).toBe(9);
    cluster.wire = [];
    for (let tick = 0; tick < 30; tick++) node.tick();
    const told = cluster.wire.map(({ message }) => ('term' in message ? message.term : 0));
    expect(Math.max(0, ...told), 'the new term is told after its sync').toBeLessThanOrEqual(node.disk.hardState.term);
    node.sync();
    node.holdsWrites = false;
    node.restart();
    expect(node.status.term).toBeGreaterThanOrEqual(9);
  });

  test('5: grants of an earlier round of PreVotes count for nothing', () => {
    const cluster = startedCluster(5);
    const node = cluster.node(0);
    cluster.passes = () => false;
    while (node.status.role !== 'pre-candidate') node.tick();
    const first = cluster.wire.find(({ message }) => message.type === 'pre-vote-request')?.message;
    for (let tick = 0; tick < 40; tick++) node.tick();
    const requests = cluster.wire.flatMap(({ message }) => (message.type === 'pre-vote-request' ? [message] : []));
    const last = requests.at(-1);
    expect(first?.type === 'pre-vote-request' && last !== undefined && last.round > first.round).toBe(true);
    const grant = (round: number): void => {
      for (const peer of [1, 2]) {
        const reply: Message = { type: 'pre-vote-reply', term: 1, round, granted: true, tip: genesisTip };
        node.step(cluster.node(peer).id, reply);
      }
    };
    if (first?.type === 'pre-vote-request') grant(first.round);
    expect(node.status.role).toBe('pre-candidate');
    if (last !== undefined) grant(last.round);
    expect(node.status.role, 'and those of this round make a candidate, no leader').toBe('candidate');
  });

  test('6: of a low-term node with the long log and a high-term node with the short one, someone wins', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 8, [0, 1]);
    const disks = [forge.disk(chain), forge.disk(chain.slice(0, 2), { term: 7 }), forge.disk(chain)];
    const cluster = new TestCluster(3, { forge, disks });
    cluster.settle();
    cluster.node(2).crash();
    cluster.passes = (_from, _to, message) => message.type !== 'branch-request';
    cluster.until('a leader', () => cluster.leader !== undefined);
    expect(cluster.leader).toBe(cluster.node(0));
    expect(cluster.leader?.status.term).toBeGreaterThan(7);
  });

  test("7: a campaign with a short log changes nobody's term", () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 8, [0, 1]);
    const disks = [forge.disk(chain), forge.disk(chain), forge.disk(chain.slice(0, 2))];
    const cluster = new TestCluster(3, { forge, disks });
    cluster.passes = (_from, _to, message) => message.type !== 'branch-request';
    cluster.settle();
    for (let tick = 0; tick < 100; tick++) {
      cluster.node(2).tick();
      cluster.settle();
    }
    expect(cluster.nodes.map((node) => node.status.term)).toEqual([1, 1, 1]);
  });

  test('8: a leader without a majority steps down within one election timeout', () => {
    const cluster = startedCluster(3);
    const leader = cluster.elect(0);
    cluster.partition([0], [1, 2]);
    for (let tick = 0; tick < cluster.parameters.electionTicks; tick++) leader.tick();
    expect(leader.status.role).toBe('follower');
    expect(leader.seal()).toBeUndefined();
  });

  test('9: with links among {1,2,3}, 4-2 and 5-3 the leader stays', () => {
    const cluster = startedCluster(5);
    const leader = cluster.elect(0);
    const links = ['01', '02', '12', '13', '24'];
    const index = (node: TestNode): number => cluster.nodes.indexOf(node);
    cluster.passes = (from, to) =>
      links.includes(`${Math.min(index(from), index(to))}${Math.max(index(from), index(to))}`);
    const { term } = leader.status;
    cluster.tick(300);
    expect([leader.status.role, leader.status.term]).toEqual(['leader', term]);
    leader.seal();
    cluster.settle();
    expect(leader.status.committedHeight).toBe(1);
  });

  test('10: one cut link between leader and follower causes no new terms', () => {
    const cluster = startedCluster(3);
    const leader = cluster.elect(0);
    const { term } = leader.status;
    const cut = [cluster.node(0), cluster.node(2)];
    cluster.passes = (from, to) => !(cut.includes(from) && cut.includes(to));
    cluster.tick(300);
    expect(leader.status.role).toBe('leader');
    expect(cluster.nodes.map((node) => node.status.term)).toEqual([term, term, term]);
  });

  test('12: with a leader that can only send, and one that can only receive, progress resumes', () => {
    const cluster = startedCluster(3);
    for (const isCut of [
      (_from: TestNode, to: TestNode, leader: TestNode) => to === leader,
      (from: TestNode, _to: TestNode, leader: TestNode) => from === leader,
    ]) {
      cluster.until('a leader', () => cluster.leader !== undefined);
      const old = cluster.leader as TestNode;
      cluster.passes = (from, to) => !isCut(from, to, old);
      const { committedHeight } = old.status;
      cluster.until('another leader commits', () => {
        const { leader } = cluster;
        if (leader !== undefined && leader !== old) leader.seal();
        cluster.settle();
        return leader !== undefined && leader !== old && leader.status.committedHeight > committedHeight;
      });
      cluster.heal();
      cluster.tick(50);
    }
  });

  test('73: the refusals teach terms, and someone wins', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 5, [0, 1]);
    const short = chain.slice(0, 1);
    const request = forge.request(2, 1, { term: 1, height: 1, hash: chain[0]?.hash ?? genesisTip.hash });
    const candidate = forge.disk(short, { term: 2, vote: request, voteRequest: request });
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(chain), candidate, forge.disk(short)] });
    cluster.settle();
    cluster.node(2).crash();
    cluster.passes = (_from, _to, message) => message.type !== 'branch-request';
    cluster.until('a leader', () => cluster.leader !== undefined);
    expect(cluster.leader).toBe(cluster.node(0));
    expect(cluster.leader?.status.term).toBeGreaterThan(2);
  });

  test('a candidate asks, and counts its own vote, only after its own sync', () => {
    const cluster = startedCluster(3);
    const node = cluster.node(2);
    const leader = cluster.elect(0);
    node.holdsWrites = true;
    leader.seal();
    cluster.settle();
    leader.crash();
    const asked = (): number => cluster.wire.filter(({ message }) => message.type === 'vote-request').length;
    cluster.passes = (from, _to, message) => from === node || message.type !== 'pre-vote-request';
    for (let tick = 0; tick < 60 && node.status.role !== 'candidate'; tick++) {
      cluster.node(1).tick();
      node.tick();
      cluster.settle();
    }
    expect(node.status.role).toBe('candidate');
    node.sync(node.writes.length - 1);
    expect(asked(), 'everything but the promise is durable').toBe(0);
    node.sync();
    expect(asked()).toBe(2);
  });

  test('whoever hears a live leader votes for nobody else', () => {
    const cluster = startedCluster(3);
    const leader = cluster.elect(0);
    const { term } = leader.status;
    expect(askForVote(cluster, cluster.node(2), 1, term + 1)?.signature).toBeUndefined();
    expect(cluster.node(2).status.term, 'nor enters the term').toBe(term);
    leader.crash();
    for (let tick = 0; tick < cluster.parameters.electionTicks; tick++) cluster.node(2).tick();
    expect(askForVote(cluster, cluster.node(2), 1, term + 1)?.signature).toBeDefined();
  });

  test('a vote counts only with its signature, for this very request', () => {
    const cluster = startedCluster(3);
    const node = cluster.node(0);
    cluster.passes = (_from, _to, message) => message.type !== 'vote-request';
    while (node.status.role !== 'candidate') {
      node.tick();
      cluster.settle();
    }
    const { forge } = cluster;
    const { term } = node.status;
    const request = forge.request(term, 0, genesisTip);
    const other = forge.request(term + 1, 0, genesisTip);
    const reply = (statement: typeof request, signature: Uint8Array): void => {
      node.step(forge.id(1), { type: 'vote-reply', term, statement, signature, tip: genesisTip });
    };
    reply(request, forge.vote(1, other).signature);
    reply(request, forge.vote(2, request).signature);
    reply(other, forge.vote(1, other).signature);
    expect(node.status.role).toBe('candidate');
    reply(request, forge.vote(1, request).signature);
    expect(node.status.role).toBe('leader');
  });

  test('a claimed tip does not move: blocks that were still executing are left', () => {
    const cluster = startedCluster(3);
    const [old, node] = [cluster.elect(0), cluster.node(1)];
    node.holdsVerdicts = true;
    cluster.node(2).holdsVerdicts = true;
    const block = old.seal();
    cluster.settle();
    old.crash();
    cluster.elect(1);
    node.answer();
    expect(node.status.tip).toEqual(genesisTip);
    expect(node.abandoned).toEqual([block?.hash]);
    node.holdsVerdicts = false;
    cluster.node(2).holdsVerdicts = false;
    expect(node.seal()).toBeDefined();
    cluster.settle();
    expect(node.status.committedHeight).toBe(1);
  });

  test('nobody votes for a tip that contradicts a certified block', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 2, [0, 1]);
    const [one, two] = [present(chain[0], 'a block'), present(chain[1], 'a block')];
    const rival = forge.block(tipOf(one), 1, forge.id(0));
    const disk = { ...forge.disk(chain), certificate: forge.blockCertificate(two, [0, 2]) };
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(), forge.disk([one, rival]), disk] });
    cluster.settle();
    const statement = forge.request(2, 1, tipOf(rival));
    cluster.node(2).step(forge.id(1), {
      type: 'vote-request',
      statement,
      signature: forge.signRequest(statement, 1),
      tipHeader: rival.hash,
      tipTermCertificate: forge.termCertificate(1, 0, genesisTip, [0, 1]),
    });
    expect(takeVoteReply(cluster)?.signature).toBeUndefined();
    expect(cluster.node(2).disk.hardState.vote).toBeUndefined();
  });

  test('a vote is given only for a tip that is proved', () => {
    const cluster = startedCluster(3);
    const invented: Tip = { term: 1, height: 50, hash: new Uint8Array(32).fill(7) };
    expect(askForVote(cluster, cluster.node(2), 0, 3, invented)).toBeUndefined();
    expect(cluster.node(2).complaints).toEqual(['vote-request: the tip is not proved']);
  });
});
