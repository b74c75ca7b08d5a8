import { equalBytes, present, uint64Bytes, utf8 } from '../../base/index.ts';
import { type Configuration, type ConfigurationStep, type Hash, stepBetween } from '../../consensus/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import {
  type ConfigurationHistory,
  decodeHistoryStep,
  encodeHistoryStep,
  type HistoryStep,
  historyBytesMax,
  historyFrameBytesMax,
  historyStepsMax,
} from '../../verify/index.ts';
import { consensusConfiguration } from './configuration.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import { buildHistoryStep } from './history-step.ts';
import { readRecord } from './records.ts';

function stepKey(height: number): Uint8Array {
  return prefixedKey('consensus', utf8('configuration-step'), uint64Bytes(height));
}

/** The record of a change's proof. */
export function putHistoryStep(height: number, step: HistoryStep): Operation {
  return { type: 'put', key: stepKey(height), value: encodeHistoryStep(step) };
}

/** One configuration of the ledger: what it is, and the step that brought it; genesis and a recovery are none. */
export interface KnownChange {
  readonly height: number;
  readonly configuration: Configuration;
  readonly change?: ConfigurationStep;
}

/**
 * The certified changes of the configuration, each with its proof. The proof is kept as a record of its own, written once
 * the change is applied: it outlives the blocks that it was made of, and is at hand whoever asks.
 */
export class ConfigurationHistories {
  readonly #store: Store;
  readonly #ledgerId: Uint8Array;
  readonly #genesis: Configuration;
  readonly #records: ConfigurationRecords;
  readonly #write: (operations: readonly Operation[]) => void;
  /** Of the first changes of the chain, without a gap. A change's proof is some KiB, and changes are few. */
  readonly #steps: { readonly height: number; readonly step: HistoryStep; readonly byteLength: number }[] = [];

  /** @param write with the next batch; what is lost before that is made again. */
  constructor(
    { store, ledger }: { readonly store: Store; readonly ledger: Pick<Ledger, 'ledgerId' | 'genesis'> },
    records: ConfigurationRecords,
    write: (operations: readonly Operation[]) => void,
  ) {
    this.#store = store;
    this.#ledgerId = ledger.ledgerId;
    this.#genesis = consensusConfiguration(ledger.genesis.configuration);
    this.#records = records;
    this.#write = write;
  }

  /** The blocks up to this height are applied: proves the changes among them that are not proved yet. Throws `storage-damaged`. */
  applied(height: number): void {
    const { changes } = this.#records;
    for (let next = changes[this.#steps.length]; next !== undefined; next = changes[this.#steps.length]) {
      if (next.height > height || !this.#add(next.height)) return;
    }
  }

  #add(height: number): boolean {
    const kept = readRecord(this.#store, stepKey(height), decodeHistoryStep);
    const step = kept ?? buildHistoryStep(this.#store, height);
    if (step === undefined) return false;
    if (kept === undefined) this.#write([putHistoryStep(height, step)]);
    this.#steps.push({ height, step, byteLength: encodeHistoryStep(step).length });
    return true;
  }

  /**
   * Whether the whole history is one piece, as a snapshot has it. Where it is not, this node can prove no snapshot to
   * anybody: its changes are more than {@link historyStepsMax}, or {@link historyBytesMax}.
   */
  get isOnePiece(): boolean {
    const bytes = this.#steps.reduce((sum, { byteLength }) => sum + byteLength, historyFrameBytesMax);
    return this.#steps.length <= historyStepsMax && bytes <= historyBytesMax;
  }

  /** The first change whose proof still has to be made of the blocks; undefined when every change is proved. */
  get unprovedFrom(): number | undefined {
    return this.#records.changes[this.#steps.length]?.height;
  }

  /** The configurations that this node can prove, that of genesis first. */
  get known(): readonly KnownChange[] {
    const known: KnownChange[] = [{ height: 0, configuration: this.#genesis }];
    let before = this.#genesis;
    for (const { height, configurationHash } of this.#records.changes.slice(0, this.#steps.length)) {
      const configuration = present(this.#records.get(configurationHash), 'every change has its record');
      const change = stepBetween(before, configuration);
      known.push({ height, configuration, ...(change !== undefined && { change }) });
      before = configuration;
    }
    return known;
  }

  /**
   * What followed the configuration that a block of this height brought, 0 for that of genesis; as many whole steps as a
   * piece has room for. Undefined when the height, or the hash where one is given, is none of this chain's.
   */
  after(height: number, hash?: Hash): ConfigurationHistory | undefined {
    const index = this.#steps.findIndex((step) => step.height === height);
    if (index === -1 && height !== 0) return undefined;
    const known = index === -1 ? this.#genesis.hash : this.#records.changes[index]?.configurationHash;
    if (known === undefined || (hash !== undefined && !equalBytes(known, hash))) return undefined;
    const steps: HistoryStep[] = [];
    let room = historyBytesMax - historyFrameBytesMax;
    for (const { step, byteLength } of this.#steps.slice(index + 1, index + 1 + historyStepsMax)) {
      room -= byteLength;
      if (room < 0) break;
      steps.push(step);
    }
    return { ledgerId: this.#ledgerId, knownHeight: height, knownHash: known, steps };
  }
}
