import type { ReplicaStatus } from '../replica/index.ts';

/**
 * In election timeouts: how long a node that is behind may stand still while a leader is there. A slow link or a slow
 * disk must not cost it the history that it has.
 */
const standstillTimeouts = 10;

export interface NeedParameters {
  readonly electionTicks: number;
  /** A newcomer that lags by more begins with a snapshot. */
  readonly snapshotLagBlocks: number;
}

/**
 * When a node wants a snapshot: a newcomer that is far behind; one to which nobody has the blocks
 * that come next, so that it stands still; and one that has begun to take one in. A node with a chain otherwise replays
 * the blocks, which keeps its history whole.
 */
export class SnapshotNeed {
  readonly #parameters: NeedParameters;
  #tipHeight = -1;
  #standstillTicks = 0;

  constructor(parameters: NeedParameters) {
    this.#parameters = parameters;
  }

  /** So many ticks of the driver's clock have passed. */
  passed(ticks: number, status: ReplicaStatus): void {
    const isStanding = status.tip.height === this.#tipHeight && isStandingBehind(status);
    this.#standstillTicks = isStanding ? this.#standstillTicks + ticks : 0;
    this.#tipHeight = status.tip.height;
  }

  isThere(status: ReplicaStatus, isStaged: boolean): boolean {
    const { electionTicks, snapshotLagBlocks } = this.#parameters;
    if (status.role === 'leader' || status.behindBlocks === 0) return false;
    if (isStaged) return true;
    if (isNewcomer(status) && status.behindBlocks > snapshotLagBlocks) return true;
    return this.#standstillTicks > standstillTimeouts * electionTicks;
  }
}

/** A node without a chain, or a learner that has less of it than it lacks: the first blocks come before it knows how many. */
function isNewcomer({ role, appliedHeight, tip, behindBlocks }: ReplicaStatus): boolean {
  return appliedHeight === 0 || (role === 'learner' && tip.height < behindBlocks);
}

/** With nothing on the way to its own disk, and somebody whose chain goes on. */
function isStandingBehind(status: ReplicaStatus): boolean {
  const { leader, areBlocksUnkept, role, behindBlocks, tip, durableTip } = status;
  // Without the configurations that come next it can know no leader.
  const hasSource = leader !== undefined || areBlocksUnkept;
  return hasSource && role !== 'leader' && behindBlocks > 0 && durableTip.height === tip.height;
}
