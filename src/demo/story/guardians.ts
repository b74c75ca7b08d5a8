import { present } from '../../base/index.ts';
import { type Identity, identityOf, provePossession } from '../../client/index.ts';
import { SEED_BYTES } from '../../crypto/portable.ts';
import { ensureSeed, type Home, send } from '../home.ts';
import { nextKey } from '../later-keys.ts';
import type { Patient } from '../records/people.ts';
import { Player, type StoryStep } from './player.ts';

const guardiansCount = 3;
const threshold = 2;
/** Days in life; seconds here, which the demo's genesis allows. */
const delayMs = 2_000;
const clockMarginMs = 500;
/** A step that finds the ledger as an earlier run left it goes on from there. */
const stepsMax = 12;

/**
 * A person names three guardians, two of whom can give a lost key a successor. The first try is in bad faith, and the person
 * vetoes it; then the key is really lost. What an earlier run did is seen in the identity, and not done again.
 */
export async function playGuardians(home: Home, person: Patient): Promise<StoryStep[]> {
  return new Guardianship(home, person).play();
}

class Guardianship {
  readonly #home: Home;
  readonly #person: Patient;
  readonly #guardians: readonly Identity[];
  readonly #player: Player;
  readonly #done = new Map<StoryStep['step'], string>();

  constructor(home: Home, person: Patient) {
    this.#home = home;
    this.#person = person;
    this.#player = new Player(home);
    this.#guardians = Array.from({ length: guardiansCount }, (_, place) => {
      const name = `guardian-of/${person.key}/${place + 1}`;
      return identityOf(ensureSeed(home, name, { role: 'guardian' }), home.createSigner);
    });
  }

  async play(): Promise<StoryStep[]> {
    for (let count = 0; count < stepsMax && !(await this.#next()); count++);
    const { title } = this.#person;
    const step = (name: StoryStep['step'], who: string, what: string): StoryStep => {
      const transactionId = this.#done.get(name);
      return { step: name, who, what, ...(transactionId === undefined ? {} : { transactionId }) };
    };
    const seconds = delayMs / 1000;
    return [
      step('guardians', title, `names three guardians: two of them can replace a lost key, ${seconds} seconds later`),
      step('veto', title, 'is told that guardians try it although the key is not lost, and vetoes it'),
      step('recover', 'Two guardians', `give ${title}, whose phone is lost now, a new key; only that changes`),
    ];
  }

  /** Does what comes next as the ledger stands; true at the end. */
  async #next(): Promise<boolean> {
    const { identity } = this.#person;
    const view = await this.#home.ledger.identity(identity.did);
    if (view.key !== identity.did) return true;
    if (view.guardians === undefined) await this.#setGuardians(view.version);
    else if (view.recovery === undefined) await this.#open(view.sequence, view.nextRecoveryFrom ?? 0);
    else if (!(await this.#hasVetoed())) await this.#veto();
    else if (view.recovery.approvals.length < threshold) await this.#approve(view.recovery.recovery);
    else await this.#finish(view.recovery.recovery, view.recovery.finishableAt ?? 0);
    return false;
  }

  async #setGuardians(ifVersion: number): Promise<void> {
    const plan = { threshold, guardians: this.#guardians.map(({ did }) => did), delayMs };
    await this.#send('guardians', this.#person.identity, 'identity.setGuardians', { plan, ifVersion });
  }

  /** In bad faith before the veto, for a key that is kept nowhere; after it, for the person's next one. */
  async #open(sequence: number, possibleFrom: number): Promise<void> {
    const { did, publicKey } = this.#person.identity;
    const isInGoodFaith = await this.#hasVetoed();
    await this.#player.until(possibleFrom + clockMarginMs);
    const key = isInGoodFaith
      ? nextKey(this.#home, did, sequence)
      : this.#home.createSigner(this.#home.random.bytes(SEED_BYTES));
    const possession = provePossession(this.#home.ledgerId, publicKey, sequence, key);
    const guardian = this.#guardian(isInGoodFaith ? 1 : 0);
    await this.#send('recover', guardian, 'identity.openRecovery', { subject: did, ...possession });
  }

  async #hasVetoed(): Promise<boolean> {
    for await (const { entry } of this.#home.ledger.identityHistory(this.#person.identity.did))
      if (entry['type'] === 'recovery-vetoed') return true;
    return false;
  }

  #veto(): Promise<void> {
    return this.#send('veto', this.#person.identity, 'identity.vetoRecovery', {});
  }

  #approve(recovery: string): Promise<void> {
    const payload = { subject: this.#person.identity.did, recovery };
    return this.#send('recover', this.#guardian(2), 'identity.approveRecovery', payload);
  }

  async #finish(recovery: string, finishableAt: number): Promise<void> {
    await this.#player.until(finishableAt + clockMarginMs);
    const payload = { subject: this.#person.identity.did, recovery };
    await this.#send('recover', this.#guardian(2), 'identity.finishRecovery', payload);
  }

  #guardian(place: number): Identity {
    return present(this.#guardians[place], 'there are three');
  }

  async #send(step: StoryStep['step'], sender: Identity, kind: string, payload: object): Promise<void> {
    this.#done.set(step, (await send(this.#home, sender, kind, payload)).id);
  }
}
