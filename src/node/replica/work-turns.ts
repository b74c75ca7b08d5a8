import type { Slicing } from './replica-options.ts';

export interface WorkTurnsOptions {
  /** Undefined: there is nobody else whose turn it could be. */
  readonly slicing: Slicing | undefined;
  /** Does what the core wants done, and says whether there was anything. */
  readonly takeEffects: () => boolean;
  /** Does a piece of what the blocks take. False when nothing is to be done now. */
  readonly work: () => boolean;
  /** Runs what a later turn begins with. */
  readonly guarded: (action: () => void) => void;
}

/**
 * A replica's turns of its thread. What an event brings about in the core is done at once; the work on blocks, and what it
 * brings about, one piece in a turn, so that who comes meanwhile waits for one piece and not for a block.
 */
export class WorkTurns {
  readonly #options: WorkTurnsOptions;
  #isTaken = false;
  #isDue = false;

  constructor(options: WorkTurnsOptions) {
    this.#options = options;
  }

  /** After an event. */
  take(): void {
    const { slicing, takeEffects, work } = this.#options;
    this.#alone(() => {
      if (slicing !== undefined) {
        takeEffects();
        this.#demand(slicing);
      } else {
        do takeEffects();
        while (work());
      }
    });
  }

  #demand(slicing: Slicing): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { takeEffects, work, guarded } = this.#options;
    slicing.pause(() => {
      this.#isDue = false;
      guarded(() =>
        this.#alone(() => {
          if (takeEffects() || work()) this.#demand(slicing);
        }),
      );
    });
  }

  /** What is done can be an event, too: it is taken up when it is done. */
  #alone(action: () => void): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    try {
      action();
    } finally {
      this.#isTaken = false;
    }
  }
}
