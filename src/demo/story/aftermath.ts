import { signAccessRequest } from '../../client/index.ts';
import { type Home, send } from '../home.ts';
import type { AccessRow } from './access-log.ts';
import type { AftermathCast } from './cast.ts';
import { type Logged, Player, type StoryStep } from './player.ts';

const requestValidityMs = 10 * 60_000;
/** Long enough for a block, short enough to wait for. */
const shortGlassMs = 4_000;
/** What a leader's clock may be behind this one. */
const clockMarginMs = 500;

/**
 * After the emergency: a glass was broken for the wrong person, and ends by itself; the entry stays, and the person is told
 * that it was not about them; the other glass is reviewed.
 */
export async function playAftermath(home: Home, cast: AftermathCast): Promise<StoryStep[]> {
  return new Aftermath(home, cast).play();
}

class Aftermath {
  readonly #home: Home;
  readonly #cast: AftermathCast;
  readonly #player: Player;

  constructor(home: Home, cast: AftermathCast) {
    this.#home = home;
    this.#cast = cast;
    this.#player = new Player(home);
  }

  async play(): Promise<StoryStep[]> {
    const { physician, officer, namesake, patient } = this.#cast;
    const wrong = await this.#breakWrongGlass();
    await this.#player.until((wrong.expiresAt ?? 0) + clockMarginMs);
    const late = await this.#readLate();
    const correction = await this.#correct(wrong);
    const review = await this.#review();
    const seconds = shortGlassMs / 1000;
    return [
      {
        step: 'wrong-glass',
        who: physician.title,
        what: `breaks the glass of ${namesake.title} by mistake, for ${seconds} seconds: the wrong chart`,
        transactionId: wrong.transactionId,
      },
      {
        step: 'glass-over',
        who: physician.title,
        what: `asks for something of ${namesake.title} when these are over: the glass has ended by itself`,
        purpose: 'BTG',
        ...decisionOf(late),
        transactionId: late.transactionId,
      },
      {
        step: 'correct',
        who: officer.title,
        what: `puts it right without erasing it: entry ${wrong.place} of ${namesake.title} was not about this person`,
        transactionId: correction.transactionId,
      },
      {
        step: 'review',
        who: officer.title,
        what: `reviews the glass that was broken for ${patient.title}: ${review.outcome ?? 'no outcome'}`,
        transactionId: review.transactionId,
      },
    ];
  }

  get #ofPatient(): Logged {
    return { domain: this.#cast.custodian.domain, subject: this.#cast.patient.identity.did };
  }

  get #ofNamesake(): Logged {
    return { domain: this.#cast.custodian.domain, subject: this.#cast.namesake.identity.did };
  }

  #breakWrongGlass(): Promise<AccessRow> {
    const { physician, category } = this.#cast;
    return this.#player.once(this.#ofNamesake, 'wrong-glass', async (eventId) => {
      const reason = 'Unconscious on arrival.';
      await send(this.#home, physician.identity, 'access.breakGlass', {
        eventId,
        ...this.#ofNamesake,
        role: 'emergency-physician',
        organisation: physician.organisation,
        categories: [category],
        justification: this.#player.commitTo('justification', eventId, reason, reason),
        expiresAt: this.#home.clock.nowMs() + shortGlassMs,
      });
    });
  }

  #readLate(): Promise<AccessRow> {
    const { custodian, physician, category } = this.#cast;
    return this.#player.once(this.#ofNamesake, 'glass-over', async (eventId) => {
      const request = signAccessRequest(this.#home.ledgerId, physician.identity, {
        eventId,
        role: 'emergency-physician',
        organisation: physician.organisation,
        ...this.#ofNamesake,
        resource: this.#player.commitTo('access-resource', eventId, `the ${category}`, category),
        purpose: 'BTG',
        action: 'access',
        validUntil: this.#home.clock.nowMs() + requestValidityMs,
      });
      const payload = { ...request, results: [], inEmergencyCategory: true };
      await send(this.#home, custodian.gateway, 'access.record', payload, 'committed');
    });
  }

  #correct(wrong: AccessRow): Promise<AccessRow> {
    return this.#player.once(this.#ofNamesake, 'correct', async (eventId) => {
      const reason = 'Two people with similar names; the glass was meant for the other.';
      await send(this.#home, this.#cast.officer.identity, 'access.correct', {
        eventId,
        ...this.#ofNamesake,
        entry: wrong.place,
        kind: 'wrong-subject',
        reason: this.#player.commitTo('correction', eventId, reason, reason),
      });
    });
  }

  #review(): Promise<AccessRow> {
    return this.#player.once(this.#ofPatient, 'review', async (eventId) => {
      const broken = await this.#player.once(this.#ofPatient, 'break-glass', async () => undefined);
      const findings = 'Called to the emergency room; allergies only; consistent with the chart.';
      await send(this.#home, this.#cast.officer.identity, 'access.reviewBreakGlass', {
        eventId,
        ...this.#ofPatient,
        entry: broken.place,
        outcome: 'justified',
        findings: this.#player.commitTo('findings', eventId, findings, findings),
      });
    });
  }
}

function decisionOf({ decision, code }: AccessRow): Pick<StoryStep, 'decision' | 'code'> {
  return { ...(decision === undefined ? {} : { decision }), ...(code === undefined ? {} : { code }) };
}
