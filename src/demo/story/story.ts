import { toHex } from '../../base/index.ts';
import { signAccessRequest } from '../../client/index.ts';
import type { Purpose } from '../../contracts/index.ts';
import { type Home, send } from '../home.ts';
import { accessLogOf } from './access-log.ts';
import type { Cast } from './cast.ts';
import { type Logged, Player, type StoryStep } from './player.ts';

const requestValidityMs = 10 * 60_000;
const glassHours = 4;

/**
 * The emergency. A physician whom the patient never met asks and is denied, breaks the glass, reads; the patient sees all of
 * it, permits her to follow up, changes her mind, and the next read is denied.
 */
export async function playEmergency(home: Home, cast: Cast): Promise<StoryStep[]> {
  return new Story(home, cast).play();
}

class Story {
  readonly #home: Home;
  readonly #cast: Cast;
  readonly #player: Player;

  constructor(home: Home, cast: Cast) {
    this.#home = home;
    this.#cast = cast;
    this.#player = new Player(home);
  }

  get #logged(): Logged {
    return { domain: this.#cast.custodian.domain, subject: this.#cast.patient.identity.did };
  }

  async play(): Promise<StoryStep[]> {
    const { patient, physician, category } = this.#cast;
    const ask = await this.#access('ask', 'TREAT', `asks for the ${category} of ${patient.title}, for treatment`);
    const glass = await this.#breakGlass();
    const emergency = await this.#access('emergency-read', 'BTG', `reads the ${category}, and nothing else`);
    const look = await this.#look();
    const consent = await this.#grant();
    const read = await this.#access('read', 'TREAT', `reads the ${category} again, now with consent`);
    const revocation = await this.#revoke(consent);
    const again = await this.#access('read-again', 'TREAT', `asks for the ${category} once more`);
    const by = { who: patient.title };
    const grant: StoryStep = {
      step: 'grant',
      ...by,
      what: `permits ${physician.title} to follow up`,
      transactionId: consent,
    };
    const revoke: StoryStep = {
      step: 'revoke',
      ...by,
      what: 'takes the permission back',
      ...(revocation === undefined ? {} : { transactionId: revocation }),
    };
    return [ask, glass, emergency, look, grant, read, revoke, again];
  }

  /** The custodian's gateway records what the physician asked for, with the decision. */
  async #access(step: StoryStep['step'], purpose: Purpose, what: string): Promise<StoryStep> {
    const { custodian, patient, physician, record } = this.#cast;
    const row = await this.#player.once(this.#logged, step, async (eventId) => {
      const title = record.labels['title'] ?? 'a record';
      const request = signAccessRequest(this.#home.ledgerId, physician.identity, {
        eventId,
        role: 'emergency-physician',
        organisation: physician.organisation,
        subject: patient.identity.did,
        domain: custodian.domain,
        resource: this.#player.commitTo('access-resource', eventId, title, toHex(record.commitment)),
        purpose,
        action: 'access',
        validUntil: this.#home.clock.nowMs() + requestValidityMs,
      });
      const payload = { ...request, results: [], inEmergencyCategory: purpose === 'BTG' };
      await send(this.#home, custodian.gateway, 'access.record', payload, 'committed');
    });
    const { decision, code, transactionId } = row;
    return {
      step,
      who: physician.title,
      what,
      purpose,
      ...(decision === undefined ? {} : { decision }),
      ...(code === undefined ? {} : { code }),
      transactionId,
    };
  }

  async #breakGlass(): Promise<StoryStep> {
    const { custodian, patient, physician, category } = this.#cast;
    const { transactionId } = await this.#player.once(this.#logged, 'break-glass', async (eventId) => {
      const reason = 'Unconscious on arrival; treatment cannot wait.';
      await send(this.#home, physician.identity, 'access.breakGlass', {
        eventId,
        domain: custodian.domain,
        subject: patient.identity.did,
        role: 'emergency-physician',
        organisation: physician.organisation,
        categories: [category],
        justification: this.#player.commitTo('justification', eventId, reason, reason),
        expiresAt: this.#home.clock.nowMs() + glassHours * 3_600_000,
      });
    });
    const what = `breaks the glass: ${category} only, for ${glassHours} hours, giving a reason; a privacy officer must review it`;
    return { step: 'break-glass', who: physician.title, what, transactionId };
  }

  async #look(): Promise<StoryStep> {
    const { patient, physician } = this.#cast;
    const log = await accessLogOf(this.#home, [patient.identity.did]);
    const denied = log.filter(({ decision }) => decision === 'deny').length;
    const what = `opens the access log and sees ${log.length} entries, ${denied} of them denials, each by ${physician.title}`;
    return { step: 'look', who: patient.title, what };
  }

  /** The consent that the story is about: the one granted to the physician, now or in an earlier run. */
  async #grant(): Promise<string> {
    const { custodian, patient, physician } = this.#cast;
    for await (const { entry } of this.#home.ledger.entries('consents', patient.identity.did)) {
      const provision = entry['provision'] as { readonly actors?: readonly string[] } | undefined;
      if (entry['type'] === 'consent-granted' && provision?.actors?.includes(physician.identity.did) === true)
        return String(entry['consent']);
    }
    const { id } = await send(this.#home, patient.identity, 'consent.grant', {
      domain: custodian.domain,
      provision: { type: 'permit', actors: [physician.identity.did], purposes: ['TREAT'], actions: ['access'] },
    });
    return id;
  }

  /** The id of the revocation; undefined where an earlier run revoked it. */
  async #revoke(consent: string): Promise<string | undefined> {
    const { patient } = this.#cast;
    for await (const { entry } of this.#home.ledger.entries('consents', patient.identity.did))
      if (entry['type'] === 'consent-revoked' && entry['consent'] === consent) return undefined;
    return (await send(this.#home, patient.identity, 'consent.revoke', { consent })).id;
  }
}
