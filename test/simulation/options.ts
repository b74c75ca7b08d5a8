import type { RaftLimits } from '../../src/consensus/index.ts';
import type { RegisterClientOptions } from '../support/simulated-clients.ts';
import type { NetworkFaults } from '../support/simulated-network.ts';
import type { SeededRandom } from '../support/simulated-random.ts';
import type { MembershipAct } from './membership-acts.ts';

/** What the nemesis can do, with the share of its acts that each gets; 0 switches one off. */
export interface FaultWeights extends Record<MembershipAct, number> {
  crash: number;
  /** A crash and an immediate restart. */
  bounce: number;
  crashLeader: number;
  restart: number;
  partition: number;
  isolateLeader: number;
  cutLink: number;
  heal: number;
  pause: number;
  clockStep: number;
  diskError: number;
  diskFull: number;
  diskDamage: number;
  /** One of the next reads fails. */
  readError: number;
  /** A record lands in the place of another. */
  misdirection: number;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly voterCount: number;
  readonly learnerCount: number;
  /** Machines that genesis does not name, and that may join. */
  readonly joinerCount: number;
  /** Changes of the configuration; undefined in seeds that have none. */
  readonly membership: { readonly votersMin: number; readonly votersMax: number } | undefined;
  readonly signatures: 'fast' | 'ed25519';
  /** Events before the faults end and liveness is tested. */
  readonly eventsMin: number;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  /** Shortest election timeout; the longest is twice as long. */
  readonly electionTicks: number;
  /** How long a promise of a lease binds. */
  readonly leaseMs: number;
  readonly network: Readonly<NetworkFaults>;
  readonly disk: { readonly writeMinMs: number; readonly writeMeanMs: number };
  readonly clock: {
    /** Wall clocks differ by at most this from true time, steps apart. */
    readonly offsetMaxMs: number;
    readonly driftMax: number;
    readonly stepMaxMs: number;
  };
  readonly limits: Partial<RaftLimits>;
  /** Between two slices of a block others have their turn for so long at most; undefined in seeds without slices. */
  readonly slicePauseMaxMs?: number;
  /** A newcomer that lags by more begins with a snapshot; undefined in seeds without snapshots. */
  readonly snapshotLagBlocks: number | undefined;
  readonly nemesis: {
    readonly meanIntervalMs: number;
    /** Share of vote requests and votes whose sender or receiver crashes right then and restarts. */
    readonly ambushRate: number;
    /** Share of changes of the configuration whose leader crashes, or is cut off, right when it sends them. */
    readonly changeAmbushRate: number;
    readonly weights: Readonly<FaultWeights>;
  };
  readonly workload: { readonly clientCount: number; readonly meanIntervalMs: number; readonly keyCount: number };
  /** Clients whose histories must be linearizable. */
  readonly registers: RegisterClientOptions;
}

/** What can be switched off in a seed's run: acts of the nemesis that harm, and faults of the network. */
export type FaultKind =
  | Exclude<keyof FaultWeights, 'restart' | 'heal'>
  | 'ambush'
  | 'changeAmbush'
  | 'loss'
  | 'replay'
  | 'slow';

/** The kinds of faults that are on. */
export function faultsOf({ nemesis, network }: SimulationOptions): FaultKind[] {
  const { restart: _restart, heal: _heal, ...harmful } = nemesis.weights;
  const rates: Record<FaultKind, number> = {
    ...harmful,
    ambush: nemesis.ambushRate,
    changeAmbush: nemesis.changeAmbushRate,
    loss: network.lossRate,
    replay: network.replayRate,
    slow: network.slowRate,
  };
  return (Object.keys(rates) as FaultKind[]).filter((kind) => rates[kind] > 0);
}

