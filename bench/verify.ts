import { auditLedger, type BlockSource } from '../src/node/audit/index.ts';
import { threadWorkMs } from '../src/node/clock.ts';
import { machineConditions } from './machine.ts';
import { type Bench, type Row, rounded, transactionKinds } from './rows.ts';
import { CertifiedChain } from './workload/certified-chain.ts';
import { Workload } from './workload/workload.ts';

const subjectCount = 2000;
const blockTransactions = 256;
/** Transactions of the measured ledger, for each second asked for. */
const transactionsPerSecond = 4000;

/** A ledger verified from genesis: signatures of transactions, headers and certificates, execution, all roots. */
export const verify: Bench = async ({ seconds, progress, signal }) => {
  const rows: Row[] = [];
  for (const kind of transactionKinds) {
    progress(`${kind}: the ledger is made …`);
    const chain = CertifiedChain.begin();
    const workload = new Workload(chain.genesis.ledgerId, subjectCount);
    const transactions = [...workload.appointments(), ...workload.links()];
    const measured = Math.max(blockTransactions, Math.round((seconds / 2) * transactionsPerSecond));
    for (let count = 0; count < measured; count++) transactions.push(workload.next(kind));
    for (let start = 0; start < transactions.length; start += blockTransactions) {
      signal.throwIfAborted();
      await chain.add(transactions.slice(start, start + blockTransactions));
    }
    progress(`${kind}: it is verified …`);
    const startedMs = performance.now();
    const before = process.cpuUsage();
    const workedMs = threadWorkMs();
    const verdict = await auditLedger({ genesis: chain.genesis, source: sourceOf(chain) });
    const { user, system } = process.cpuUsage(before);
    const executingSeconds = (threadWorkMs() - workedMs) / 1000;
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const conditions = `${verdict.transactions} transactions in blocks of ${blockTransactions}, ${subjectCount} subjects, from memory, ${machineConditions()}`;
    const perCore = verdict.transactions / ((user + system) / 1_000_000);
    rows.push(
      { name: `verify/${kind}/per-core`, value: rounded(perCore), unit: '1/s per core', conditions },
      // What the thread that executes has left to do: the bound where other cores check all signatures.
      {
        name: `verify/${kind}/executing`,
        value: rounded(verdict.transactions / executingSeconds),
        unit: '1/s',
        conditions,
      },
      { name: `verify/${kind}`, value: rounded(verdict.transactions / wallSeconds), unit: '1/s', conditions },
    );
    await chain.close();
  }
  return rows;
};

function sourceOf({ blocks, certificate }: CertifiedChain): BlockSource {
  return {
    name: 'memory',
    firstHeight: 1,
    height: blocks.length,
    certificate,
    async *blocks(from, to) {
      for (const bytes of blocks.slice(from - 1, to)) yield { bytes, isSigned: true };
    },
    close: () => Promise.resolve(),
  };
}
