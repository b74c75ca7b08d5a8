import { toHex } from '../../../base/index.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import { accessLogOf, appendAllToLog } from '../state.ts';

/** Entries on their way into subjects' logs: what one batch adds to one log is one append. */
export class LogAppends {
  readonly #context: ApplyContext<unknown>;
  readonly #logs = new Map<string, { readonly subject: Uint8Array; size: number; readonly entries: Uint8Array[] }>();

  constructor(context: ApplyContext<unknown>) {
    this.#context = context;
  }

  /** Adds the entry and shows it in the subject's stream. Returns its place in the subject's log, from 0. */
  append(subject: Uint8Array, entry: Uint8Array): number {
    const { state, emit } = this.#context;
    const subjectHex = toHex(subject);
    const log = this.#logs.get(subjectHex) ?? { subject, size: accessLogOf(state, subject)?.size ?? 0, entries: [] };
    this.#logs.set(subjectHex, log);
    log.entries.push(entry);
    emit(`access:${subjectHex}`, entry);
    return log.size + log.entries.length - 1;
  }

  /** Writes the logs. */
  finish(): void {
    for (const { subject, entries } of this.#logs.values()) appendAllToLog(this.#context.state, subject, entries);
  }
}