export function withoutFaults(options: SimulationOptions, off: readonly FaultKind[]): SimulationOptions {
  const { nemesis, network } = options;
  const left = (kind: FaultKind, rate: number): number => (off.includes(kind) ? 0 : rate);
  const weights = { ...nemesis.weights };
  for (const kind of off) if (kind in weights) weights[kind as keyof FaultWeights] = 0;
  return {
    ...options,
    network: {
      ...network,
      lossRate: left('loss', network.lossRate),
      replayRate: left('replay', network.replayRate),
      slowRate: left('slow', network.slowRate),
    },
    nemesis: {
      ...nemesis,
      weights,
      ambushRate: left('ambush', nemesis.ambushRate),
      changeAmbushRate: left('changeAmbush', nemesis.changeAmbushRate),
    },
  };
}

/**
 * The run that a seed stands for. Every kind of fault is on in some seeds and off in others, so that none hides another
 * ("swarm testing"); within a seed its rate is drawn from the ranges of scenarios.md.
 */
export function optionsOfSeed(seed: number, random: SeededRandom): SimulationOptions {
  const plain = withDiskFaults(drawOptions(seed, random), random.fork('disk faults'));
  const whole = withSnapshots(withMembership(plain, random.fork('membership')), random.fork('snapshots'));
  const drawn = withSlices(whole, random.fork('slices'));
  const leaseMs = random.fork('leases').between(50, 600);
  return { ...drawn, leaseMs, electionTicks: Math.max(drawn.electionTicks, electionTicksMin(drawn)) };
}

/**
 * Raft elects only where an election takes less than its timeout (Raft §5.6): a request and a vote, each synced by a batch
 * and a mark before it leaves, and the ways there and back.
 */
function electionTicksMin({ network, disk, tickMs }: SimulationOptions): number {
  const electionMs = 2 * network.delayMeanMs + 4 * disk.writeMeanMs;
  return Math.ceil((2.5 * electionMs) / tickMs);
}

const noMembership: Record<MembershipAct, number> = {
  join: 0,
  add: 0,
  promote: 0,
  demote: 0,
  remove: 0,
  replace: 0,
  askAny: 0,
};

/** In some seeds reads fail and writes go astray. The others are what they are without it. */
function withDiskFaults(drawn: SimulationOptions, random: SeededRandom): SimulationOptions {
  const weights: FaultWeights = {
    ...drawn.nemesis.weights,
    readError: random.chance(0.15) ? random.between(1, 3) : 0,
    misdirection: random.chance(0.1) ? random.between(1, 2) : 0,
  };
  return { ...drawn, nemesis: { ...drawn.nemesis, weights } };
}

/** In half of the seeds blocks are executed in slices. */
function withSlices(drawn: SimulationOptions, random: SeededRandom): SimulationOptions {
  return random.chance(0.5) ? { ...drawn, slicePauseMaxMs: random.unit() * 5 } : drawn;
}

/** In some of the seeds with newcomers these begin with a snapshot. The others are what they are without it. */
function withSnapshots(drawn: SimulationOptions, random: SeededRandom): SimulationOptions {
  const { membership, learnerCount, nemesis } = drawn;
  if ((membership === undefined && learnerCount === 0) || !random.chance(0.6)) return drawn;
  const snapshotLagBlocks = random.between(0, 8);
  if (membership === undefined) return { ...drawn, snapshotLagBlocks };
  const weights: FaultWeights = { ...nemesis.weights, join: Math.max(1, nemesis.weights.join) };
  return { ...drawn, snapshotLagBlocks, nemesis: { ...nemesis, weights } };
}

/** In some seeds the configuration changes during everything else. The others are what they are without it. */
function withMembership(drawn: SimulationOptions, random: SeededRandom): SimulationOptions {
  if (!random.chance(0.4)) return drawn;
  const { nemesis, voterCount } = drawn;
  const when = (probability: number, value: () => number): number => (random.chance(probability) ? value() : 0);
  const weights: FaultWeights = {
    ...nemesis.weights,
    join: when(0.5, () => random.between(1, 2)),
    add: random.between(1, 4),
    promote: random.between(2, 6),
    demote: when(0.5, () => random.between(1, 3)),
    remove: when(0.8, () => random.between(1, 4)),
    replace: when(0.4, () => random.between(1, 3)),
    askAny: when(0.3, () => 1),
  };
  const changeAmbushRate = when(0.6, () => random.unit() * 0.6);
  // One node at a time has a wrong clock, or has lost its disk: a minority of every configuration of three.
  const isMinorityNeeded = weights.clockStep > 0 || weights.diskDamage > 0 || weights.misdirection > 0;
  return {
    ...drawn,
    joinerCount: random.between(1, 4),
    membership: { votersMin: isMinorityNeeded ? 3 : random.pick([1, 1, 2, 3]), votersMax: Math.max(5, voterCount) },
    nemesis: {
      ...nemesis,
      changeAmbushRate,
      meanIntervalMs: nemesis.meanIntervalMs * (0.4 + 0.6 * random.unit()),
      weights,
    },
  };
}

