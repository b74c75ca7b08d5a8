import { AssentError, type Clock, present } from '../../../../src/base/index.ts';
import { type Configuration, electorateOf, type NodeRole } from '../../../../src/consensus/index.ts';
import { encodeNodeId, type NodeId } from '../../../../src/crypto/index.ts';
import { InForce, type InForceWord } from '../../../../src/node/replica/in-force/in-force.ts';
import { type LeaseTimes, leaseTimesOf } from '../../../../src/node/replica/in-force/terms.ts';
import { decodeLeaseMessage, isLeaseFrame, type LeaseMessage } from '../../../../src/node/replica/in-force/wire.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';

export const boundMs = 1000;
export const times: LeaseTimes = leaseTimesOf(boundMs);

/** Of each node; undefined for one that does not belong to the ledger. */
export type Roles = readonly (NodeRole | undefined)[];

/** Whether the machine of a node sleeps, or the node alone stands still: a monotonic clock goes on only for the latter. */
type Stillness = 'asleep' | 'paused';

/** A machine's clocks. */
class NodeClock implements Clock {
  readonly #world: LeaseNodes;
  /** Relative rate: 0.1 runs 10 % fast. */
  readonly #drift: number;
  offsetMs = 0;
  #sleptMs = 0;
  #asleepSinceMs: number | undefined;

  constructor(world: LeaseNodes, drift: number) {
    this.#world = world;
    this.#drift = drift;
  }

