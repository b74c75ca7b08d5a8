import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/index.ts';
import { ackOf, type BlockReference, type Message, tipOf } from '../../src/consensus/index.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import { Forge, genesisTip } from '../unit/consensus/forge.ts';

function endOf(blocks: readonly BlockReference[]): BlockReference {
  return present(blocks.at(-1), 'a branch has an end');
}

function appendOf(forge: Forge, term: number, blocks: readonly BlockReference[]): Message {
  const [first] = blocks;
  const height = present(first, 'blocks are sent').height - 1;
  const previous = height === 0 ? genesisTip : { term, height, hash: present(first, 'a block').parentHash };
  const termCertificate = forge.termCertificate(term, 0, genesisTip, [0, 1]);
  return { type: 'append', term, sequence: 1, termCertificate, previous, blocks };
}

/** Lets only this node's time pass until it asks for PreVotes, and gives the round. */
function roundOf(cluster: TestCluster, node: TestNode): number {
  for (let tick = 0; tick < 50; tick++) {
    node.tick();
    for (const { from, message } of cluster.wire.splice(0)) {
      if (from === node.id && message.type === 'pre-vote-request') return message.round;
    }
  }
  throw new Error('the node does not campaign');
}

describe('what a dead node or a liar leaves behind', () => {
  test('62: a branch that breaks off in a later term raises the term all the same', () => {
    const forge = new Forge(3);
    const cluster = new TestCluster(3, { forge });
    cluster.settle();
    const node = cluster.node(2);
    const old = forge.branch(genesisTip, 1, 0, 1, [0, 1]);
    node.step(forge.id(0), appendOf(forge, 1, old));
    const fresh = forge.branch(tipOf(endOf(old)), 9, 1, 1, [0, 1]);
    const stray = forge.block(genesisTip, 9, forge.id(1));
    const tip = tipOf(stray);
    const round = roundOf(cluster, node);
    node.step(forge.id(1), { type: 'pre-vote-reply', term: 1, round, granted: false, tip: { ...tip, height: 9 } });
    const blocks = [...fresh, stray];
    node.step(forge.id(1), { type: 'branch-reply', previous: tipOf(endOf(old)), blocks, tip });
    node.step(forge.id(0), { type: 'heartbeat', term: 1, round: 9 });
    expect(node.disk.hardState.term).toBeGreaterThanOrEqual(node.status.tip.term);
    node.restart();
    cluster.tick();
    expect(node.status.withheld).toBeUndefined();
  });

  test('62: a branch of many pieces, the first of a lower term than the own tip, is fetched piece by piece', () => {
    const forge = new Forge(3);
    const shared = forge.branch(genesisTip, 1, 0, 3, [0, 1]);
    const stale = forge.branch(tipOf(endOf(shared)), 5, 1, 2, [1, 2]);
    const older = forge.branch(tipOf(endOf(shared)), 4, 2, 10, [0, 2]);
    const newer = forge.branch(tipOf(endOf(older)), 6, 2, 1, [0, 2]);
    const disks = [forge.disk(), forge.disk([...shared, ...stale]), forge.disk([...shared, ...older, ...newer])];
    const cluster = new TestCluster(3, { forge, disks, limits: { appendBlocksMax: 2 } });
    cluster.settle();
    cluster.node(0).crash();
    const node = cluster.node(1);
    for (let tick = 0; tick < 25; tick++) node.tick();
    cluster.settle();
    expect(node.disk.chain).toEqual([...shared, ...older, ...newer]);
  });

  test('67: the lost end of a chain is not repaired with another header of the same place', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 3, [0, 1]);
    const kept = chain.slice(0, 2);
    const disk = forge.disk(kept, { term: 1, ack: ackOf(endOf(chain)) });
    const cluster = new TestCluster(3, { forge, disks: [forge.disk(), forge.disk(), disk] });
    cluster.settle();
    const node = cluster.node(2);
    const rival = forge.branch(tipOf(endOf(kept)), 1, 0, 2, []);
    node.step(forge.id(0), appendOf(forge, 1, rival));
    const acks = cluster.wire.flatMap(({ message }) => (message.type === 'append-reply' ? message.acks : []));
    expect(acks).toEqual([]);
    expect(node.status).toMatchObject({ tip: tipOf(endOf(rival)), withheld: 'mark-lost' });
    // A later leader's chain ends the matter: what was acknowledged is below it, or never was certified.
    const later = forge.branch(tipOf(endOf(chain)), 2, 1, 1, [1, 2]);
    const termCertificate = forge.termCertificate(2, 1, tipOf(endOf(chain)), [1, 2]);
    const blocks = [endOf(chain), ...later];
    const previous = tipOf(endOf(kept));
    node.step(forge.id(1), { type: 'append', term: 2, sequence: 1, termCertificate, previous, blocks });
    expect(node.status).toMatchObject({ tip: tipOf(endOf(later)) });
    expect(node.status.withheld).toBeUndefined();
  });

  test('4: one vote request for a term beyond all others does not use up the terms', () => {
    const forge = new Forge(3);
    const cluster = new TestCluster(3, { forge });
    cluster.settle();
    const node = cluster.node(2);
    const statement = forge.request(2 ** 48, 1, genesisTip);
    node.step(forge.id(1), { type: 'vote-request', statement, signature: forge.signRequest(statement, 1) });
    expect(node.status.term).toBe(1000);
    expect(node.disk.hardState.vote).toBeUndefined();
  });

  test('6: a candidate far ahead of the terms of all others wins after some campaigns', () => {
    const forge = new Forge(3);
    const disks = [forge.disk([], { term: 5000 }), forge.disk(), forge.disk()];
    const cluster = new TestCluster(3, { forge, disks });
    expect(cluster.elect(0).status.term).toBeGreaterThan(5000);
  });

  test('73: a node that came to a long term through a later leader can prove its tip after a restart', () => {
    const forge = new Forge(3);
    const chain = forge.branch(genesisTip, 1, 0, 5000, [0, 1]);
    const disks = [0, 1, 2].map(() => ({ ...forge.disk(chain, { term: 2 }), termCertificates: new Map() }));
    const cluster = new TestCluster(3, { forge, disks });
    cluster.settle();
    cluster.until('a leader is there', () => cluster.leader !== undefined);
  });

  test('50: a late answer that contradicts the disk ends a campaign before its vote is signed', () => {
    const cluster = new TestCluster(3);
    const { forge } = cluster;
    const node = cluster.node(2);
    const asked = cluster.wire
      .splice(0)
      .find(({ from, message }) => from === node.id && message.type === 'nonce-request');
    const { message } = present(asked, 'the node asks');
    const nonce = message.type === 'nonce-request' ? message.nonce : new Uint8Array();
    node.step(forge.id(0), { type: 'nonce-reply', nonce });
    const round = roundOf(cluster, node);
    node.holdsWrites = true;
    node.step(forge.id(0), { type: 'pre-vote-reply', term: 1, round, granted: true, tip: genesisTip });
    expect(node.status.role).toBe('candidate');
    const ack = forge.ack(2, ackOf(forge.block(genesisTip, 1, forge.id(0))));
    node.step(forge.id(1), { type: 'nonce-reply', nonce, ack });
    node.sync();
    expect(node.status).toMatchObject({ role: 'recovering', withheld: 'contradicted' });
    expect(cluster.wire.filter(({ message }) => message.type === 'vote-request')).toEqual([]);
  });
});
