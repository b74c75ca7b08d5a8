import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { genesisTip } from '../unit/consensus/forge.ts';

/** A cluster that node 0 leads, with one committed block. */
function ledCluster(size = 3, learners = 0): { readonly cluster: TestCluster; readonly leader: TestNode } {
  const cluster = new TestCluster(size, { learners });
  cluster.settle();
  const leader = cluster.elect(0);
  leader.seal();
  cluster.settle();
  return { cluster, leader };
}

/** Begins a transfer; nothing is delivered yet. */
function transfer(leader: TestNode, to?: TestNode): ReturnType<TestNode['raft']['transferLeadership']> {
  const answer = leader.raft.transferLeadership(to?.id);
  leader.drain();
  return answer;
}

/** Every message of these types that is sent from now on. */
function record(cluster: TestCluster, ...types: readonly Message['type'][]): Message[] {
  const sent: Message[] = [];
  const { passes } = cluster;
  cluster.passes = (from, to, message) => {
    if (types.includes(message.type)) sent.push(message);
    return passes(from, to, message);
  };
  return sent;
}

const terms = (cluster: TestCluster): number[] => cluster.nodes.map(({ status }) => status.term);

describe('transfer', () => {
  test('a follower that has everything takes over in one round: no tick, no PreVote, the next term', () => {
    const { cluster, leader } = ledCluster();
    const { term } = leader.status;
    const preVotes = record(cluster, 'pre-vote-request');
    expect(transfer(leader, cluster.node(1))).toEqual({ started: true, target: cluster.node(1).id });
    cluster.settle();
    expect(cluster.nodes.map(({ status }) => status.role)).toEqual(['follower', 'leader', 'follower']);
    expect(terms(cluster)).toEqual([term + 1, term + 1, term + 1]);
    expect(preVotes).toEqual([]);
    cluster.node(1).seal();
    cluster.settle();
    expect(cluster.nodes.map(({ status }) => status.committedHeight)).toEqual([2, 2, 2]);
  });

  test('among two nodes the old leader itself votes for the target', () => {
    const { cluster, leader } = ledCluster(2);
    transfer(leader);
    cluster.settle();
    expect([leader.status.role, cluster.node(1).status.role]).toEqual(['follower', 'leader']);
  });

  test('a follower that lags is brought to the tip first, and what is uncertified goes with the leadership', () => {
    const { cluster, leader } = ledCluster();
    const target = cluster.node(1);
    const orders = record(cluster, 'campaign-now');
    target.holdsWrites = true;
    const sealed = [leader.seal(), leader.seal()];
    cluster.settle();
    transfer(leader, target);
    cluster.tick(2);
    expect(orders, 'what is not durable there is not there').toEqual([]);
    expect(leader.status.sealRefusal).toBe('transfer-under-way');
    expect(leader.seal()).toBeUndefined();
    target.sync(1);
    cluster.settle();
    expect(target.status.durableTip.height).toBeLessThan(leader.status.tip.height);
    expect(orders).toEqual([]);
    target.holdsWrites = false;
    target.sync();
    cluster.settle();
    expect(target.status.role).toBe('leader');
    expect(target.status.tip).toEqual({ term: 1, height: 3, hash: sealed[1]?.hash });
    target.seal();
    cluster.settle();
    expect(cluster.nodes.map(({ status }) => status.committedHeight)).toEqual([4, 4, 4]);
  });

  test('without a target it is the voter with the highest durable tip that answered lately', () => {
    const { cluster, leader } = ledCluster(4, 1);
    cluster.node(1).holdsWrites = true;
    leader.seal();
    cluster.settle();
    expect(transfer(leader)).toEqual({ started: true, target: cluster.node(2).id });

    const other = ledCluster();
    other.cluster.node(1).crash();
    other.cluster.tick(4);
    expect(transfer(other.leader)).toEqual({ started: true, target: other.cluster.node(2).id });
  });

  test('15: the target dies: nothing is sealed for one election timeout, then the leader goes on', () => {
    const { cluster, leader } = ledCluster();
    const { term } = leader.status;
    const { electionTicks } = cluster.parameters;
    cluster.node(1).crash();
    transfer(leader, cluster.node(1));
    cluster.tick(electionTicks - 1);
    expect(leader.seal()).toBeUndefined();
    cluster.tick();
    expect(leader.status.sealRefusal).toBeUndefined();
    expect(leader.seal()).toBeDefined();
    cluster.settle();
    expect([leader.status.role, leader.status.term, leader.status.committedHeight]).toEqual(['leader', term, 2]);
    expect(transfer(leader, cluster.node(2)).started, 'and can be told to hand over again').toBe(true);
    cluster.settle();
    expect(cluster.node(2).status.role).toBe('leader');
  });

  test('a lost order is repeated with the next heartbeat', () => {
    const { cluster, leader } = ledCluster();
    let isLost = false;
    cluster.passes = (_from, _to, message) => {
      if (message.type !== 'campaign-now' || isLost) return true;
      isLost = true;
      return false;
    };
    transfer(leader, cluster.node(1));
    cluster.settle();
    expect([isLost, leader.status.role]).toEqual([true, 'leader']);
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(cluster.node(1).status.role).toBe('leader');
  });

  test('14: an order of an earlier term, of no leader, or for another term than the present one is ignored', () => {
    const { cluster, leader } = ledCluster();
    const target = cluster.node(1);
    const { term } = leader.status;
    target.step(cluster.node(2).id, { type: 'campaign-now', term });
    target.step(leader.id, { type: 'campaign-now', term: term + 1 });
    cluster.settle();
    expect([target.status.role, ...terms(cluster)]).toEqual(['follower', term, term, term]);

    transfer(leader, target);
    cluster.settle();
    transfer(target, leader);
    cluster.settle();
    expect(leader.status).toMatchObject({ role: 'leader', term: term + 2 });
    target.step(leader.id, { type: 'campaign-now', term });
    cluster.settle();
    expect([target.status.role, ...terms(cluster)]).toEqual(['follower', term + 2, term + 2, term + 2]);
    target.step(leader.id, { type: 'campaign-now', term: term + 2 });
    cluster.settle();
    expect(target.status, 'the same in its own term is obeyed').toMatchObject({ role: 'leader', term: term + 3 });
  });

  test('a node that may not vote, that refuses its leader, or that follows none does not campaign on order', () => {
    const { cluster, leader } = ledCluster();
    const { term } = leader.status;
    const target = cluster.node(1);
    target.judge = () => ({ ok: false, reason: 'state-root' });
    leader.seal();
    cluster.settle();
    expect(target.status.refusal).toBe('state-root');
    target.step(leader.id, { type: 'campaign-now', term });
    expect(target.status.role).toBe('follower');

    const restarted = cluster.node(2);
    cluster.passes = (_from, _to, message) => message.type !== 'nonce-reply';
    restarted.restart();
    cluster.tick(2);
    expect(restarted.status).toMatchObject({ withheld: 'start-up', leader: leader.id });
    restarted.step(leader.id, { type: 'campaign-now', term });
    expect(restarted.status.role).toBe('follower');
  });

  test('the mark of an ordered campaign lifts nothing but the protection of a live leader', () => {
    const { cluster, leader } = ledCluster();
    const voter = cluster.node(2);
    const { term, tip } = leader.status;
    const ask = (claimed: typeof tip, askedTerm: number, ordered: boolean): boolean => {
      const statement = cluster.forge.request(askedTerm, 1, claimed);
      cluster.wire = [];
      voter.step(cluster.node(1).id, {
        type: 'vote-request',
        statement,
        signature: cluster.forge.signRequest(statement, 1),
        ...(ordered && { ordered: true }),
      });
      const reply = cluster.wire.find(({ message }) => message.type === 'vote-reply')?.message;
      cluster.wire = [];
      return reply?.type === 'vote-reply' && reply.signature !== undefined;
    };
    expect(ask(tip, term + 1, false), 'a live leader protects its term').toBe(false);
    expect(ask(genesisTip, term + 1, true), 'a shorter chain').toBe(false);
    expect(ask(tip, term, true), 'a term in which it follows and voted').toBe(false);
    expect(ask(tip, term + 1, true)).toBe(true);
    const rival = cluster.forge.request(term + 1, 0, tip);
    voter.step(leader.id, {
      type: 'vote-request',
      statement: rival,
      signature: cluster.forge.signRequest(rival, 0),
      ordered: true,
    });
    const second = cluster.wire.find(({ message }) => message.type === 'vote-reply')?.message;
    expect(second?.type === 'vote-reply' && second.signature, 'a second vote of the term').toBeUndefined();
  });

  test('what cannot be handed over is answered with the reason', () => {
    const { cluster, leader } = ledCluster(4, 1);
    const learner = cluster.node(3);
    const reasonOf = (node: TestNode, to?: string): string => {
      const answer = node.raft.transferLeadership(to);
      return answer.started ? 'started' : answer.reason;
    };
    expect(reasonOf(cluster.node(1), cluster.node(2).id)).toBe('not-leader');
    expect(reasonOf(leader, leader.id)).toBe('self');
    expect(reasonOf(leader, learner.id)).toBe('learner');
    expect(reasonOf(leader, 'nobody')).toBe('unknown-node');
    expect(leader.status.sealRefusal, 'and changes nothing').toBeUndefined();
    expect(reasonOf(leader, cluster.node(1).id)).toBe('started');
    expect(reasonOf(leader, cluster.node(2).id)).toBe('under-way');

    const alone = new TestCluster(1);
    alone.until('it leads', () => alone.leader !== undefined);
    expect(reasonOf(alone.node(0))).toBe('no-target');
    expect(alone.node(0).seal()).toBeDefined();
  });

  test('reads that wait when the leadership goes are answered or refused, never forgotten', () => {
    const { cluster, leader } = ledCluster();
    cluster.passes = (_from, _to, message) => message.type !== 'heartbeat-reply';
    leader.raft.readIndex(5);
    leader.drain();
    transfer(leader, cluster.node(1));
    cluster.settle();
    expect(leader.status.role).toBe('follower');
    expect(leader.reads).toEqual([{ context: 5 }]);
  });
});
