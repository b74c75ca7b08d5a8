import { assert } from '../src/base/index.ts';
import type { SignedTransaction } from '../src/client/index.ts';
import { builtInContracts, createRuleExecutor, ruleSet } from '../src/contracts/index.ts';
import { createSigner, generateSeed, verifySignature } from '../src/crypto/index.ts';
import { genesisOperations, Ledger, UnverifiedTransaction, VerifiedTransaction } from '../src/ledger/index.ts';
import { MemoryStore, MemoryTable, type Operation } from '../src/storage/index.ts';
import { machineConditions } from './machine.ts';
import { type Bench, type Row, rounded, transactionKinds } from './rows.ts';
import { consortiumGenesis } from './workload/consortium.ts';
import { Workload } from './workload/workload.ts';

const subjectCount = 2000;
const blockTransactions = 256;

/** Ledger and contracts alone: blocks executed, hashed and made into a batch, without signatures, disk or network. */
export const execution: Bench = async ({ seconds, progress, signal }) => {
  const conditions = `blocks of ${blockTransactions}, ${subjectCount} subjects, by CPU time of one thread, ${machineConditions()}`;
  const rows: Row[] = [];
  for (const kind of transactionKinds) {
    progress(`${kind} …`);
    signal.throwIfAborted();
    const chain = new MemoryChain();
    const workload = new Workload(chain.ledgerId, subjectCount);
    chain.execute(workload.appointments());
    chain.execute(workload.links());
    const rate = rateOf(seconds / 2, chain, () => workload.next(kind));
    rows.push({ name: `execution/${kind}`, value: rounded(rate), unit: '1/s per core', conditions });
  }
  return rows;
};

/** Transactions per second of CPU time. */
function rateOf(seconds: number, chain: MemoryChain, next: () => SignedTransaction): number {
  const beforeUs = chain.busyUs;
  let executed = 0;
  while (chain.busyUs - beforeUs < seconds * 1_000_000) {
    const transactions = Array.from({ length: 8 * blockTransactions }, next);
    chain.execute(transactions);
    executed += transactions.length;
  }
  return executed / ((chain.busyUs - beforeUs) / 1_000_000);
}

/** A chain of one node in memory. */
class MemoryChain {
  readonly #table = new MemoryTable();
  readonly #ledger: Ledger;
  readonly #proposer = createSigner(generateSeed());
  /** CPU time of ledger and contracts so far, microseconds; the decoding and the table are not theirs. */
  busyUs = 0;

  constructor() {
    const genesis = consortiumGenesis([this.#proposer.publicKey]);
    const executor = createRuleExecutor(builtInContracts, { ruleSet, verifySignature });
    const store = new MemoryStore(this.#table);
    this.#table.apply(genesisOperations(store, genesis, executor));
    this.#ledger = new Ledger(store, genesis, executor);
  }

  get ledgerId(): Uint8Array {
    return this.#ledger.ledgerId;
  }

  execute(transactions: readonly SignedTransaction[]): void {
    const verified = transactions.map(verifiedOf);
    for (let start = 0; start < verified.length; start += blockTransactions) {
      const before = process.cpuUsage();
      const { hash, operations } = this.#block(verified.slice(start, start + blockTransactions));
      const { user, system } = process.cpuUsage(before);
      this.busyUs += user + system;
      this.#table.apply(operations);
      this.#ledger.settle(hash);
    }
  }

  #block(transactions: readonly VerifiedTransaction[]): { hash: Uint8Array; operations: readonly Operation[] } {
    const { hash, timestamp } = this.#ledger.applied;
    const { draft, accept } = this.#ledger.seal(
      {
        parentHash: hash,
        term: 1,
        timestamp: Math.max(Date.now(), timestamp + 1),
        enactsChange: false,
        justification: () => new Uint8Array(),
      },
      this.#proposer.publicKey,
      transactions,
      (_, reason) => assert(false, `a transaction was left out: ${reason}`),
    );
    accept();
    const { operations, receipts } = this.#ledger.commit(draft.hash);
    for (const { result } of receipts) assert(result.ok, 'every transaction is permitted');
    return { hash: draft.hash, operations };
  }
}

function verifiedOf({ bytes }: SignedTransaction): VerifiedTransaction {
  const transaction = new UnverifiedTransaction(bytes);
  return VerifiedTransaction.vouchedFor(transaction, transaction.sender);
}
