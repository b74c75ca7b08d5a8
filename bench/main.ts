import { parseArgs } from 'node:util';
import { messageOf } from '../src/base/index.ts';
import { type Bench, tableOf, transactionKinds } from './rows.ts';

const usage = `usage: npm run bench [-- NAME] [-- OPTIONS]

  access       accesses logged in batches by three nodes, over HTTP
  advisory     decisions over HTTP, beside a ledger under load
  cluster      three node processes under load, over HTTP (default)
  consensus    the core alone, three of them in one thread
  decision     the consent decision in process
  growth       a node that takes a million accesses: speed, start, memory, disk, queries
  execution    ledger and contracts alone
  signatures   the machine's own limit
  storage      synced batches of the journal
  transport    frames between two processes
  tree         the state tree on disk, up to a million leaves
  verify       a ledger verified from its genesis

  --seconds N       length of the main measurement (default 10)
  --kind KIND       ${transactionKinds.join(' or ')} (default ${transactionKinds[0]}; cluster)
  --transactions N  how many it grows by (default 1,000,000; growth)
  --profile DIR     CPU profiles of the nodes into this directory, and what they say (access, advisory, cluster)
  --json            an array of { name, value, unit, conditions }
`;

/** Loaded when asked for: a benchmark's own start is no part of another. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  access: async () => (await import('./cluster/access-bench.ts')).access,
  advisory: async () => (await import('./cluster/advisory-bench.ts')).advisory,
  cluster: async () => (await import('./cluster/cluster-bench.ts')).cluster,
  consensus: async () => (await import('./consensus.ts')).consensus,
  decision: async () => (await import('./decision.ts')).decision,
  growth: async () => (await import('./cluster/growth-bench.ts')).growth,
  execution: async () => (await import('./execution.ts')).execution,
  signatures: async () => (await import('./signatures.ts')).signatures,
  storage: async () => (await import('./storage.ts')).storage,
  tree: async () => (await import('./tree.ts')).tree,
  transport: async () => (await import('./transport.ts')).transport,
  verify: async () => (await import('./verify.ts')).verify,
};

const usageExitCode = 2;
/** What shells show for a program that an interrupt ended. */
const interruptedExitCode = 130;
const interruption = new AbortController();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '10' },
      kind: { type: 'string', default: transactionKinds[0] },
      transactions: { type: 'string', default: '1000000' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const load = benches[positionals[0] ?? 'cluster'];
  const seconds = Number(values.seconds);
  const transactions = Number(values.transactions);
  const kind = transactionKinds.find((known) => known === values.kind);
  const isWrong =
    load === undefined ||
    kind === undefined ||
    positionals.length > 1 ||
    !(seconds >= 1 && seconds <= 60) ||
    !(Number.isSafeInteger(transactions) && transactions >= 1000);
  if (isWrong || values.help) {
    process.stderr.write(usage);
    return values.help ? 0 : usageExitCode;
  }
  const rows = await (await load())({
    seconds,
    kind,
    transactions,
    ...(values.profile === undefined ? {} : { profileDirectory: values.profile }),
    progress: (text) => process.stderr.write(`${text}\n`),
    signal: interruption.signal,
  });
  process.stdout.write(values.json ? `${JSON.stringify(rows, undefined, 2)}\n` : tableOf(rows));
  return 0;
}

// The first signal ends the run with everything cleaned up, a second at once.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => interruption.abort(new Error('interrupted')));
}
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`The benchmark failed: ${messageOf(error)}\n`);
  const isUsage = error instanceof TypeError && 'code' in error;
  process.exitCode = interruption.signal.aborted ? interruptedExitCode : isUsage ? usageExitCode : 1;
}
