import { toHex } from '../../base/index.ts';
import type { Receipt } from '../../ledger/index.ts';
import { packResult } from '../ingress/packed-result.ts';
import type { SettledBlock, SettledMessage, Unsettled } from '../threads/messages.ts';

interface OpenBlock {
  readonly receipt: Receipt;
  readonly tickets: number[];
  readonly indexes: number[];
  readonly results: Uint8Array[];
}

/** Gathers outcomes until they are sent as one message: a block's receipts all come in one turn. */
export class Settling {
  readonly #blocks = new Map<number, OpenBlock>();
  #accepted: number[] = [];
  #refused: Unsettled[] = [];

  committed(ticket: number, receipt: Receipt): void {
    let block = this.#blocks.get(receipt.height);
    if (block === undefined) {
      block = { receipt, tickets: [], indexes: [], results: [] };
      this.#blocks.set(receipt.height, block);
    }
    block.tickets.push(ticket);
    block.indexes.push(receipt.index);
    block.results.push(packResult(receipt.result));
  }

  accepted(ticket: number): void {
    this.#accepted.push(ticket);
  }

  refused(outcome: Unsettled): void {
    this.#refused.push(outcome);
  }

  /** What was gathered; nothing is left. */
  take(): SettledMessage {
    const blocks = [...this.#blocks.values()].map(settledBlock);
    const message: SettledMessage = { type: 'settled', blocks, accepted: this.#accepted, refused: this.#refused };
    this.#blocks.clear();
    this.#accepted = [];
    this.#refused = [];
    return message;
  }
}

function settledBlock({ receipt, tickets, indexes, results }: OpenBlock): SettledBlock {
  const joined = new Uint8Array(results.reduce((sum, result) => sum + result.length, 0));
  let offset = 0;
  for (const result of results) {
    joined.set(result, offset);
    offset += result.length;
  }
  return {
    height: receipt.height,
    timestamp: receipt.timestamp,
    blockHash: toHex(receipt.blockHash),
    tickets: Uint32Array.from(tickets),
    indexes: Uint32Array.from(indexes),
    results: joined,
    lengths: Uint32Array.from(results, (result) => result.length),
  };
}
