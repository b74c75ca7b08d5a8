import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { ackOf, type HardState, type Message, tipOf } from '../../src/consensus/index.ts';
import { TestCluster } from '../unit/consensus/cluster.ts';
import { Forge, genesisTip } from '../unit/consensus/forge.ts';

describe('refusals and clocks', () => {
  test('59: a leader with a wrong block is dead for its term though its heartbeats go on', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const { term } = leader.status;
    for (const index of [1, 2]) {
      cluster.node(index).judge = ({ block }) =>
        block.proposer === leader.id ? { ok: false, reason: 'state-root' } : { ok: true };
    }
    leader.seal();
    cluster.settle();
    expect(cluster.node(1).status.refusal).toBe('state-root');
    expect(leader.status.role, 'refusals exclude a majority').toBe('follower');
    cluster.until('another leader commits', () => {
      if (cluster.leader !== leader) cluster.leader?.seal();
      cluster.settle();
      return cluster.node(1).status.committedHeight > 0;
    });
    expect(cluster.node(1).committed[0]?.block.term).toBeGreaterThan(term);
  });

  test('59: a single refusal leaves the leader in office, and the refuser takes what is certified', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const refuser = cluster.node(2);
    let refused = 0;
    refuser.judge = ({ certified }) => {
      if (certified) return { ok: true };
      refused += 1;
      return { ok: false, reason: 'timestamp' };
    };
    for (let sealed = 0; sealed < 5; sealed++) {
      leader.seal();
      cluster.settle();
    }
    cluster.tick(2 * cluster.parameters.heartbeatTicks);
    expect(leader.status.role).toBe('leader');
    expect(refused, 'one refusal is enough').toBe(1);
    expect(leader.status.peers.map((peer) => peer.refusal)).toEqual([undefined, 'timestamp']);
    expect(refuser.status.committedHeight).toBe(5);
    cluster.tick(2 * cluster.parameters.electionTicks);
    expect([leader.status.role, refuser.status.role], 'heartbeats do not calm it').toEqual(['leader', 'pre-candidate']);
    leader.seal();
    cluster.tick(2 * cluster.parameters.heartbeatTicks);
    expect(refuser.status.committedHeight, 'and it still follows').toBe(6);
  });

  test('60: a block that was certified while its time was judged is judged again, without the clock', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const slow = cluster.node(2);
    slow.judge = ({ certified }) => (certified ? { ok: true } : { ok: false, reason: 'timestamp' });
    slow.holdsVerdicts = true;
    leader.seal();
    leader.seal();
    cluster.settle();
    expect(slow.executions.map(({ certified }) => certified)).toEqual([false, false]);
    cluster.tick(cluster.parameters.heartbeatTicks);
    slow.answer(1);
    expect(slow.status.refusal).toBeUndefined();
    slow.executions = slow.executions.filter(({ certified }) => certified);
    slow.answer();
    expect(slow.status.committedHeight).toBe(2);
  });

  test('59: a leader whose only living follower refuses it steps down', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    cluster.node(2).crash();
    cluster.node(1).judge = () => ({ ok: false, reason: 'clock-ahead' });
    leader.seal();
    cluster.settle();
    // Its clock is right again; the leader is dead to it all the same.
    cluster.passes = (_from, _to, message) => message.type !== 'branch-request';
    cluster.node(1).judge = () => ({ ok: true });
    cluster.until('someone else, or in another term, commits', () => {
      cluster.leader?.seal();
      cluster.settle();
      return [0, 1].every((index) => cluster.node(index).status.committedHeight > 0);
    });
  });

  test('59: a refuser far behind takes certified blocks through a window smaller than what is certified', () => {
    const cluster = new TestCluster(3, { limits: { inflightAppendsMax: 2, appendBlocksMax: 1 } });
    const leader = cluster.elect(0);
    const refuser = cluster.node(2);
    refuser.judge = ({ certified }) => (certified ? { ok: true } : { ok: false, reason: 'clock-ahead' });
    leader.seal();
    cluster.settle();
    expect(refuser.status.refusal).toBe('clock-ahead');
    cluster.passes = (from, to) => from !== refuser && to !== refuser;
    for (let sealed = 0; sealed < 6; sealed++) {
      leader.seal();
      cluster.settle();
    }
    // Certificates far apart: no block between justifies an earlier one.
    cluster.heal();
    cluster.until('it is there', () => refuser.status.committedHeight === 7, 60);
    expect(leader.status.role).toBe('leader');
  });

  test('59: a follower that refuses its leader grants PreVotes though heartbeats go on', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const ask = (): boolean | undefined => {
      const request: Message = { type: 'pre-vote-request', term: 99, round: 7, tip: cluster.node(2).status.tip };
      cluster.wire = [];
      cluster.node(2).step(cluster.node(1).id, request);
      const reply = cluster.wire.find(({ message }) => message.type === 'pre-vote-reply')?.message;
      return reply?.type === 'pre-vote-reply' ? reply.granted : undefined;
    };
    expect(ask()).toBe(false);
    cluster.node(2).judge = () => ({ ok: false, reason: 'state-root' });
    leader.seal();
    cluster.settle();
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(ask()).toBe(true);
  });

  test('60: a leader whose clock is an hour off seals nothing and does not stay leader', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    leader.clockOffsetMs = 3_600_000;
    cluster.tick(cluster.parameters.heartbeatTicks + 1);
    expect(leader.seal()).toBeUndefined();
    expect(leader.status.sealRefusal).toBe('clock-fault');
    cluster.until('another leader', () => cluster.leader !== undefined && cluster.leader !== leader);
    cluster.tick(cluster.parameters.heartbeatTicks + 1);
    expect(cluster.leader?.seal()).toBeDefined();
  });

  test('60: a leader whose clock jumps seals nothing before it has compared it anew', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    cluster.tick(cluster.parameters.heartbeatTicks + 1);
    leader.clockOffsetMs = 3_600_000;
    expect(leader.seal()).toBeUndefined();
    expect(leader.status.sealRefusal).toBe('clock-fault');
    leader.clockOffsetMs = 0;
    expect(leader.seal(), 'a jump back is a jump').toBeUndefined();
    cluster.tick(cluster.parameters.heartbeatTicks + 1);
    expect(leader.seal()).toBeDefined();
  });

  test('60: one wrong clock among the followers stops nothing', () => {
    const cluster = new TestCluster(3);
    cluster.node(2).clockOffsetMs = -3_600_000;
    const leader = cluster.elect(0);
    cluster.tick(30);
    expect(leader.seal()).toBeDefined();
  });

  test('a new leader waits for a majority of clocks, within one round trip', () => {
    const cluster = new TestCluster(3);
    cluster.settle();
    const leader = cluster.node(0);
    cluster.passes = (_from, _to, message) => message.type !== 'heartbeat-reply';
    cluster.elect(0);
    expect(leader.status.sealRefusal).toBe('clock-fault');
    cluster.heal();
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(leader.seal()).toBeDefined();
  });
});

