import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import { nodeEnvironment, nodeOptions } from '../../src/cli/node-options.ts';
import { type Genesis, genesisToText } from '../../src/ledger/index.ts';
import { createNodeKey, type NodeKey } from '../../src/node/index.ts';
import { consortiumGenesis } from '../workload/consortium.ts';
import { giveWay } from './processes.ts';

/** A node's process. */
export interface NodeProcess {
  readonly nodeId: string;
  readonly url: string;
  readonly pid: number;
}

export interface ClusterOptions {
  /** An empty folder for everything that the nodes keep. */
  readonly directory: string;
  readonly nodeCount: number;
  /** Whether each keeps an archive, in a folder `archive` beside its data. */
  readonly hasArchive?: boolean;
  /** At which the system runs the nodes; see {@link giveWay}. */
  readonly niceness?: number;
  /** Where the nodes leave CPU profiles when they stop. */
  readonly profileDirectory?: string;
  readonly signal: AbortSignal;
}

/** What a node's process is told. */
export interface AdvanceMessage {
  readonly advanceMs: number;
}

interface Started {
  readonly process: ChildProcess;
  readonly ready: Promise<NodeProcess>;
  readonly exited: Promise<void>;
}

const startMsMax = 30_000;
const stopMsMax = 15_000;

/** Nodes on this machine, each a process of its own: the production daemon with its defaults, on free ports. */
export class Cluster {
  readonly genesis: Genesis;
  readonly #options: ClusterOptions;
  readonly #configFiles: readonly string[];
  #nodes: readonly NodeProcess[] = [];
  #started: readonly Started[] = [];

  private constructor(genesis: Genesis, options: ClusterOptions, configFiles: readonly string[]) {
    this.genesis = genesis;
    this.#options = options;
    this.#configFiles = configFiles;
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  /** Resolves when all nodes follow one leader. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { genesis, configFiles } = await prepare(options);
    const cluster = new Cluster(genesis, options, configFiles);
    await cluster.start();
    return cluster;
  }

  /**
   * Starts the nodes again that {@link stop} stopped, on what they kept. Resolves as {@link Cluster.start} does, with the
   * milliseconds until the last of them was ready to be asked.
   */
  async start(): Promise<number> {
    const startMs = performance.now();
    this.#started = this.#configFiles.map((file) => startNode(file, this.#options));
    try {
      this.#nodes = await Promise.all(this.#started.map(({ ready }) => ready));
      const readyMs = performance.now() - startMs;
      await this.#untilLed(this.#options.signal);
      return readyMs;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  status(): Promise<StatusView[]> {
    return Promise.all(
      this.nodes.map(async ({ url }) => (await (await fetch(`${url}/v1/status`)).json()) as StatusView),
    );
  }

  stop(): Promise<void> {
    return stopAll(this.#started);
  }

  /** From now on the nodes believe that it is so much later. */
  advance(ms: number): void {
    const message: AdvanceMessage = { advanceMs: ms };
    for (const { process: node } of this.#started) node.send(message);
  }

  async #untilLed(signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + startMsMax;
    for (;;) {
      signal.throwIfAborted();
      const status = await this.status();
      const leaders = new Set(status.map(({ leader }) => leader));
      const isOne = leaders.size === 1 && !leaders.has(null);
      if (isOne && status.every(({ height }) => height > 0)) return;
      if (performance.now() > deadlineMs) {
        const views = status.map(
          ({ role, term, leader, height }) => `${role} ${term} ${leader ?? 'no leader'} ${height}`,
        );
        throw new Error(`the nodes found no leader in time: ${views.join(', ')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function prepare(options: ClusterOptions): Promise<{ genesis: Genesis; configFiles: string[] }> {
  const folders = Array.from({ length: options.nodeCount }, (_, index) => join(options.directory, `node-${index + 1}`));
  const keys = folders.map((folder) => {
    mkdirSync(folder, { mode: 0o700 });
    return createNodeKey(join(folder, 'node.key'));
  });
  const genesis = consortiumGenesis(keys.map(({ signer }) => signer.publicKey));
  const ports = await freePorts(2 * folders.length);
  const configFiles = folders.map((folder, index) => {
    writeFileSync(join(folder, 'genesis'), genesisToText(genesis));
    const file = join(folder, 'node.json');
    const config = {
      ...configOf(index, keys, ports.slice(0, keys.length), ports[keys.length + index]),
      ...(options.hasArchive && { archive: { directory: join(folder, 'archive') } }),
    };
    writeFileSync(file, JSON.stringify(config, undefined, 2));
    return file;
  });
  return { genesis, configFiles };
}

/** Only what differs between nodes: the rest are the daemon's defaults. */
function configOf(
  index: number,
  keys: readonly NodeKey[],
  ports: readonly number[],
  apiPort: number | undefined,
): object {
  const peers = keys.map(({ nodeId }, place) => ({ nodeId, addresses: [`/ip4/127.0.0.1/tcp/${ports[place]}`] }));
  return {
    p2p: { listen: { port: ports[index] }, peers: peers.filter((_, place) => place !== index) },
    api: { listen: { port: apiPort } },
  };
}

/** Ports that are free now; all are held at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
      return address.port;
    }),
  );
}

function startNode(configFile: string, { niceness = 0, profileDirectory, signal }: ClusterOptions): Started {
  const logFile = `${configFile}.log`;
  const log = openSync(logFile, 'a', 0o600);
  const profiling = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
  const file = join(import.meta.dirname, 'node-process.ts');
  const node = spawn(process.execPath, [...nodeOptions, ...profiling, file, configFile], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...nodeEnvironment, ...process.env },
  });
  closeSync(log);
  if (node.pid !== undefined) giveWay(node.pid, niceness);
  const exited = new Promise<void>((resolve) => node.once('exit', () => resolve()));
  const ready = new Promise<NodeProcess>((resolve, reject) => {
    node.once('message', (message) => {
      const { nodeId, apiUrl } = message as { nodeId: string; apiUrl: string };
      resolve({ nodeId, url: apiUrl, pid: present(node.pid, 'the process runs') });
    });
    node.once('error', reject);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    void exited.then(() => reject(new Error(`a node ended: ${lastLinesOf(logFile)}`)));
  });
  return { process: node, ready, exited };
}

function lastLinesOf(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
}

async function stopAll(started: readonly Started[]): Promise<void> {
  await Promise.all(
    started.map(async ({ process: node, exited }) => {
      node.kill('SIGTERM');
      const deadline = setTimeout(() => node.kill('SIGKILL'), stopMsMax);
      await exited;
      clearTimeout(deadline);
    }),
  );
}
