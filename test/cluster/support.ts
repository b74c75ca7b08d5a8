import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusView } from '../../src/api/index.ts';
import { assert, present } from '../../src/base/index.ts';
import { type ClusterFile, readCluster } from '../../src/cli/cluster/cluster-file.ts';
import { signal } from '../../src/cli/cluster/processes.ts';
import { openKeystore } from '../../src/cli/keys/open-keystore.ts';
import { signAs } from '../../src/cli/ledger/submit.ts';
import { AssentClient, identityOf, type SignedTransaction, webClock } from '../../src/client/index.ts';
import { createSigner, generateSeed, systemRandom } from '../../src/crypto/index.ts';
import { type Home, identityNamed } from '../../src/demo/index.ts';
import { type CliResult, documentOf, runCli } from '../support/cli.ts';

/** Waits for a condition, looking again and again; throws when the time is up, with what was looked for or was seen. */
export async function until<T>(
  what: string | (() => string),
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() >= deadline)
      throw new Error(`not within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    await pause(25);
  }
}

/** A local cluster of real processes in a directory of its own, driven by the program's commands. */
export class LocalCluster {
  /** Undefined before it is brought up. */
  #parent: string | undefined;

  static async up(...args: readonly string[]): Promise<LocalCluster> {
    const cluster = new LocalCluster();
    await cluster.bringUp(...args);
    return cluster;
  }

  async bringUp(...args: readonly string[]): Promise<void> {
    this.#parent = mkdtempSync(join(tmpdir(), 'assent-cluster-'));
    const { exitCode, stderr } = await this.run('cluster', 'up', '--detach', '--base-port', '0', ...args);
    if (exitCode !== 0) await this.remove();
    assert(exitCode === 0, `the cluster did not come up: ${stderr}`);
  }

  get #place(): string {
    return present(this.#parent, 'the cluster is brought up');
  }

  get directory(): string {
    return join(this.#place, 'cluster');
  }

  get file(): ClusterFile {
    return present(readCluster(this.directory), 'the cluster was made');
  }

  get urls(): string[] {
    return this.file.nodes.map(({ apiPort }) => `http://127.0.0.1:${apiPort}`);
  }

  /** A client of one node, or of all. */
  client(...numbers: readonly number[]): AssentClient {
    const nodes = this.urls.filter((_, place) => numbers.length === 0 || numbers.includes(place + 1));
    return new AssentClient({ nodes });
  }

  run(...args: readonly string[]): Promise<CliResult> {
    return runCli(['--dir', this.directory, ...args], { workingDirectory: this.#place });
  }

  /** Runs a command that must succeed, and answers the document that it printed. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const result = await this.run(...args, '--json');
    assert(
      result.exitCode === 0,
      `assent ${args.join(' ')} ended with ${result.exitCode}: ${result.stdout}${result.stderr}`,
    );
    return documentOf<T>(result);
  }

  async statuses(): Promise<
    readonly (StatusView | { readonly nodeId: string; readonly role: 'stopped' | 'paused' })[]
  > {
    return (await this.json<{ nodes: StatusView[] }>('cluster', 'status')).nodes;
  }

  /** Number of the node that leads, once there is one among those that answer. */
  leader(): Promise<number> {
    return until('a leader', async () => {
      const place = (await this.statuses()).findIndex(({ role }) => role === 'leader');
      return place >= 0 && place + 1;
    });
  }

  /** What it takes to act on this ledger with the keys of its consortium. The caller closes the keystore. */
  async home(): Promise<Home> {
    const place = { directory: join(this.directory, 'keystore'), passphraseFile: join(this.directory, 'passphrase') };
    const nobody = { environment: {}, askSecret: () => Promise.resolve(undefined) };
    const keystore = await openKeystore(nobody, place, 'read');
    const ledgerId = Uint8Array.from(Buffer.from(this.file.ledgerId, 'hex'));
    return { keystore, ledger: this.client(), ledgerId, clock: webClock, random: systemRandom, createSigner };
  }

  /** Ends the processes of this cluster, by id and start time, and removes its files. */
  async remove(): Promise<void> {
    if (this.#parent === undefined) return;
    const cluster = readCluster(this.directory);
    const processes = [...(cluster?.nodes ?? []), ...(cluster?.links ? [cluster.links] : [])].map((one) => one.process);
    for (const process of processes) signal(process, 'SIGKILL');
    await until('the processes are gone', () => processes.every((process) => !signal(process, 'SIGKILL')));
    rmSync(this.#parent, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Signs a credential for an agent that nobody has seen before: no two of them get in each other's way. */
export function newTransaction(home: Home, validUntil?: number): SignedTransaction {
  const member = identityNamed(home, 'member/st-mary');
  const agent = identityOf(generateSeed(), createSigner).did;
  return signAs(home, member, 'credential.issue', { agent, role: 'researcher' }, validUntil);
}

/** How often each transaction is in the committed blocks that a node shows. */
export async function occurrences(client: AssentClient): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let next: number | undefined = 1; next !== undefined; ) {
    const page: Awaited<ReturnType<AssentClient['blocks']>> = await client.blocks({ from: next, limit: 100 });
    const filled = page.blocks.filter(({ transactionCount }) => transactionCount > 0);
    for (const { transactions } of await Promise.all(filled.map(({ height }) => client.block(height))))
      for (const { id } of transactions) counts.set(id, (counts.get(id) ?? 0) + 1);
    next = page.next;
  }
  return counts;
}

/** Waits until the nodes have the same head, and answers it. */
export function sameHead(cluster: LocalCluster, ...numbers: readonly number[]): Promise<StatusView> {
  const clients = numbers.map((number) => cluster.client(number));
  let statuses: readonly StatusView[] = [];
  const seen = (): string => `the nodes have one head: ${statuses.map(describeStatus).join('; ')}`;
  return until(seen, async () => {
    statuses = await Promise.all(clients.map((client) => client.status()));
    const [first] = statuses;
    // What is certified is told to submitters before it is applied.
    return statuses.every((own) => own.headHash === first?.headHash && own.height === own.certifiedHeight) && first;
  });
}

function describeStatus({
  nodeId,
  role,
  term,
  height,
  headHash,
  certifiedHeight,
  withheld,
  peers,
}: StatusView): string {
  const away = peers.filter(({ connected }) => !connected).map((peer) => peer.nodeId.slice(-4));
  const head = `${height} ${headHash.slice(0, 8)}`;
  return [
    `${nodeId.slice(-4)} ${role} of term ${term} at ${head}, certified ${certifiedHeight}`,
    ...(away.length === 0 ? [] : [`not connected to ${away.join()}`]),
    ...(withheld === null ? [] : [withheld]),
  ].join(', ');
}
