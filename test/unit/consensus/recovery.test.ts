import { expect, it } from 'vitest';
import { concatBytes, present, utf8 } from '../../../src/base/index.ts';
import {
  decodeJustification,
  encodeJustification,
  type Justification,
  type Recovery,
  type Tip,
  tipOf,
} from '../../../src/consensus/index.ts';
import { TestCluster } from './cluster.ts';
import { Forge, ledgerId } from './forge.ts';

/** A ledger of nodes 0 to 2 that was lost after two blocks, and goes on with 3 to 5, of which node 3 leads. */
function recovering() {
  const forge = new Forge(3, 0, 4);
  const chain = forge.branch({ term: 0, height: 0, hash: ledgerId }, 1, 0, 2, [0, 1]);
  const base = tipOf(present(chain[1], 'a block'));
  const recovery = forge.recovery(base, [3, 4, 5]);
  const disk = () => ({ ...forge.disk(chain, { term: 2 }), committedHeight: 2, recovery });
  const disks = [forge.disk(chain), forge.disk(chain), forge.disk(chain), disk(), disk(), disk()];
  const cluster = new TestCluster(3, { forge, disks });
  const leader = cluster.elect(3);
  return { cluster, forge, base, recovery, leader, follower: cluster.node(4) };
}

type Lost = ReturnType<typeof recovering>;

/** What node 4 says to the first block of node 3, which says this. */
function answerTo(lost: Lost, change: (proper: Justification) => Justification, at: Partial<Tip> = {}) {
  const { forge, leader, follower, base, recovery } = lost;
  const { term } = leader.status;
  const slot = present(leader.raft.proposalSlot(leader.nowMs), 'it leads');
  const justification = change({ ...slot.justification, configuration: recovery.configuration });
  const block = forge.block({ ...base, ...at }, term, leader.id, justification);
  follower.step(leader.id, { type: 'append', term, sequence: 1, previous: base, blocks: [block] });
  return { tip: follower.status.tip, refusal: follower.status.refusal };
}

it('a block that carries the statement follows the base', () => {
  const lost = recovering();
  const { tip, refusal } = answerTo(lost, (proper) => proper);
  expect(refusal).toBeUndefined();
  expect(tip.height).toBe(3);
  expect(lost.follower.status.configuration.generation).toBe(1);
});

it.each<[reason: string, change: (proper: Justification, lost: Lost) => Justification]>([
  ['recovery-missing', ({ recovery: _, ...rest }) => rest],
  ['recovery-missing', ({ recovery: _, configuration: __, ...rest }) => rest],
  ['recovery-invalid', (proper) => ({ ...proper, recovery: utf8('nobody signed this') })],
  [
    'recovery-of-another-base',
    (proper, { forge, base }) => ({ ...proper, recovery: forge.recovery({ ...base, height: 1 }, [3, 4, 5]).bytes }),
  ],
  [
    'recovery-of-another-configuration',
    (proper, { forge, base }) => foundedBy(proper, forge.recovery(base, [3, 4, 6])),
  ],
  [
    'recovery-configuration',
    (proper, { forge }) => ({ ...proper, configuration: forge.configurationOf([[3, 'voter']], 1) }),
  ],
  ['recovery-configuration', ({ configuration: _, ...rest }) => rest],
])('a leader on the base is refused for %s', (reason, change) => {
  const lost = recovering();
  const { tip, refusal } = answerTo(lost, (proper) => change(proper, lost));
  expect(refusal).toBe(reason);
  expect(tip).toEqual(lost.base);
});