function drawOptions(seed: number, random: SeededRandom): SimulationOptions {
  const heartbeatTicks = random.between(1, 4);
  const tickMs = 10;
  const heartbeatMs = heartbeatTicks * tickMs;
  const voterCount = random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7]);
  const when = (probability: number, value: () => number): number => (random.chance(probability) ? value() : 0);
  return {
    seed,
    voterCount,
    learnerCount: voterCount < 7 && random.chance(0.15) ? 1 : 0,
    joinerCount: 0,
    membership: undefined,
    signatures: random.chance(0.01) ? 'ed25519' : 'fast',
    eventsMin: 5_000,
    tickMs,
    heartbeatTicks,
    electionTicks: heartbeatTicks * random.between(2, 10),
    leaseMs: 0,
    network: {
      lossRate: when(0.6, () => random.unit() * 0.3),
      replayRate: when(0.6, () => random.unit() * 0.5),
      delayMinMs: 0.1,
      delayMeanMs: 0.2 + random.unit() * heartbeatMs * 0.5,
      slowRate: when(0.5, () => random.unit() * 0.1),
      slowDelayMs: heartbeatMs * 10,
    },
    disk: { writeMinMs: 0.05, writeMeanMs: 0.1 + random.exponential(heartbeatMs * 0.1) },
    clock: {
      offsetMaxMs: random.between(0, 500),
      driftMax: when(0.3, () => random.unit() * 0.1),
      stepMaxMs: 3_600_000,
    },
    // Small bounds: long branches travel in pieces, and windows fill.
    limits: random.chance(0.5)
      ? {
          appendBlocksMax: random.between(1, 4),
          inflightAppendsMax: random.between(1, 8),
          uncertifiedBlocksMax: random.between(1, 8),
        }
      : {},
    snapshotLagBlocks: undefined,
    nemesis: {
      ambushRate: when(0.5, () => random.unit() * 0.3),
      changeAmbushRate: 0,
      meanIntervalMs: heartbeatMs * random.between(2, 30),
      weights: {
        crash: when(0.7, () => random.between(1, 5)),
        bounce: when(0.5, () => random.between(1, 5)),
        crashLeader: when(0.6, () => random.between(1, 4)),
        restart: random.between(2, 6),
        partition: when(0.6, () => random.between(1, 5)),
        isolateLeader: when(0.5, () => random.between(1, 4)),
        cutLink: when(0.5, () => random.between(1, 5)),
        heal: random.between(2, 6),
        pause: when(0.4, () => random.between(1, 3)),
        clockStep: when(0.2, () => random.between(1, 3)),
        diskError: when(0.2, () => random.between(1, 3)),
        diskFull: when(0.1, () => 1),
        diskDamage: when(0.15, () => 2),
        readError: 0,
        misdirection: 0,
        ...noMembership,
      },
    },
    workload: {
      clientCount: random.between(1, 4),
      meanIntervalMs: heartbeatMs * (0.2 + random.unit() * 2),
      keyCount: random.between(1, 16),
    },
    registers: {
      clientCount: random.between(2, 6),
      registerCount: random.between(1, 3),
      meanPauseMs: heartbeatMs * (0.1 + random.unit() * 2),
      timeoutMaxMs: heartbeatMs * random.between(5, 40),
    },
  };
}
