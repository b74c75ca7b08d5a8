import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, cpSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert, present } from '../../src/base/index.ts';
import { until } from './support.ts';

/** Whether this user may make a small file system in a namespace of its own: Linux with user namespaces allowed. */
export const canMakeSmallDisk: boolean =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/**
 * A file system of a few megabytes over one folder, seen by the processes that are started on it and by nobody else. It
 * ends with {@link remove}.
 */
export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #folder: string;

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /** Puts a disk over the folder, with what the folder holds on it. */
  static async over(folder: string, sizeMegabytes: number): Promise<SmallDisk> {
    // The holder ends when its input does: also when this process is killed.
    const script = 'mount -t tmpfs -o "size=$1" none "$2" && echo mounted && exec cat';
    const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', `${sizeMegabytes}m`, folder];
    const holder = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    holder.stdout.on('data', (part) => {
      said += String(part);
    });
    await until('the disk is mounted', () => said.includes('mounted'));
    const disk = new SmallDisk(holder, folder);
    cpSync(folder, disk.path(), { recursive: true });
    return disk;
  }

  /** Where others find what is on the disk. */
  path(...parts: readonly string[]): string {
    return join(`/proc/${this.pid}/root${this.#folder}`, ...parts);
  }

  get pid(): number {
    return present(this.#holder.pid, 'the holder was started');
  }

  /** Starts a program that sees the disk; it takes the place of the helper, so the process id is its own. */
  spawn(program: string, args: readonly string[], stderr: number): ChildProcess {
    const inside = ['--target', String(this.pid), '--user', '--mount', '--preserve-credentials', program, ...args];
    return spawn('nsenter', inside, { stdio: ['ignore', 'ignore', stderr] });
  }

  /** Fills the disk to its last byte. */
  fill(): void {
    const descriptor = openSync(this.path('ballast'), 'w');
    try {
      for (let sizeBytes = 64 * 1024; sizeBytes >= 1; )
        try {
          assert(writeSync(descriptor, Buffer.alloc(sizeBytes)) > 0, 'something was written');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          sizeBytes = Math.floor(sizeBytes / 2);
        }
    } finally {
      closeSync(descriptor);
    }
  }

  makeRoom(): void {
    rmSync(this.path('ballast'));
  }

  remove(): void {
    this.#holder.stdin?.end();
  }
}
