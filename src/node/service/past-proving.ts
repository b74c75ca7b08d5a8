import type { Clock } from '../../base/index.ts';
import { type PastProof, PastProofs, type StateKey } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import { Turns } from '../archive/index.ts';

/** Proofs of older states beside consensus, which never waits for them. */
export class PastProving {
  readonly #turns: Turns;
  readonly #proofs: PastProofs;

  constructor(store: Store, clock: Clock) {
    this.#turns = new Turns(clock);
    this.#proofs = new PastProofs(store, this.#turns.pause);
  }

  /** As {@link PastProofs.prove}; throws `shutting-down`, too. */
  prove(height: number, stateRoot: Uint8Array, key: StateKey): Promise<PastProof> {
    return this.#proofs.prove(height, stateRoot, key);
  }

  /** Ends the one that is being made, so that the store can be closed. */
  async stop(): Promise<void> {
    this.#turns.stop();
    await this.#proofs.ended();
  }
}
