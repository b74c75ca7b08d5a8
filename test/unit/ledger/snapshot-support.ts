import { expect } from 'vitest';
import { uint64Bytes } from '../../../src/base/index.ts';
import {
  type BlockContext,
  type CanonicalValue,
  createGenesis,
  decodeBlock,
  type ExecutedTransaction,
  type Genesis,
  genesisOperations,
  Ledger,
  type OpenedBlock,
  putBlock,
  type RuleExecutor,
  SnapshotSink,
  SnapshotSource,
  type SnapshotSourceOptions,
  type StateWriter,
  type TransactionContent,
  VerifiedBlock,
  type VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { type Entry, type KeyPrefix, type Operation, prefixRange, type Store } from '../../../src/storage/index.ts';
import { simulatedRules } from '../../support/simulated-rules.ts';
import { proposer, signed, genesis as smallGenesis, verified } from './fixture.ts';

/** The simulator's rules, and `sim.fill` `[1, from, to, bytes of a value]`: many keys at once; no bytes delete. */
export const fillingRules: RuleExecutor = {
  ...simulatedRules,
  kinds: new Set([...simulatedRules.kinds, 'sim.fill']),
  checkPayload: (content: Pick<TransactionContent, 'kind' | 'payload'>): string | undefined =>
    content.kind === 'sim.fill' ? undefined : simulatedRules.checkPayload(content),
  execute: (transaction: TransactionContent, state: StateWriter, block: BlockContext): ExecutedTransaction => {
    if (transaction.kind !== 'sim.fill') return simulatedRules.execute(transaction, state, block);
    const [, from, to, bytes] = transaction.payload as readonly number[] as [number, number, number, number];
    for (let index = from; index < to; index++) {
      const value = new Uint8Array(bytes).fill(index & 0xff);
      value.set(uint64Bytes(block.height).subarray(0, bytes));
      if (bytes === 0) state.delete(`sim/fill/${index}`);
      else state.put(`sim/fill/${index}`, value);
    }
    return { result: { ok: true, output: null }, index: [{ stream: 'sim:fill', entry: Uint8Array.of(1) }] };
  },
};

export const genesis: Genesis = createGenesis(smallGenesis.content);
export const startMs = 1_000_000;
const noJustification = (): Uint8Array => new Uint8Array();

export function transaction(
  kind: string,
  payload: CanonicalValue,
  validUntil: number = startMs + 300_000,
): VerifiedTransaction {
  return verified(signed(kind, payload, { validUntil }));
}

export function fill(from: number, to: number, bytes: number, validUntil?: number): VerifiedTransaction {
  return transaction('sim.fill', [1, from, to, bytes], validUntil);
}

export function writeTo(store: Store): (operations: readonly Operation[]) => Promise<void> {
  return (operations) =>
    new Promise((resolve, reject) =>
      store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
    );
}

/** A node's ledger and store. */
export class Node {
  readonly store: Store;
  ledger: Ledger;

  private constructor(store: Store) {
    this.store = store;
    this.ledger = new Ledger(store, genesis, fillingRules);
  }

  static async begin(store: Store): Promise<Node> {
    await writeTo(store)(genesisOperations(store, genesis, fillingRules));
    return new Node(store);
  }

  static reopen(store: Store): Node {
    return new Node(store);
  }

  /** Seals, commits and settles a block. `afterMs`: its time after the block before. */
  async grow(transactions: readonly VerifiedTransaction[], afterMs = 1): Promise<OpenedBlock> {
    const { hash: parentHash, timestamp } = this.ledger.applied;
    const input = {
      parentHash,
      term: 1,
      timestamp: timestamp + afterMs,
      enactsChange: false,
      justification: noJustification,
    };
    const leftOut: string[] = [];
    const sealed = this.ledger.seal(input, proposer.publicKey, transactions, (_, reason) => leftOut.push(reason));
    expect(leftOut).toEqual([]);
    sealed.accept();
    const block = sealed.draft.sign(proposer);
    await this.#commit(block);
    return block;
  }

  /** What a follower does. */
  async follow(block: OpenedBlock): Promise<void> {
    const received = decodeBlock(block.bytes);
    const transactions = received.transactions.map((item) => verified(item.bytes));
    expect(this.ledger.execute(new VerifiedBlock(received, transactions), false)).toEqual({ ok: true });
    await this.#commit(block);
  }

  /** Why the next block cannot hold this transaction. */
  refusal(item: VerifiedTransaction): string | undefined {
    const { hash: parentHash, timestamp } = this.ledger.applied;
    const input = {
      parentHash,
      term: 1,
      timestamp: timestamp + 1,
      enactsChange: false,
      justification: noJustification,
    };
    let refusal: string | undefined;
    this.ledger.seal(input, proposer.publicKey, [item], (_, reason) => {
      refusal = reason;
    });
    return refusal;
  }

  async source(options?: SnapshotSourceOptions): Promise<SnapshotSource> {
    const source = await SnapshotSource.open(this.store, proofsOf, options);
    if (source === undefined) throw new Error('there is a snapshot');
    return source;
  }

  sink(): Promise<SnapshotSink> {
    return SnapshotSink.open(this.store, genesis.ledgerId, writeTo(this.store));
  }

  /** Takes in the whole snapshot, and installs it. */
  async take(source: SnapshotSource): Promise<void> {
    const sink = await this.sink();
    await sink.begin(source.manifest.bytes);
    while (await sink.sweep());
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1))
      await sink.accept(await source.chunk(address));
    await this.install(sink);
  }

  async install(sink: SnapshotSink): Promise<void> {
    await writeTo(this.store)(sink.install());
    this.ledger = new Ledger(this.store, genesis, fillingRules);
  }

  /** Until nothing is left over. */
  async sweep(): Promise<void> {
    const sink = await this.sink();
    while (await sink.sweep());
    expect(sink.isSweeping).toBe(false);
  }

  async entries(prefix: KeyPrefix): Promise<Entry[]> {
    const entries = await this.store.range({ ...prefixRange(prefix), limit: 10_000 });
    return entries.map(([key, value]) => [key.subarray(1), value]);
  }

  /** The entries of the state, in whichever place it stands. */
  async state(): Promise<Entry[]> {
    return [...(await this.entries('state')), ...(await this.entries('otherState'))];
  }

  async #commit({ hash, header, bytes }: OpenedBlock): Promise<void> {
    const { operations } = this.ledger.commit(hash);
    await writeTo(this.store)([putBlock(header.height, bytes), ...operations]);
    this.ledger.settle(hash);
  }
}

export const proofsOf = (): { certificate: Uint8Array; configurations: Uint8Array } => ({
  certificate: Uint8Array.of(1, 2),
  configurations: Uint8Array.of(3),
});