describe('start-up', () => {
  /** A node whose disk was copied so many blocks ago; the leader holds durably what it acknowledged since. */
  function imaged(blocks: number) {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    const node = cluster.node(2);
    leader.seal();
    cluster.settle();
    const image = structuredClone(node.disk);
    for (let sealed = 0; sealed < blocks; sealed++) {
      leader.seal();
      cluster.settle();
    }
    cluster.tick(2 * cluster.parameters.electionTicks);
    return { cluster, leader, node, image };
  }

  test('64: all nodes restart at once: nonces are answered, voting resumes', () => {
    const cluster = new TestCluster(3);
    cluster.elect(0).seal();
    cluster.settle();
    for (const node of cluster.nodes) node.crash();
    cluster.wire = [];
    for (const node of cluster.nodes) node.restart();
    expect(cluster.nodes.map((node) => node.status.withheld)).toEqual(['start-up', 'start-up', 'start-up']);
    cluster.until('commits go on', () => {
      cluster.leader?.seal();
      cluster.settle();
      return cluster.nodes.every((node) => node.status.committedHeight >= 2);
    });
  });

  test('64: until a majority has answered its nonce a node signs nothing, and answers others', () => {
    const forge = new Forge(3);
    const cluster = new TestCluster(3, { forge });
    cluster.wire = [];
    const node = cluster.node(2);
    const blocks = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    const termCertificate = forge.termCertificate(1, 0, genesisTip, [0, 1]);
    node.step(forge.id(0), { type: 'append', term: 1, sequence: 1, termCertificate, previous: genesisTip, blocks });
    node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 1 });
    node.step(forge.id(1), { type: 'pre-vote-request', term: 9, round: 1, tip: { ...genesisTip, term: 8 } });
    for (let tick = 0; tick < 20; tick++) node.tick();
    const statement = forge.request(9, 1, present(blocks.map(tipOf)[0], 'a block'));
    node.step(forge.id(1), { type: 'vote-request', statement, signature: forge.signRequest(statement, 1) });
    for (let tick = 0; tick < 50; tick++) node.tick();
    const types = cluster.wire.map(({ message }) => message.type);
    expect(types).toContain('append-reply');
    expect(types).not.toContain('pre-vote-request');
    for (const { message } of cluster.wire) {
      if (message.type === 'append-reply') expect(message.acks).toEqual([]);
      if (message.type === 'heartbeat-reply') expect(message.ack).toBeUndefined();
      if (message.type === 'pre-vote-reply') expect(message.granted).toBe(false);
      if (message.type === 'vote-reply') expect(message.signature).toBeUndefined();
    }
    expect(node.disk.hardState.ack, 'and its mark names nothing').toBeUndefined();
    // One answer makes two of three, itself included.
    const request = cluster.wire.find(({ message }) => message.type === 'nonce-request')?.message;
    if (request?.type !== 'nonce-request') throw new Error('it asks');
    node.step(forge.id(0), { type: 'nonce-reply', nonce: new Uint8Array(32) });
    expect(node.status.withheld, 'an old nonce answers nothing').toBe('start-up');
    node.step(forge.id(0), { type: 'nonce-reply', nonce: request.nonce });
    expect(node.status.withheld).toBeUndefined();
    expect(node.disk.hardState.ack?.height, 'now the mark rises, and the ack leaves').toBe(1);
    const last = cluster.wire.at(-1)?.message;
    expect(last?.type === 'append-reply' && last.acks.length).toBe(1);
  });

  test('64: nor does it repeat an ack of before', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    leader.seal();
    cluster.settle();
    const node = cluster.node(2);
    cluster.passes = (_from, _to, message) => message.type !== 'nonce-reply';
    node.restart();
    const replies = (): (Message | undefined)[] => {
      cluster.wire = [];
      node.step(leader.id, { type: 'heartbeat', term: leader.status.term, round: 99 });
      return cluster.wire.map(({ message }) => message).filter(({ type }) => type === 'heartbeat-reply');
    };
    expect(replies()).toMatchObject([{ durable: leader.status.tip }]);
    expect(replies()[0]).not.toHaveProperty('ack');
    cluster.heal();
    cluster.tick(cluster.parameters.heartbeatTicks);
    expect(replies()[0]).toHaveProperty('ack.statement.height', 1);
  });

  test('50: a disk rolled back under the same key never votes or acks again', () => {
    const { cluster, leader, node, image } = imaged(3);
    node.crash();
    node.disk = image;
    node.restart();
    cluster.tick(30);
    expect(node.status.role).toBe('recovering');
    expect(node.status.withheld).toBe('contradicted');
    expect(node.status.contradiction).toMatch(/holds an ack of this key at \(1, \d\)/);
    leader.seal();
    cluster.tick(10);
    expect(node.status.committedHeight, 'it follows all the same').toBe(5);
    expect(node.disk.hardState.ack?.height).toBeLessThan(2);
  });

  test('50: an answer that comes when the chain has passed what it names is compared all the same', () => {
    const { cluster, leader, node, image } = imaged(1);
    node.crash();
    node.disk = image;
    // The only peer that holds its acks answers late; by then the node has gone on and signed higher ones.
    let late: Message | undefined;
    cluster.passes = (from, to, message) => {
      if (from !== leader || to !== node || message.type !== 'nonce-reply') return true;
      late ??= message;
      return false;
    };
    cluster.tick(1);
    leader.seal();
    cluster.tick(cluster.parameters.electionTicks);
    node.restart();
    cluster.until('it acks again', () => node.disk.hardState.ack?.height === leader.status.tip.height);
    expect(node.status.withheld).toBeUndefined();
    node.step(leader.id, present(late, 'the leader answered'));
    expect(node.status.withheld).toBe('contradicted');
  });

  test('50: a peer that was not there when enough had answered is asked when it is', () => {
    const { cluster, leader, node, image } = imaged(1);
    // The only peer that holds its acks is away.
    leader.crash();
    node.crash();
    node.disk = image;
    node.restart();
    cluster.until('it goes on', () => node.status.withheld === undefined);
    leader.restart();
    cluster.until('it stops', () => node.status.withheld === 'contradicted');
  });

  test('50: blocks lost under an intact mark are repaired before the node votes or acks', () => {
    const cluster = new TestCluster(3);
    const leader = cluster.elect(0);
    for (let sealed = 0; sealed < 4; sealed++) {
      leader.seal();
      cluster.settle();
    }
    cluster.tick(20);
    const node = cluster.node(2);
    node.crash();
    node.disk.chain = node.disk.chain.slice(0, 1);
    cluster.passes = (_from, to, message) => to !== node || message.type !== 'append';
    node.restart();
    cluster.tick(5);
    expect(node.status.withheld).toBe('mark-lost');
    cluster.heal();
    cluster.tick(10);
    expect(node.status.withheld).toBeUndefined();
    expect(node.status.tip).toEqual(leader.status.tip);
  });

  test('50: promises behind the chain are lost promises', () => {
    const forge = new Forge(3);
    const blocks = forge.branch(genesisTip, 4, 0, 1, [0, 1]);
    const stale: HardState = { term: 3 };
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(), forge.disk(), forge.disk(blocks, stale)] });
    expect(cluster.node(2).status.role).toBe('recovering');
  });

  test('72: a block of an old term that only one voter holds does not stop the living majority', () => {
    const forge = new Forge(4, 1);
    const base = forge.branch(genesisTip, 1, 1, 1, [0, 1, 2]);
    const one = present(base[0], 'a block');
    const kept = forge.block(tipOf(one), 1, forge.id(1));
    const second = forge.termCertificate(2, 2, tipOf(one), [0, 2]);
    const lost = forge.block(tipOf(one), 2, forge.id(2), { term: second });
    const disks = [
      forge.disk(base, { term: 2, vote: second.request }),
      forge.disk([...base, kept], { term: 1, ack: ackOf(kept) }),
      forge.disk(base, { term: 2, vote: second.request, voteRequest: second.request }),
      forge.disk([...base, lost], { term: 2 }),
    ];
    const cluster = new TestCluster(4, { forge, disks });
    cluster.settle();
    cluster.node(2).crash();
    cluster.until('0 and 1 commit', () => {
      cluster.leader?.seal();
      cluster.settle();
      return [0, 1, 3].every((index) => cluster.node(index).status.committedHeight >= 2);
    });
    for (const node of cluster.nodes) expect(node.evidence).toEqual([]);
  });
});
