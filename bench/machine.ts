import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '../src/base/index.ts';
import { createSigner, generateSeed, type Signer, verifySignature } from '../src/crypto/index.ts';
import { rounded } from './rows.ts';
import { type Percentiles, percentilesOf } from './statistics.ts';

/** Message length of the signature measurements: a signed consent has about as many bytes. */
export const messageBytes = 320;

export const coreCount: number = availableParallelism();

/** The machine and how busy it already is: the beginning of every row's conditions. */
export function machineConditions(): string {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');
  return `${model}, ${coreCount} cores, Node ${process.version}, load average before the run ${load}`;
}

/**
 * Calls `work` for about `seconds` and gives calls per second of this process's own CPU time, so that other load on the
 * machine does not count.
 */
export function ratePerCpuSecond(seconds: number, work: () => void): number {
  const slice = 256;
  for (let index = 0; index < slice; index++) work();
  const before = process.cpuUsage();
  const deadlineMs = performance.now() + seconds * 1000;
  let calls = 0;
  do {
    for (let index = 0; index < slice; index++) work();
    calls += slice;
  } while (performance.now() < deadlineMs);
  const { user, system } = process.cpuUsage(before);
  return calls / ((user + system) / 1_000_000);
}

/** One signed message, for measuring signatures. */
export function signedSample(): { signer: Signer; message: Uint8Array; signature: Uint8Array } {
  const signer = createSigner(generateSeed());
  const message = new Uint8Array(messageBytes).fill(7);
  message.set(utf8('sample'));
  return { signer, message, signature: signer.sign(message) };
}

/** Signatures verified per second and core, as a node verifies them. */
export function verificationRate(seconds: number): number {
  const { signer, message, signature } = signedSample();
  return ratePerCpuSecond(seconds, () => verifySignature(signer.publicKey, message, signature));
}

/** How long the disk under this directory takes to make 4 KiB at the end of a file durable. Milliseconds. */
export function syncLatencyMs(directory: string): Percentiles {
  const file = join(directory, 'sync-latency');
  const descriptor = openSync(file, 'wx', 0o600);
  const page = new Uint8Array(4096).fill(1);
  const samples: number[] = [];
  try {
    for (let index = 0; index < 200; index++) {
      const startMs = performance.now();
      writeSync(descriptor, page);
      fdatasyncSync(descriptor);
      samples.push(performance.now() - startMs);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
  return percentilesOf(samples);
}

/** The disk's part of the conditions. */
export function diskConditions(directory: string): string {
  const { p50, p99 } = syncLatencyMs(directory);
  return `4 KiB fdatasync p50 ${rounded(p50, 3)} ms, p99 ${rounded(p99, 3)} ms`;
}
