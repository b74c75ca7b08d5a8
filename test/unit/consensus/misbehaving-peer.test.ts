import { expect, test } from 'vitest';
import { present, type Random, toHex } from '../../../src/base/index.ts';
import {
  ackOf,
  type BlockReference,
  type Message,
  type TermCertificate,
  type Tip,
  tipOf,
} from '../../../src/consensus/index.ts';
import { seededRandom, TestCluster, type TestNode } from './cluster.ts';
import { type Forge, genesisTip } from './forge.ts';

/** A peer that owns one voter's key and says whatever it likes, made of pieces that fit together now and then. */
class Liar {
  readonly #forge: Forge;
  readonly #index: number;
  readonly #random: Random;
  readonly #heard: Message[] = [];
  /** The right to lead, once it was honestly elected. */
  #mandate: TermCertificate | undefined;

  constructor(forge: Forge, index: number, random: Random) {
    this.#forge = forge;
    this.#index = index;
    this.#random = random;
  }

  hear(message: Message): void {
    if ('termCertificate' in message && message.termCertificate?.request.candidate === this.#forge.id(this.#index)) {
      this.#mandate = message.termCertificate;
    }
    if (this.#heard.length > 200) this.#heard.splice(this.#random.below(200), 1);
    this.#heard.push(message);
  }

  /** A message of any kind: repeated, changed in one field, or made up. */
  speak(target: TestNode): Message {
    const heard = this.#heard[this.#random.below(this.#heard.length + 1)];
    if (heard === undefined || this.#random.below(3) === 0) return this.#invent(target);
    return this.#random.below(2) === 0 ? heard : this.#change(heard);
  }

  #change(message: Message): Message {
    const changed: Record<string, unknown> = { ...message };
    const fields = Object.keys(message).filter((field) => field !== 'type');
    const field = fields[this.#random.below(fields.length)];
    const donor = this.#heard[this.#random.below(this.#heard.length)];
    if (field === undefined) return message;
    const value = changed[field];
    if (typeof value === 'number') changed[field] = this.#number();
    else if (donor !== undefined && field in donor)
      changed[field] = (donor as unknown as Record<string, unknown>)[field];
    else if (value instanceof Uint8Array) changed[field] = this.#random.bytes(this.#random.below(80));
    return changed as unknown as Message;
  }

  #number(): number {
    const odd = [-1, 0, 1, 0.5, Number.NaN, 2 ** 47, Number.MAX_SAFE_INTEGER];
    return this.#random.below(3) === 0 ? (odd[this.#random.below(odd.length)] as number) : this.#random.below(12);
  }

  /** A branch of its own term, as elected leader: perhaps the second of a height, perhaps not on the tip it claimed. */
  #usurp(target: TestNode, mandate: TermCertificate): Message {
    const { chain } = target.disk;
    const place = chain[Math.max(0, chain.length - 1 - this.#random.below(4))];
    const previous =
      this.#random.below(3) === 0 ? mandate.request.tip : place === undefined ? genesisTip : tipOf(place);
    const { term } = mandate.request;
    const blocks: BlockReference[] = [];
    for (let tip = previous; blocks.length < 3; tip = tipOf(present(blocks.at(-1), 'a block'))) {
      const justification = tip.term < term ? { term: mandate } : {};
      blocks.push(this.#forge.block(tip, term, this.#forge.id(this.#index), justification));
    }
    return { type: 'append', term, sequence: 1, termCertificate: mandate, previous, blocks };
  }

  #invent(target: TestNode): Message {
    if (this.#mandate !== undefined && this.#random.below(3) === 0) return this.#usurp(target, this.#mandate);
    const forge = this.#forge;
    const { status, disk } = target;
    const term = status.term + this.#random.below(3);
    const chain = [...disk.chain];
    const place: BlockReference | undefined = chain[this.#random.below(chain.length + 1)];
    const tip: Tip = place === undefined ? genesisTip : tipOf(place);
    const request = forge.request(Math.max(term, tip.term + 1), this.#index, tip);
    const voters = [this.#index, this.#random.below(4)];
    switch (this.#random.below(9)) {
      case 0: {
        const termCertificate = { request, votes: [forge.vote(this.#index, request)] };
        const blocks = forge.branch(tip, Math.max(1, tip.term + this.#random.below(2)), this.#index, 3, [this.#index]);
        return { type: 'append', term, sequence: this.#number(), termCertificate, previous: tip, blocks };
      }
      case 1: {
        const block = place ?? forge.block(tip, Math.max(1, term), forge.id(this.#index));
        const certificate = forge.blockCertificate(block, [this.#index, this.#index, this.#index]);
        return { type: 'heartbeat', term, round: this.#number(), certificate };
      }
      case 2:
        return {
          type: 'vote-request',
          statement: request,
          signature: forge.signRequest(request, this.#index),
          tipHeader: tip.hash,
          tipTermCertificate: forge.termCertificate(request.term, this.#index, tip, voters.slice(0, 1)),
          ...(this.#random.below(2) === 0 && { ordered: true as const }),
        };
      case 3: {
        const block = place ?? forge.block(tip, Math.max(1, term), forge.id(this.#index));
        const acks = [forge.ack(this.#index, { ...ackOf(block), term: status.term })];
        return { type: 'append-reply', term, sequence: this.#number(), acks, durable: tip };
      }
      case 4:
        return { type: 'pre-vote-reply', term: this.#number(), round: this.#number(), granted: true, tip };
      case 5:
        return {
          type: 'branch-reply',
          previous: tip,
          blocks: forge.branch(tip, tip.term + 1, this.#index, 2, voters),
          tip,
        };
      case 6:
        return {
          type: 'nonce-reply',
          nonce: this.#random.bytes(32),
          vote: { statement: request, signature: this.#random.bytes(64) },
        };
      case 7:
        return { type: 'campaign-now', term: status.term };
      default:
        return { type: 'branch-request', known: tip, wanted: tip };
    }
  }
}

/** Runs three honest nodes beside the liar, and then without it. */
function run(seed: number, mayLead: boolean): { readonly named: number } {
  const random = seededRandom(seed);
  const cluster = new TestCluster(4, { seed });
  const liar = new Liar(cluster.forge, 3, random);
  const honest = cluster.nodes.slice(0, 3);
  const fourth = cluster.node(3);
  cluster.passes = (from, to, message) => {
    if (to === fourth || from === fourth) liar.hear(message);
    return mayLead || from !== fourth;
  };
  cluster.settle();
  if (mayLead) cluster.elect(3);
  for (let step = 0; step < 400; step++) {
    if (random.below(3) === 0) cluster.tick();
    if (random.below(10) === 0) cluster.leader?.seal();
    const target = present(honest[random.below(3)], 'three are honest');
    target.raft.step(fourth.id, liar.speak(target), cluster.nowMs);
    target.drain();
    if (random.below(2) === 0) cluster.settle();
  }
  fourth.crash();
  cluster.passes = (from, to) => honest.includes(from) && honest.includes(to);
  // Liveness is not promised after a malicious leader: it may have left honest nodes on both sides of a fork.
  if (!mayLead) {
    const goal = Math.max(...honest.map((node) => node.status.tip.height)) + 1;
    cluster.until(
      `seed ${seed}: the honest commit`,
      () => {
        cluster.leader?.seal();
        cluster.settle();
        return honest.every((node) => node.status.committedHeight >= goal);
      },
      2000,
    );
  } else cluster.tick(300);
  const [first, ...others] = honest.map((node) => node.committed.map(({ block }) => toHex(block.hash)));
  for (const other of others) {
    const length = Math.min(first?.length ?? 0, other.length);
    expect(other.slice(0, length)).toEqual(first?.slice(0, length));
  }
  const evidence = honest.flatMap((node) => node.evidence);
  for (const { culprit } of evidence) expect(culprit, 'only the liar is named').toBe(fourth.id);
  return { named: evidence.length };
}

test('whatever one voter of four says, the others stay whole and agree', () => {
  for (let seed = 1; seed <= 30; seed++) run(seed, false);
});

test('also when it is the elected leader, and then it is named', () => {
  let named = 0;
  for (let seed = 1; seed <= 60; seed++) named += run(seed, true).named;
  expect(named).toBeGreaterThan(60);
});
