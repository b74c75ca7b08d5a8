import { resolve } from 'node:path';
import { AssentError, present } from '../base/index.ts';
import { AssentClient, webClock } from '../client/index.ts';
import { createSigner, systemRandom } from '../crypto/index.ts';
import type { Home } from '../demo/index.ts';
import type { Keystore } from '../vault/index.ts';
import { type ClusterFile, clusterDirectoryFrom, readCluster } from './cluster/cluster-file.ts';
import { type HomePlace, homePlace, openKeystore } from './keys/open-keystore.ts';
import { nodeUrls } from './ledger/node-urls.ts';
import { Progress } from './output/progress.ts';
import { type Style, styleFor } from './output/style.ts';
import type { Shell } from './shell.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly node?: string;
  readonly local?: boolean;
  readonly as?: string;
  readonly home?: string;
  readonly dir?: string;
  readonly debug?: boolean;
}

/** What a command works with; everything costly is opened when it is first asked for. */
export class Context {
  readonly shell: Shell;
  readonly options: GlobalOptions;
  readonly json: boolean;
  readonly style: Style;
  #client: AssentClient | undefined;
  #ledgerId: Promise<string> | undefined;
  #keystore: { readonly opened: Keystore; readonly writable: boolean } | undefined;

  constructor(shell: Shell, options: GlobalOptions) {
    this.shell = shell;
    this.options = options;
    this.json = options.json === true;
    this.style = styleFor(shell.stdout, shell.environment);
  }

  get nowMs(): number {
    return webClock.nowMs();
  }

  /** A file name as the person meant it. */
  path(name: string): string {
    return resolve(this.shell.workingDirectory, name);
  }

  /** Where the local cluster is or would be. */
  get clusterDirectory(): string {
    return clusterDirectoryFrom(this.shell, this.options.dir);
  }

  /** The local cluster, if there is one. */
  get cluster(): ClusterFile | undefined {
    return readCluster(this.clusterDirectory);
  }

  get homePlace(): HomePlace {
    return homePlace(this.shell, this.options.home, this.clusterDirectory);
  }

  client(): AssentClient {
    this.#client ??= new AssentClient({
      nodes: nodeUrls(this),
      ...(this.options.local === true && { consistency: 'local' }),
    });
    return this.#client;
  }

  /** Hexadecimal. */
  ledgerIdHex(): Promise<string> {
    this.#ledgerId ??= this.client()
      .status()
      .then(({ ledgerId }) => ledgerId);
    return this.#ledgerId;
  }

  /** The keystore. One that is written takes its lock. Throws `not-found`, `keystore-locked`, `storage-locked` … */
  async keystore(mode: 'read' | 'write' | 'create'): Promise<Keystore> {
    const wanted = mode !== 'read';
    if (this.#keystore !== undefined && (this.#keystore.writable || !wanted)) return this.#keystore.opened;
    this.#keystore?.opened.close();
    this.#keystore = undefined;
    const opened = await openKeystore(this.shell, this.homePlace, mode);
    this.#keystore = { opened, writable: wanted };
    return opened;
  }

  /** Keystore and ledger together: what acting on the ledger takes. */
  async home(mode: 'read' | 'write'): Promise<Home> {
    const keystore = await this.keystore(mode);
    const ledgerId = Uint8Array.from(Buffer.from(await this.ledgerIdHex(), 'hex'));
    const ledger = this.client();
    return { keystore, ledger, council: ledger, ledgerId, clock: webClock, random: systemRandom, createSigner };
  }

  progress(title: string): Progress {
    return new Progress(this.shell.stderr, title);
  }

  /** A remark on standard error: what happens meanwhile, and never part of the result. */
  remark(text: string): void {
    this.shell.stderr.write(`${text}\n`);
  }

  /** The value of an option that this command cannot do without. */
  required<T extends string>(value: T | undefined, option: string): T {
    if (value === undefined) throw new AssentError('usage', `This command needs ${option}.`);
    return present(value, 'checked');
  }

  close(): void {
    this.#keystore?.opened.close();
    this.#keystore = undefined;
  }
}
