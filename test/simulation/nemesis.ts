import { type Entry, keyPrefixes } from '../../src/storage/index.ts';
import { type SimulatedCluster, silentObserver } from '../support/simulated-cluster.ts';
import { readFrame } from '../support/simulated-node.ts';
import type { SeededRandom } from '../support/simulated-random.ts';
import { setDrift } from '../support/simulated-time.ts';
import type { Workload } from '../support/simulated-workload.ts';
import { HealedCore } from './healed-core.ts';
import type { MembershipView } from './invariants/membership-view.ts';
import { type MembershipAct, MembershipActs, membershipActs } from './membership-acts.ts';
import type { FaultWeights, SimulationOptions } from './options.ts';

type Act = keyof FaultWeights;

/** A failing read is one of so many next ones. */
const readsBeforeErrorMax = 200;
/** The records that a write may go astray among. */
const misdirected = ['block', 'journal', 'certificate', 'consensus', 'peerPromise'] as const;

function isMembershipAct(act: Act): act is MembershipAct {
  return (membershipActs as readonly Act[]).includes(act);
}

/** A fault that happened. Its number does not depend on which others are left out. */
export interface FaultStep {
  /** The place among the nemesis's acts; or `a` and the place among its ambushes, `c` among changes that were sent. */
  readonly id: string;
  readonly act: string;
  /** Simulated time since the start, milliseconds. */
  readonly ms: number;
}

/** Injects faults at random intervals until it is told to stop. */
export class Nemesis {
  readonly #cluster: SimulatedCluster;
  readonly #origin: SeededRandom;
  /** Of the present act: each draws by itself, so that one that is left out changes no other. */
  #random: SeededRandom;
  readonly #options: SimulationOptions;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #acts: readonly Act[];
  readonly #view: MembershipView;
  readonly #membership: MembershipActs;
  /** Voters that lost durable data, or whose clock is wrong: together at most a minority, as the protocol promises. */
  readonly #damaged = new Set<number>();
  readonly #wrongClocks = new Set<number>();
  readonly counters: Record<string, number> = {};
  readonly steps: FaultStep[] = [];
  #actNumber = 0;
  #ambushNumber = 0;
  #stopped = false;

