import { AssentError, toHex } from '../../base/index.ts';
import { COMMITMENT_SALT_BYTES, commit } from '../../crypto/portable.ts';
import { encodeCanonical } from '../../ledger/portable.ts';
import { eventNamer, type Home } from '../home.ts';
import { type AccessRow, accessLogOf } from './access-log.ts';

export const storySteps = [
  'ask',
  'break-glass',
  'emergency-read',
  'look',
  'grant',
  'read',
  'revoke',
  'read-again',
  'wrong-glass',
  'glass-over',
  'correct',
  'review',
  'guardians',
  'veto',
  'recover',
  'what-if',
  'vote',
] as const;

/** One step, as data: whoever prints it finds the words. */
export interface StoryStep {
  readonly step: (typeof storySteps)[number];
  readonly who: string;
  /** A sentence that says what happens. */
  readonly what: string;
  /** Of a step in which something is decided. */
  readonly purpose?: string;
  readonly decision?: string;
  /** What settled the decision. */
  readonly code?: string;
  /** Absent for a step that only looks, and for what an earlier run did. */
  readonly transactionId?: string;
}

const lookAttemptsMax = 20;
const lookPauseMs = 100;

/** Whose log an event is in. */
export interface Logged {
  readonly domain: string;
  readonly subject: string;
}

/**
 * What every chapter of the story needs. Each step has an event id of its own, so playing it again tells what happened the
 * first time and does nothing twice.
 */
export class Player {
  readonly home: Home;
  readonly #nameEvent: (...parts: readonly string[]) => string;

  constructor(home: Home) {
    this.home = home;
    this.#nameEvent = eventNamer(home);
  }

  /** Does what the step needs unless the subject's log has its event, and answers with the log's entry. */
  async once({ domain, subject }: Logged, step: string, act: (eventId: string) => Promise<void>): Promise<AccessRow> {
    const eventId = this.#nameEvent('emergency', domain, subject, step);
    const find = async (): Promise<AccessRow | undefined> =>
      (await accessLogOf(this.home, [subject])).find((row) => row.eventId === eventId);
    const before = await find();
    if (before !== undefined) return before;
    await act(eventId);
    // A node that took over from the one that committed may be a moment behind.
    for (let attempt = 0; attempt < lookAttemptsMax; attempt++) {
      const row = await find();
      if (row !== undefined) return row;
      await this.pause(lookPauseMs);
    }
    throw new AssentError('outcome-unknown', 'No node shows the new entry of the access log yet.');
  }

  /** Commits to a text under a fresh salt, and keeps the opening; answers the commitment. */
  commitTo(kind: string, eventId: string, title: string, content: string): string {
    const { home } = this;
    const salt = home.random.bytes(COMMITMENT_SALT_BYTES);
    const body = encodeCanonical([1, kind, content]);
    const commitment = commit(salt, body);
    const labels = { kind, ledger: toHex(home.ledgerId), event: eventId, title };
    home.keystore.appendOpenings([{ commitment, salt, body, labels }]);
    return toHex(commitment);
  }

  /** Resolves when this time has come. */
  async until(timeMs: number): Promise<void> {
    for (let left = timeMs - this.home.clock.nowMs(); left > 0; left = timeMs - this.home.clock.nowMs())
      await this.pause(left);
  }

  pause(durationMs: number): Promise<void> {
    return new Promise<void>((resolve) => void this.home.clock.after(durationMs, resolve));
  }
}
