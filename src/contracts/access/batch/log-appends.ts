import { equalBytes, shortLivedCopy, toHex } from '../../../base/index.ts';
import { leafHash, type MerkleFrontier } from '../../../crypto/portable.ts';
import type { ApplyContext } from '../../engine/contract.ts';
import type { StateKey } from '../../ledger-types.ts';
import { accessLogKey, encodeLog, openLog } from '../state.ts';

/** The log that is appended to. */
interface Open {
  readonly subject: Uint8Array;
  readonly key: StateKey;
  readonly stream: string;
  readonly log: MerkleFrontier;
}

/**
 * Entries on their way into subjects' logs: what one batch adds to one log is one append. One log is open at a time; of the
 * others only the bytes are kept that will be stored, since a batch may be about a thousand subjects.
 */
export class LogAppends {
  readonly #context: ApplyContext<unknown>;
  readonly #closed = new Map<StateKey, Uint8Array>();
  /** The next entry often is the same subject's. */
  #open: Open | undefined;

  constructor(context: ApplyContext<unknown>) {
    this.#context = context;
  }

  /** Adds a copy of the entry and shows it in the subject's stream. Returns its place in the subject's log, from 0. */
  append(subject: Uint8Array, entry: Uint8Array): number {
    const kept = shortLivedCopy(entry);
    const { log, stream } = this.#logOf(subject);
    this.#context.emit(stream, kept);
    log.append(leafHash(kept));
    return log.size - 1;
  }

  /** Writes the logs. */
  finish(): void {
    this.#close();
    for (const [key, stored] of this.#closed) this.#context.state.put(key, stored);
  }

  #logOf(subject: Uint8Array): Open {
    if (this.#open !== undefined && equalBytes(this.#open.subject, subject)) return this.#open;
    this.#close();
    const subjectHex = toHex(subject);
    const key = accessLogKey(subjectHex);
    const log = openLog(this.#closed.get(key) ?? this.#context.state.get(key));
    this.#open = { subject, key, stream: `access:${subjectHex}`, log };
    return this.#open;
  }

  #close(): void {
    if (this.#open !== undefined) this.#closed.set(this.#open.key, encodeLog(this.#open.log));
  }
}