/** A node to which nothing was applied, as a joiner: the chain alone has to convince it. */
it.each<[what: string, is: boolean, found: (forge: Forge, base: Tip) => Recovery]>([
  ['the next generation with new keys', true, (forge, base) => forge.recovery(base, [3, 4, 5])],
  ['a generation that is skipped', false, (forge, base) => forge.recovery(base, [3, 4, 5], 2)],
  ['the same generation', false, (forge, base) => forge.recovery(base, [3, 4, 5], 0)],
  ['a key of the generation before', false, (forge, base) => forge.recovery(base, [2, 3, 4])],
])('who applied nothing takes from the chain: %s, %s', (_what, isTaken, found) => {
  const forge = new Forge(3, 0, 4);
  const chain = forge.branch({ term: 0, height: 0, hash: ledgerId }, 1, 0, 2, [0, 1]);
  const base = tipOf(present(chain[1], 'a block'));
  const recovery = found(forge, base);
  const { configuration } = recovery;
  const request = { term: 2, candidate: forge.id(3), tip: base, configurationHash: configuration.hash };
  const term = { request, votes: [3, 4].map((voter) => forge.vote(voter, request)) };
  const block = forge.block(base, 2, forge.id(3), foundedBy({ term }, recovery));
  const cluster = new TestCluster(3, { forge, disks: Array.from({ length: 7 }, () => forge.disk(chain)) });
  const joiner = cluster.node(6);
  joiner.seeds = [forge.id(3)];
  joiner.restart();
  // A leader that it does not know yet sends it the branch that explains it.
  joiner.step(forge.id(3), { type: 'heartbeat', term: 2, round: 1, termCertificate: term });
  joiner.step(forge.id(3), { type: 'branch-reply', previous: base, blocks: [block], tip: tipOf(block) });
  const append = {
    type: 'append',
    term: 2,
    sequence: 1,
    termCertificate: term,
    previous: base,
    blocks: [block],
  } as const;
  joiner.step(forge.id(3), append);
  expect(joiner.raft.configuration.generation).toBe(isTaken ? 1 : 0);
  expect(joiner.status.tip.height).toBe(isTaken ? 3 : 2);
  if (!isTaken) expect(joiner.complaints.join()).toContain('the branch breaks a rule: recovery-');
});

it('a new generation opens a term', () => {
  const forge = new Forge(3, 0, 3);
  const chain = forge.branch({ term: 0, height: 0, hash: ledgerId }, 1, 0, 2, [0, 1]);
  const base = tipOf(present(chain[1], 'a block'));
  const block = forge.block(base, 1, forge.id(0), foundedBy({}, forge.recovery(base, [3, 4, 5])));
  const cluster = new TestCluster(3, { forge, disks: Array.from({ length: 6 }, () => forge.disk(chain)) });
  const follower = cluster.node(1);
  follower.step(forge.id(0), { type: 'append', term: 1, sequence: 1, previous: base, blocks: [block] });
  expect(follower.status.refusal).toBe('recovery-within-a-term');
});

it.each([
  ['below the base', 0, 1],
  ['on another block of its height', 1, 2],
])('nobody is elected %s, and nobody leads from there', (_, proposer, count) => {
  const { forge, base, recovery } = recovering();
  const chain = forge.branch({ term: 0, height: 0, hash: ledgerId }, 1, proposer, count, [0, 1]);
  expect(tipOf(present(chain.at(-1), 'a block'))).not.toEqual(base);
  const disk = () => ({ ...forge.disk(chain, { term: 2 }), committedHeight: 0, recovery });
  const disks = [forge.disk(), forge.disk(), forge.disk(), disk(), disk(), disk()];
  const cluster = new TestCluster(3, { forge, disks });
  cluster.tick(300);
  for (const index of [3, 4, 5]) {
    const { status } = cluster.node(index);
    expect(status.tip.hash).not.toEqual(base.hash);
    expect(status).toMatchObject({ role: 'follower', term: 2 });
  }
});

it('a certificate of what was left behind counts no more', () => {
  const { forge, leader, follower, base } = recovering();
  const block = forge.block(base, 1, forge.id(0));
  const { hash: configurationHash } = forge.configuration;
  const { term, height, hash } = tipOf(block);
  const certificate = forge.blockCertificate(block, [0, 1], { term, height, blockHash: hash, configurationHash });
  follower.step(leader.id, { type: 'heartbeat', term: leader.status.term, round: 1, certificate });
  expect(follower.complaints).toHaveLength(1);
  expect(follower.status.behindBlocks).toBe(0);
});

it('a justification carries the statement, in one form', () => {
  const { forge, base, recovery } = recovering();
  const justification = foundedBy({ term: forge.termCertificate(2, 3, base, [3]) }, recovery);
  const bytes = encodeJustification(justification);
  const open = (): Recovery['configuration'] => recovery.configuration;
  expect(decodeJustification(bytes, open)).toEqual(justification);
  const { configuration: _, ...bare } = justification;
  const bareBytes = encodeJustification(bare);
  expect(decodeJustification(bareBytes, open)).toEqual(bare);
  for (let length = 0; length < bareBytes.length; length++)
    expect(() => decodeJustification(bareBytes.subarray(0, length), open)).toThrow('malformed');
  expect(() => decodeJustification(concatBytes(bareBytes, Uint8Array.of(0)), open)).toThrow('bytes follow');
  expect(() => decodeJustification(bytes.with(1, 16), open)).toThrow('unknown version or flags');
});

function foundedBy(justification: Justification, { bytes, configuration }: Recovery): Justification {
  return { ...justification, recovery: bytes, configuration };
}
