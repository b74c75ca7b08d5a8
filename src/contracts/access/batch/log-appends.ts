import { shortLivedCopy, toHex } from '../../../base/index.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import type { StateKey } from '../../ledger-types.ts';
import { type AccessLog, accessLogAt, accessLogKey, extendLog } from '../state.ts';

interface Appended {
  readonly subject: Uint8Array;
  readonly key: StateKey;
  readonly stream: string;
  /** As it was before. */
  readonly log: AccessLog | undefined;
  readonly size: number;
  readonly entries: Uint8Array[];
}

/** Entries on their way into subjects' logs: what one batch adds to one log is one append. */
export class LogAppends {
  readonly #context: ApplyContext<unknown>;
  readonly #logs = new Map<StateKey, Appended>();
  /** The next entry often is the same subject's. */
  #last: Appended | undefined;

  constructor(context: ApplyContext<unknown>) {
    this.#context = context;
  }

  /** Adds a copy of the entry and shows it in the subject's stream. Returns its place in the subject's log, from 0. */
  append(subject: Uint8Array, entry: Uint8Array): number {
    const kept = shortLivedCopy(entry);
    let log = this.#last;
    if (log?.subject === subject) log.entries.push(kept);
    else log = this.#begin(subject, kept);
    this.#last = log;
    this.#context.emit(log.stream, kept);
    return log.size + log.entries.length - 1;
  }

  /** Writes the logs. */
  finish(): void {
    for (const { key, log, entries } of this.#logs.values()) extendLog(this.#context.state, key, log, entries);
  }

  /** Entries of a subject that the last one was not about. */
  #begin(subject: Uint8Array, entry: Uint8Array): Appended {
    const subjectHex = toHex(subject);
    const key = accessLogKey(subjectHex);
    const known = this.#logs.get(key);
    if (known !== undefined) {
      known.entries.push(entry);
      return known;
    }
    const log = accessLogAt(this.#context.state, key);
    const stream = `access:${subjectHex}`;
    const added = { subject, key, stream, log, size: log?.size ?? 0, entries: [entry] };
    this.#logs.set(key, added);
    return added;
  }
}