  nowMs(): number {
    return Math.floor(1_000_000_000 + this.#world.nowMs * (1 + this.#drift) + this.offsetMs);
  }

  monotonicMs(): number {
    const awakeMs = (this.#asleepSinceMs ?? this.#world.nowMs) - this.#sleptMs;
    return Math.floor(awakeMs * (1 + this.#drift));
  }

  after(): never {
    throw new Error('leases need no timers');
  }

  sleep(): void {
    this.#asleepSinceMs = this.#world.nowMs;
  }

  wake(): void {
    this.#sleptMs += this.#world.nowMs - (this.#asleepSinceMs ?? this.#world.nowMs);
    this.#asleepSinceMs = undefined;
  }
}

/** A node: what consensus would tell its replica, and production code for leases. */
export class LeaseNode {
  readonly nodeId: NodeId;
  readonly clock: NodeClock;
  /** Its chain, which lasts. */
  tip = 0;
  certified = 0;
  /** The newest change that a history proved to it. */
  #proved = 0;
  stillness: Stillness | undefined;
  part: InForce;
  /** Readers, each with the height that is confirmed for it. */
  reads: { readonly height: number; readonly done: (error?: AssentError) => void }[] = [];
  /** Whose frames it refused as wrong. */
  readonly blamed: NodeId[] = [];
  #life = 0;
  #ticks = 0;
  readonly #world: LeaseNodes;

  constructor(world: LeaseNodes, number: number, drift: number) {
    this.#world = world;
    this.nodeId = encodeNodeId(keyOf(number));
    this.clock = new NodeClock(world, drift);
    this.part = this.#begin();
  }

  get isRunning(): boolean {
    return this.stillness === undefined;
  }

  /** A new process on the disk, which may know of fewer certificates than the process before did. */
  restart(forgotten = 0): void {
    this.certified = Math.max(0, this.certified - forgotten);
    this.stillness = undefined;
    this.clock.wake();
    this.part = this.#begin();
  }

  standStill(stillness: Stillness): void {
    if (!this.isRunning) return;
    this.stillness = stillness;
    if (stillness === 'asleep') this.clock.sleep();
  }

  goOn(): void {
    this.stillness = undefined;
    this.clock.wake();
  }

  tick(): void {
    if (!this.isRunning) return;
    this.#answerReads();
    this.#ticks += 1;
    this.part.tick(this.#ticks);
  }

  /** Its chain has come so far, and its certificates. */
  advance(certified: number): void {
    if (!this.isRunning) return;
    const height = Math.min(certified, this.tip, this.#world.committed);
    if (height <= this.certified) return;
    this.certified = height;
    this.#answerReads();
    this.part.advanced();
  }

  /** A history proves the newest change to it. */
  learn(): void {
    this.#proved = this.#world.changeHeightAt(this.#world.committed);
  }

  failReads(): void {
    const reads = this.reads;
    this.reads = [];
    for (const { done } of reads) done(new AssentError('no-quorum', 'no leader is known'));
  }

  #answerReads(): void {
    const over = this.reads.filter(({ height }) => height <= this.certified);
    this.reads = this.reads.filter((read) => !over.includes(read));
    for (const { done } of over) done();
  }

  /** The nodes of every configuration that counts, as consensus says. */
  get #nodes(): ReadonlySet<NodeId> {
    const heights = [this.tip, this.certified, this.#newestCertified];
    const configurations = heights.map((height) => this.#world.configurationAt(height));
    return new Set(configurations.flatMap((configuration) => [...electorateOf(configuration).keys.keys()]));
  }

  get #newestCertified(): number {
    return this.#world.changeHeightAt(Math.max(this.#proved, this.certified));
  }

  #begin(): InForce {
    const world = this.#world;
    this.#life += 1;
    this.#ticks = 0;
    this.reads = [];
    return new InForce({
      nodeId: this.nodeId,
      nodes: () => this.#nodes,
      newestCertified: () => ({
        height: this.#newestCertified,
        configuration: world.configurationAt(this.#newestCertified),
      }),
      atTip: () => world.configurationAt(this.tip),
      certifiedChangeHeight: () => world.changeHeightAt(this.certified),
      decides: () => this.certified,
      clock: this.clock,
      times,
      random: new SeededRandom(this.#life).fork(this.nodeId),
      read: (done) => void this.reads.push({ height: world.committed, done }),
      send: (to, frame) => world.send(this, to, frame),
      blame: (from) => void this.blamed.push(from),
      onLease: () => undefined,
    });
  }
}

/** Of a link in one direction: what is sent is lost, or lies around until the link is mended. */
export type LinkFault = 'cut' | 'held';

interface Packet {
  readonly from: LeaseNode;
  readonly to: LeaseNode;
  readonly frame: Uint8Array;
}

/**
 * Nodes with clocks of their own whose frames lie around until they are delivered, lost or repeated, above a model of
 * consensus: one chain, of which each node has a part, and a block is committed once a majority of the voters has it.
 */
export class LeaseNodes {
  nowMs = 0;
  readonly nodes: readonly LeaseNode[];
  underWay: Packet[] = [];
  readonly #faults = new Map<LeaseNode, Map<LeaseNode, LinkFault>>();
  /** The end of the longest chain. */
  #tip = 0;
  committed = 0;
  /** Ascending. */
  readonly #changes: { readonly height: number; readonly configuration: Configuration; readonly roles: Roles }[];
  /** The newest block that somebody was told is in force. */
  inForce = 0;
  readonly counters = { inForce: 0, barred: 0, leased: 0, promised: 0, refused: 0 };

  /** @param drifts of the nodes' clocks */
  constructor(roles: Roles, drifts: readonly number[] = []) {
    this.#changes = [{ height: 0, configuration: configurationOf(roles), roles }];
    this.nodes = roles.map((_, number) => new LeaseNode(this, number, drifts[number] ?? 0));
  }

  node(number: number): LeaseNode {
    return present(this.nodes[number], 'a node');
  }

  configurationAt(height: number): Configuration {
    return present(this.#changeAt(height), 'there is a first one').configuration;
  }

  changeHeightAt(height: number): number {
    return present(this.#changeAt(height), 'there is a first one').height;
  }

  send(from: LeaseNode, to: NodeId, frame: Uint8Array): void {
    if (isLeaseFrame(frame) && decodeLeaseMessage(frame).type === 'lease') this.counters.promised += 1;
    const receiver = this.nodes.find(({ nodeId }) => nodeId === to);
    if (receiver === undefined || this.#faultOf(from, receiver) === 'cut') return;
    this.underWay.push({ from, to: receiver, frame });
  }

  /** From now on, in one direction. */
  breakLink(from: LeaseNode, to: LeaseNode, fault: LinkFault): void {
    const faults = this.#faults.get(from) ?? new Map<LeaseNode, LinkFault>();
    faults.set(to, fault);
    this.#faults.set(from, faults);
  }

  /** All links of a node, in both directions. */
  isolate(node: LeaseNode, fault: LinkFault = 'cut'): void {
    for (const other of this.nodes) {
      this.breakLink(node, other, fault);
      this.breakLink(other, node, fault);
    }
  }

  mend(node: LeaseNode): void {
    this.#faults.delete(node);
    for (const faults of this.#faults.values()) faults.delete(node);
  }

  mendAll(): void {
    this.#faults.clear();
  }

  #faultOf(from: LeaseNode, to: LeaseNode): LinkFault | undefined {
    return this.#faults.get(from)?.get(to);
  }

  /** Messages under way about leases, of this type. */
  messages<Type extends LeaseMessage['type']>(type: Type): (LeaseMessage & { type: Type })[] {
    const messages = this.underWay
      .filter(({ frame }) => isLeaseFrame(frame))
      .map(({ frame }) => decodeLeaseMessage(frame));
    return messages.filter((message): message is LeaseMessage & { type: Type } => message.type === type);
  }

  /** Frames to a node that stands still wait, as do those on a link that is held. */
  deliver(place: number): void {
    const packet = this.underWay[place];
    if (packet === undefined || !this.#isDeliverable(packet)) return;
    this.underWay.splice(place, 1);
    const { from, to, frame } = packet;
    const { promised } = this.counters;
    to.part.receive(from.nodeId, frame);
    const isQuestion = isLeaseFrame(frame) && decodeLeaseMessage(frame).type === 'lease-wanted';
    if (isQuestion && this.counters.promised === promised) this.counters.refused += 1;
    this.look();
  }

  deliverAll(): void {
    for (let count = 0; ; count++) {
      if (count > 10_000) throw new Error('they talk for ever');
      const place = this.underWay.findIndex((packet) => this.#isDeliverable(packet));
      if (place < 0) return;
      this.deliver(place);
    }
  }

  #isDeliverable({ from, to }: Packet): boolean {
    return to.isRunning && this.#faultOf(from, to) !== 'held';
  }

  /** Time passes, and all clocks tick once. */
  pass(durationMs: number): void {
    this.nowMs += durationMs;
    for (const node of this.nodes) {
      node.tick();
      this.look();
    }
  }

  /** Time passes, with ticks as in production, and all frames arrive. */
  run(durationMs: number, tickMs: number = boundMs / 40): void {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= tickMs) {
      this.pass(Math.min(tickMs, leftMs));
      this.deliverAll();
    }
  }

  /** A node seals a block and has it; the roles are those of a change. */
  seal(node: LeaseNode, roles?: Roles): void {
    if (node.tip < this.#tip || !node.isRunning) return;
    this.#tip += 1;
    node.tip = this.#tip;
    if (roles !== undefined) this.#changes.push({ height: this.#tip, configuration: configurationOf(roles), roles });
    this.#commit();
  }

  /** A node gets the blocks up to this one. */
  follow(node: LeaseNode, height: number): void {
    if (!node.isRunning) return;
    node.tip = Math.max(node.tip, Math.min(height, this.#tip));
    this.#commit();
  }

  /** These nodes get all there is, and certify it. */
  spread(nodes: readonly LeaseNode[] = this.nodes): void {
    for (const node of nodes) this.follow(node, this.#tip);
    for (const node of nodes) node.advance(this.committed);
    this.look();
  }

  /** Seals a block, perhaps of a change, which these nodes get. Answers its height. */
  grow(nodes: readonly LeaseNode[] = this.nodes, roles?: Roles): number {
    const longest = nodes.find(({ tip }) => tip === this.#tip);
    if (longest !== undefined) this.seal(longest, roles);
    this.spread(nodes);
    return this.#tip;
  }

  /** Roles at the end of the longest chain, unless a change is under way. */
  get settledRoles(): Roles | undefined {
    const last = present(this.#changes.at(-1), 'there is a first one');
    return last.height <= this.committed ? last.roles : undefined;
  }

  /** Waits at a node. What it was told stands in the result once it was. */
  wait(node: LeaseNode, height: number): { word?: InForceWord; stop: () => void } {
    const waiting: { word?: InForceWord; stop: () => void } = { stop: () => undefined };
    const { part } = node;
    waiting.stop = part.wait(height, (word) => {
      waiting.word = word;
      if (!word.isInForce || node.part !== part) return;
      this.counters.inForce += 1;
      if (word.others.size > 0) this.counters.barred += 1;
      this.inForce = Math.max(this.inForce, height);
      this.look();
    });
    return waiting;
  }

  /** Who holds a lease decides on all that is in force. */
  look(): void {
    for (const node of this.nodes) {
      if (!node.isRunning || !node.part.holdsLease) continue;
      this.counters.leased += 1;
      if (node.certified >= this.inForce) continue;
      const place = this.nodes.indexOf(node);
      throw new Error(`node ${place} holds a lease at block ${node.certified}, and ${this.inForce} is in force`);
    }
  }

  #commit(): void {
    for (let height = this.committed + 1; height <= this.#tip; height++) {
      const { voters, majority } = electorateOf(this.configurationAt(height));
      const having = this.nodes.filter(({ nodeId, tip }) => voters.has(nodeId) && tip >= height);
      if (having.length < majority) return;
      this.committed = height;
    }
  }

  #changeAt(height: number): { height: number; configuration: Configuration } | undefined {
    return this.#changes.findLast((change) => change.height <= height);
  }
}

function keyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number + 1);
}

function configurationOf(roles: Roles): Configuration {
  const nodes = roles.flatMap((role, number) => {
    const publicKey = keyOf(number);
    return role === undefined ? [] : [{ id: encodeNodeId(publicKey), publicKey, role }];
  });
  return { generation: 0, nodes, bytes: new Uint8Array(), hash: new Uint8Array(32) as Configuration['hash'] };
}
