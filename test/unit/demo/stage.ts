import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webClock } from '../../../src/client/index.ts';
import { createSigner } from '../../../src/crypto/index.ts';
import {
  type Consortium,
  generateConsortium,
  genesisDomains,
  genesisMembers,
  type Home,
  keepKeys,
} from '../../../src/demo/index.ts';
import { Keystore } from '../../../src/vault/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { RuleLedger, someSeed } from './rule-ledger.ts';

const passphrase = 'correct horse';

/** A consortium with a keystore on disk and a ledger of rules, as `cluster up --demo` would leave them. */
export class Stage implements AsyncDisposable {
  readonly consortium: Consortium;
  readonly ledger: RuleLedger;
  readonly directory: string;
  keystore: Keystore;
  #seed = 1;

  private constructor(directory: string, keystore: Keystore) {
    this.consortium = generateConsortium(someSeed);
    this.directory = directory;
    this.keystore = keystore;
    const genesis = { members: genesisMembers(this.consortium), domains: genesisDomains(this.consortium) };
    this.ledger = new RuleLedger(genesis, 1_750_000_000_000);
  }

  static async set(): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'assent-demo-'));
    const keystore = await Keystore.create(join(directory, 'keystore'), passphrase, {
      cost: { operations: 1, memoryBytes: 8 * 1024 },
    });
    const stage = new Stage(directory, keystore);
    keepKeys(keystore, stage.consortium);
    return stage;
  }

  /** The home of a fresh process: other randomness each time, the keystore read from disk. */
  async restart(): Promise<Home> {
    this.keystore.close();
    this.keystore = await Keystore.open(join(this.directory, 'keystore'), passphrase);
    return this.home();
  }

  home(): Home {
    const { ledger, keystore } = this;
    this.#seed += 1;
    const clock = {
      ...webClock,
      nowMs: () => ledger.nowMs,
      // Whoever waits moves the time of this ledger.
      after(delayMs: number, call: () => void) {
        ledger.nowMs += Math.ceil(delayMs);
        return webClock.after(0, call);
      },
    };
    return { keystore, ledger, ledgerId: ledger.ledgerId, clock, random: new SeededRandom(this.#seed), createSigner };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.keystore.close();
    await rm(this.directory, { recursive: true });
  }
}
