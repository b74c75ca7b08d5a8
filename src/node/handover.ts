import type { Clock, Logger, Timer } from '../base/index.ts';
import type { PeerStatus } from '../p2p/index.ts';
import type { Replica } from './replica/index.ts';

export interface HandoverOptions {
  readonly replica: Pick<Replica, 'nodeId' | 'leader' | 'status' | 'transferLeadership'>;
  readonly transport: { peers(): readonly Pick<PeerStatus, 'nodeId' | 'connected'>[] };
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Pending {
  readonly to: string;
  readonly timer: Timer;
  readonly done: () => void;
}

/**
 * A leader that stops cleanly lets another voter lead first, so that nobody has to miss it for an election timeout. It is
 * a courtesy: what does not work in time is left, and the others elect.
 */
export class Handover {
  readonly #options: HandoverOptions;
  #pending: Pending | undefined;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Resolves when another node leads, when none will, or after `limitMs`; at once on a node that does not lead. */
  run(limitMs: number): Promise<void> {
    const { replica, clock, logger } = this.#options;
    replica.transferLeadership();
    const { transferTarget: to, term } = replica.status();
    if (to === undefined || this.#pending !== undefined) return Promise.resolve();
    logger.info({ to, term }, 'hands the leadership over');
    return new Promise((resolve) => {
      const timer = clock.after(limitMs, () => this.#giveUp('it took too long'));
      this.#pending = { to, timer, done: resolve };
    });
  }

  /** To be called once a tick. */
  look(): void {
    const { replica, transport, logger } = this.#options;
    if (this.#pending === undefined) return;
    const { leader } = replica;
    const { transferTarget, term } = replica.status();
    const { to } = this.#pending;
    if (leader !== undefined && leader !== replica.nodeId) {
      logger.info({ leader, term }, 'the leadership is handed over');
      this.#end();
    } else if (!transport.peers().some(({ nodeId, connected }) => nodeId === to && connected)) {
      this.#giveUp('the other node went away');
    } else if (leader === replica.nodeId && transferTarget === undefined) {
      this.#giveUp('the other node did not take it');
    }
  }

  #giveUp(reason: string): void {
    this.#options.logger.warn({ to: this.#pending?.to, reason }, 'the leadership is not handed over');
    this.#end();
  }

  #end(): void {
    this.#pending?.timer.cancel();
    this.#pending?.done();
    this.#pending = undefined;
  }
}