  /** With `only`, faults of other numbers are left out. */
  constructor(
    cluster: SimulatedCluster,
    random: SeededRandom,
    options: SimulationOptions,
    run: {
      readonly membership: MembershipView;
      readonly workload: Workload;
      readonly only: ReadonlySet<string> | undefined;
    },
  ) {
    this.#cluster = cluster;
    this.#origin = random;
    this.#random = random;
    this.#options = options;
    this.#only = run.only;
    this.#view = run.membership;
    const { votersMin, votersMax } = options.membership ?? { votersMin: 1, votersMax: options.voterCount };
    this.#membership = new MembershipActs({ ...run, cluster, votersMin, votersMax });
    this.#acts = (Object.entries(options.nemesis.weights) as [Act, number][]).flatMap(([act, weight]) =>
      Array<Act>(weight).fill(act),
    );
    this.#scheduleNext();
    this.#layAmbush();
    this.#layChangeAmbush();
  }

  /** Machines whose disk lost what it had reported as written. */
  get damaged(): ReadonlySet<number> {
    return this.#damaged;
  }

  /** Ends the faults and heals a random core. */
  stopAndHealCore(): HealedCore {
    this.#stopped = true;
    this.#random = this.#origin.fork('heal');
    const healed = new HealedCore({
      cluster: this.#cluster,
      membership: this.#view,
      random: this.#random,
      damaged: this.#damaged,
      repair: (node) => this.#repair(node),
    });
    const core = healed.nodes;
    const others = range(this.#cluster.machines.length).filter((node) => !core.includes(node));
    for (const node of others) if (this.#random.chance(0.4)) this.#cluster.crash(node);
    for (const node of core) this.#repair(node);
    const { network } = this.#cluster;
    for (const node of core) for (const other of core) if (node !== other) network.mend(node, other);
    // A peer outside may hear the core, or be heard by it, but not both: with both it could lead a part of the core, and
    // liveness under such chains is not promised (scenario 11).
    for (const node of others) {
      const [hears, isHeard] = this.#random.pick([
        [false, false],
        [true, false],
        [false, true],
      ] as const);
      for (const member of core) {
        hears ? network.mend(member, node) : network.cut(member, node);
        isHeard ? network.mend(node, member) : network.cut(node, member);
      }
    }
    Object.assign(network.faults, { lossRate: 0, replayRate: 0, slowRate: 0 });
    return healed;
  }

  #repair(node: number): void {
    const machine = this.#cluster.machineAt(node);
    machine.diskFull = false;
    machine.failWrites = 0;
    machine.disk.failReadAfter(undefined);
    setDrift(machine.skew, 0, this.#cluster.queue.nowMs);
    this.#setRightClock(node);
    if (machine.isPaused) this.#cluster.resume(node);
    if (machine.isUp && machine.isStopping) this.#cluster.crash(node);
    if (!machine.isUp) this.#cluster.start(node);
  }

  #scheduleNext(): void {
    const { meanIntervalMs } = this.#options.nemesis;
    this.#actNumber += 1;
    const id = String(this.#actNumber);
    const random = this.#origin.fork(`act ${id}`);
    this.#cluster.queue.schedule(random.exponential(meanIntervalMs), 'nemesis', () => {
      if (this.#stopped) return;
      const act = random.pick(this.#acts);
      this.#random = random;
      if (this.#isIn(id) && this.#perform(act)) this.#note(id, act);
      this.#scheduleNext();
    });
  }

  #isIn(id: string): boolean {
    return this.#only === undefined || this.#only.has(id);
  }

  #note(id: string, act: string): void {
    const ms = this.#cluster.queue.nowMs;
    this.counters[act] = (this.counters[act] ?? 0) + 1;
    this.steps.push({ id, act, ms });
    this.#cluster.trace.line(ms, 'fault', () => ({ fault: id, act }));
  }

  /** Crashes a node in the moment in which it asks for a vote, gives one, or is about to hear of it. */
  #layAmbush(): void {
    const { ambushRate } = this.#options.nemesis;
    if (ambushRate === 0) return;
    const random = this.#origin.fork('ambush');
    this.#cluster.observers.push({
      ...silentObserver,
      onSend: (packet) => {
        if (this.#stopped || packet.channel === 'forwarding' || !random.chance(ambushRate)) return;
        const type = readFrame(packet)?.type;
        if (type !== 'vote-request' && type !== 'vote-reply') return;
        const victim = random.chance(0.7) ? packet.from : packet.to;
        this.#ambushNumber += 1;
        const id = `a${this.#ambushNumber}`;
        // Later, since the sender is in the middle of a call.
        this.#cluster.queue.schedule(random.unit(), 'ambush', () => {
          if (this.#stopped || !this.#isIn(id) || !this.#cluster.machineAt(victim).isUp) return;
          this.#note(id, 'ambush');
          this.#bounce(victim);
        });
      },
    });
  }

  /** Takes a leader from the others in the moment in which it sends a change: the change may never be certified. */
  #layChangeAmbush(): void {
    const { changeAmbushRate } = this.#options.nemesis;
    if (changeAmbushRate === 0) return;
    const random = this.#origin.fork('change ambush');
    const seen = new Set<string>();
    this.#cluster.observers.push({
      ...silentObserver,
      onSend: (packet) => {
        if (this.#stopped || packet.channel !== 'replication') return;
        const message = readFrame(packet);
        if (message?.type !== 'append') return;
        const change = message.blocks.find(({ justification }) => justification.configuration !== undefined);
        const place = change && `${change.term}:${change.height}`;
        if (place === undefined || seen.has(place)) return;
        seen.add(place);
        if (!random.chance(changeAmbushRate)) return;
        const id = `c${seen.size}`;
        const isCrash = random.chance(0.5);
        this.#cluster.queue.schedule(random.unit(), 'ambush', () => {
          if (this.#stopped || !this.#isIn(id) || !this.#cluster.machineAt(packet.from).isUp) return;
          this.#note(id, 'changeAmbush');
          if (isCrash) this.#cluster.crash(packet.from);
          else this.#cutOff(packet.from, 0);
        });
      },
    });
  }

  #bounce(node: number): void {
    this.#cluster.crash(node);
    this.#cluster.start(node);
  }

  #perform(act: Act): boolean {
    const { machines, network } = this.#cluster;
    const nodes = range(machines.length);
    const up = nodes.filter((node) => this.#cluster.machineAt(node).isUp);
    const down = this.#running().filter((node) => !this.#cluster.machineAt(node).isUp && !this.#damaged.has(node));
    if (isMembershipAct(act)) return this.#membership.perform(act, this.#random, this.#damaged);
    switch (act) {
      case 'crash':
        return this.#crash(up);
      case 'bounce':
        if (up.length === 0) return false;
        this.#bounce(this.#random.pick(up));
        return true;
      case 'crashLeader':
        return this.#crash(this.#leaders(up));
      case 'isolateLeader':
        return this.#isolate(this.#leaders(up));
      case 'restart':
        return this.#restart(down);
      case 'partition':
        return this.#partition(nodes);
      case 'cutLink': {
        if (nodes.length < 2) return false;
        const [from, to] = this.#random.shuffle(nodes) as [number, number];
        network.cut(from, to);
        if (this.#random.chance(0.5)) network.cut(to, from);
        return true;
      }
      case 'heal':
        network.healAll();
        return true;
      case 'pause':
        return this.#pause(up);
      case 'clockStep':
        return this.#clockStep();
      case 'diskError':
        if (up.length === 0) return false;
        this.#cluster.machineAt(this.#random.pick(up)).failWrites = 1;
        return true;
      case 'diskFull':
        if (up.length === 0) return false;
        this.#cluster.machineAt(this.#random.pick(up)).diskFull = true;
        return true;
      case 'diskDamage':
        return this.#damage();
      case 'readError':
        if (up.length === 0) return false;
        this.#cluster.machineAt(this.#random.pick(up)).disk.failReadAfter(this.#random.below(readsBeforeErrorMax));
        return true;
      case 'misdirection':
        return this.#misdirect();
    }
  }

  #crash(up: readonly number[]): boolean {
    if (up.length === 0) return false;
    // All at once now and then (scenario 44); one at a time otherwise.
    const victims = this.#random.chance(0.15) ? up : [this.#random.pick(up)];
    for (const node of victims) this.#cluster.crash(node);
    return true;
  }

  #leaders(up: readonly number[]): number[] {
    return up.filter((node) => this.#cluster.machineAt(node).process?.status()?.role === 'leader');
  }

  /** One node, a leader most often, is cut off: as a whole, or in one direction. */
  #isolate(nodes: readonly number[]): boolean {
    if (nodes.length === 0 || this.#cluster.machines.length < 2) return false;
    const node = this.#random.pick(nodes);
    this.#cutOff(node, this.#random.below(4));
    return true;
  }

  /** Direction 1 cuts only what it hears, 2 only what it says. */
  #cutOff(node: number, direction: number): void {
    const { machines, network } = this.#cluster;
    for (const { index } of machines) {
      if (index === node) continue;
      if (direction !== 1) network.cut(node, index);
      if (direction !== 2) network.cut(index, node);
    }
  }

  #restart(down: readonly number[]): boolean {
    if (down.length === 0) return false;
    const risen = this.#random.chance(0.3) ? down : [this.#random.pick(down)];
    for (const node of risen) {
      this.#cluster.machineAt(node).diskFull = false;
      this.#cluster.machineAt(node).failWrites = 0;
      this.#cluster.start(node);
    }
    return true;
  }

  #partition(nodes: readonly number[]): boolean {
    if (nodes.length < 2) return false;
    const { network } = this.#cluster;
    const shuffled = this.#random.shuffle(nodes);
    const size = this.#random.between(1, nodes.length - 1);
    const [left, right] = [shuffled.slice(0, size), shuffled.slice(size)];
    network.healAll();
    const direction = this.#random.below(3);
    for (const from of left)
      for (const to of right) {
        if (direction !== 1) network.cut(from, to);
        if (direction !== 2) network.cut(to, from);
      }
    return true;
  }

  #pause(up: readonly number[]): boolean {
    const running = up.filter((node) => !this.#cluster.machineAt(node).isPaused);
    if (running.length === 0) return false;
    const node = this.#random.pick(running);
    this.#cluster.pause(node);
    const { electionTicks, tickMs } = this.#options;
    this.#cluster.queue.schedule(this.#random.unit() * 4 * electionTicks * tickMs, 'resume', () =>
      this.#cluster.resume(node),
    );
    return true;
  }

  #clockStep(): boolean {
    const minority = this.#minority;
    const [wrong] = this.#wrongClocks;
    if (wrong !== undefined && (this.#present(this.#wrongClocks) >= minority || this.#random.chance(0.5))) {
      this.#setRightClock(wrong);
      return true;
    }
    if (minority === 0) return false;
    const node = this.#random.pick(this.#victims());
    this.#wrongClocks.add(node);
    const { stepMaxMs } = this.#options.clock;
    this.#cluster.machineAt(node).skew.offsetMs = this.#random.between(-stepMaxMs, stepMaxMs);
    return true;
  }

  #setRightClock(node: number): void {
    const { offsetMaxMs } = this.#options.clock;
    this.#wrongClocks.delete(node);
    const { skew } = this.#cluster.machineAt(node);
    if (Math.abs(skew.offsetMs) > offsetMaxMs) skew.offsetMs = this.#random.between(-offsetMaxMs, offsetMaxMs);
  }

  /** How many may be wrong at once: one where the configuration changes, which leaves three voters then. */
  get #minority(): number {
    const minority = Math.floor((this.#options.voterCount - 1) / 2);
    return this.#options.membership === undefined ? minority : Math.min(1, minority);
  }

  /** Whom a fault may hit that a minority of the voters may have. */
  #victims(): number[] {
    if (this.#options.membership === undefined) return range(this.#options.voterCount);
    return this.#running().filter((node) => !this.#view.isRetired(node));
  }

  /** Of these nodes, how many are not removed for good. */
  #present(nodes: ReadonlySet<number>): number {
    return [...nodes].filter((node) => !this.#view.isRetired(node)).length;
  }

  /** Machines that were started once, whether or not they are up. */
  #running(): number[] {
    return this.#cluster.machines.filter(({ incarnation }) => incarnation > 0).map(({ index }) => index);
  }

  /**
   * One durable record comes to stand in the place of another. The state's own records are left out: nothing checks them
   * when they are read.
   */
  #misdirect(): boolean {
    if (this.#present(this.#damaged) >= this.#minority) return false;
    const node = this.#random.pick(this.#victims());
    if (this.#damaged.has(node)) return false;
    const { disk } = this.#cluster.machineAt(node);
    const records = misdirected.flatMap((name) => {
      const prefix = keyPrefixes[name];
      return disk.entries(Uint8Array.of(prefix), Uint8Array.of(prefix + 1));
    });
    if (records.length < 2) return false;
    const [[key], [, value]] = this.#random.shuffle(records) as [Entry, Entry];
    this.#damaged.add(node);
    this.#cluster.damage(node, [{ type: 'put', key, value }]);
    return true;
  }

  /** A crash that takes durable data along, on at most a minority at any time. */
  #damage(): boolean {
    if (this.#present(this.#damaged) >= this.#minority) return false;
    const node = this.#random.pick(this.#victims());
    if (this.#damaged.has(node)) return false;
    this.#damaged.add(node);
    this.#cluster.crash(node, this.#random.pick(['tail-lost', 'middle-lost', 'marks-damaged'] as const));
    this.#cluster.start(node);
    return true;
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
