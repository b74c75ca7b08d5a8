import { AssentError, present, toHex } from '../../base/index.ts';
import { describeMembers } from '../../contracts/index.ts';
import { decodeDid, encodeDid } from '../../crypto/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { CosignatureStore, KeptCosignature } from '../cosignatures/store.ts';

/** The cosignatures of the witnesses that this node knows: the members, and those that its operator named. */
export class CosignatureAnswers {
  readonly #store: CosignatureStore;
  readonly #ledger: Pick<Ledger, 'state'>;
  readonly #named: readonly Uint8Array[];

  constructor(store: CosignatureStore, ledger: Pick<Ledger, 'state'>, named: readonly Uint8Array[]) {
    this.#store = store;
    this.#ledger = ledger;
    this.#named = named;
  }

  cosignatures(): readonly KeptCosignature[] {
    const known = this.#known();
    return this.#store.all.filter(({ witness }) => known.has(toHex(witness)));
  }

  /** Throws `witness-unknown`, `checkpoint-contradicted`. */
  async cosign(cosignature: KeptCosignature): Promise<boolean> {
    const known = this.#known();
    const { witness } = cosignature;
    if (!known.has(toHex(witness)))
      throw new AssentError('witness-unknown', `This node does not know the witness ${encodeDid(witness)}.`);
    return this.#store.add(cosignature, known);
  }

  #known(): ReadonlySet<string> {
    const { members } = describeMembers(this.#ledger.state) as {
      readonly members: readonly { readonly governanceKey: string }[];
    };
    const keys = members.map(({ governanceKey }) => present(decodeDid(governanceKey), 'a key of the state'));
    return new Set([...keys, ...this.#named].map(toHex));
  }
}
