import { shortLivedCopy, toHex } from '../../../base/index.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import { type AccessLog, accessLogOf, extendLog } from '../state.ts';

interface Appended {
  readonly subject: Uint8Array;
  readonly subjectHex: string;
  readonly stream: string;
  /** As it was before. */
  readonly log: AccessLog | undefined;
  readonly size: number;
  readonly entries: Uint8Array[];
}

/** Entries on their way into subjects' logs: what one batch adds to one log is one append. */
export class LogAppends {
  readonly #context: ApplyContext<unknown>;
  readonly #logs = new Map<string, Appended>();
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
    for (const { subjectHex, log, entries } of this.#logs.values())
      extendLog(this.#context.state, subjectHex, log, entries);
  }

  /** Entries of a subject that the last one was not about. */
  #begin(subject: Uint8Array, entry: Uint8Array): Appended {
    const subjectHex = toHex(subject);
    const known = this.#logs.get(subjectHex);
    if (known !== undefined) {
      known.entries.push(entry);
      return known;
    }
    const log = accessLogOf(this.#context.state, subject);
    const stream = `access:${subjectHex}`;
    const added = { subject, subjectHex, stream, log, size: log?.size ?? 0, entries: [entry] };
    this.#logs.set(subjectHex, added);
    return added;
  }
}
