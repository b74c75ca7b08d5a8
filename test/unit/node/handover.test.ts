import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/base/index.ts';
import { Handover } from '../../../src/node/handover.ts';
import { Scenario } from '../../support/simulated-scenario.ts';
import { SimulatedClock } from '../../support/simulated-time.ts';

interface Going {
  readonly scenario: Scenario;
  readonly leader: number;
  /** What the leader's log says of the handover. */
  readonly said: { readonly msg: string; readonly reason?: unknown }[];
  /** Nodes to which the leader has no connection. */
  readonly disconnected: Set<number>;
  /** Runs the handover to its end; answers how long it took, in simulated milliseconds. */
  handOver(limitMs: number): Promise<number>;
}

/** The leader of three replicas, about to stop. */
async function goingLeader(): Promise<Going> {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const machine = scenario.machine(leader);
  const { queue, options } = scenario.cluster;
  const said: Going['said'] = [];
  const disconnected = new Set<number>();
  const write: Logger['info'] = ({ reason }, msg) => void said.push({ msg, ...(reason !== undefined && { reason }) });
  const handover = new Handover({
    replica: {
      nodeId: machine.nodeId,
      get leader() {
        return scenario.status(leader).leader;
      },
      status: () => scenario.status(leader),
      transferLeadership: (to) => machine.process?.transferLeadership(to) ?? { started: false, reason: 'not-leader' },
    },
    transport: {
      peers: () =>
        scenario.cluster.machines.map(({ nodeId, index }) => ({ nodeId, connected: !disconnected.has(index) })),
    },
    clock: new SimulatedClock(queue, machine.skew, 'handover'),
    logger: { debug: write, info: write, warn: write, error: write },
  });
  const look = (): void => {
    handover.look();
    queue.schedule(options.tickMs, 'look', look);
  };
  look();
  return {
    scenario,
    leader,
    said,
    disconnected,
    async handOver(limitMs) {
      let isDone = false;
      const startMs = scenario.nowMs;
      void handover.run(limitMs).then(() => {
        isDone = true;
      });
      await scenario.until('the handover is over', () => isDone);
      return scenario.nowMs - startMs;
    },
  };
}

const begun = { msg: 'hands the leadership over' };
const keptFor = (reason: string): object => ({ msg: 'the leadership is not handed over', reason });

describe('the handover of a leader that stops', () => {
  it('ends when another leads, well before an election timeout', async () => {
    const { scenario, leader, said, handOver } = await goingLeader();
    const { electionTicks, tickMs } = scenario.cluster.options;
    expect(await handOver(10_000)).toBeLessThan(electionTicks * tickMs);
    expect(said).toEqual([begun, { msg: 'the leadership is handed over' }]);
    expect(scenario.leader()).not.toBe(leader);
    await handOver(10_000);
    expect(said, 'a follower has nothing to hand over').toHaveLength(2);
  });

  it('ends when the leader has given the other up, when that one is gone, and when the time is up', async () => {
    const kept = await goingLeader();
    kept.scenario.decide((message) => (message.type === 'campaign-now' ? 'drop' : 'deliver'));
    await kept.handOver(10_000);
    expect(kept.said).toEqual([begun, keptFor('the other node did not take it')]);
    expect(kept.scenario.leader()).toBe(kept.leader);

    const gone = await goingLeader();
    for (const other of gone.scenario.others(gone.leader)) {
      gone.scenario.crash(other);
      gone.disconnected.add(other);
    }
    await gone.handOver(10_000);
    expect(gone.said).toEqual([begun, keptFor('the other node went away')]);

    const late = await goingLeader();
    late.scenario.crash(...late.scenario.others(late.leader));
    await late.handOver(400);
    expect(late.said).toEqual([begun, keptFor('it took too long')]);
  });
});
