import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, silentLogger } from '../src/base/index.ts';
import { systemRandom } from '../src/crypto/index.ts';
import { type Channel, createTransport, type PeerAddresses, type Transport } from '../src/p2p/index.ts';
import { machineConditions } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';
import { percentilesOf } from './statistics.ts';

const frameBytes = 1024;
const throughputMs = 3_000;
const roundTrips = 2_000;
const isChild = process.argv[1] === import.meta.filename && process.argv[2] === 'echo';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

function transportOf(onFrame: (from: string, channel: Channel, frame: Uint8Array) => void): Transport {
  return createTransport({
    nodeKeySeed: new Uint8Array(32).fill(isChild ? 2 : 1),
    ledgerId: new Uint8Array(32),
    listenAddress: { host: '127.0.0.1', port: 0 },
    peers: [],
    clock,
    random: systemRandom,
    logger: silentLogger,
    onFrame,
  });
}

/** Answers heartbeats, and replication frames by their number once a second asks for it. */
async function echo(): Promise<void> {
  let received = 0;
  const transport: Transport = transportOf((from, channel, frame) => {
    if (channel === 'heartbeat') transport.send(from, 'heartbeat', frame);
    else if (channel === 'replication') received += 1;
    else
      transport.send(from, 'forwarding', new Uint8Array(new Float64Array([received, process.cpuUsage().user]).buffer));
  });
  await transport.start();
  process.on('message', (peer: PeerAddresses) => transport.setPeers([peer]));
  process.send?.({ nodeId: transport.nodeId, addresses: transport.listenAddresses() });
}

/**
 * Two transports in two processes on this machine, over loopback TCP: frames of 1 KiB one way as fast as they are taken,
 * and there and back one at a time.
 */
export const transport: Bench = async ({ progress }) => {
  const waiting = new Map<Channel, (frame: Uint8Array) => void>();
  const sender = transportOf((_, channel, frame) => waiting.get(channel)?.(frame));
  const next = (channel: Channel): Promise<Uint8Array> => new Promise((resolve) => waiting.set(channel, resolve));
  progress('starting two processes …');
  await sender.start();
  const child = fork(fileURLToPath(import.meta.url), ['echo']);
  try {
    return await measure(sender, child, next);
  } finally {
    child.kill();
    await sender.stop();
  }
};

async function measure(
  transport: Transport,
  child: ChildProcess,
  next: (channel: Channel) => Promise<Uint8Array>,
): Promise<Row[]> {
  const peer = await new Promise<PeerAddresses>((resolve) =>
    child.once('message', (message) => resolve(message as PeerAddresses)),
  );
  transport.setPeers([peer]);
  child.send({ nodeId: transport.nodeId, addresses: transport.listenAddresses() });
  while (!transport.peers()[0]?.connected) await new Promise((resolve) => setTimeout(resolve, 5));

  const frame = new Uint8Array(frameBytes).fill(7);
  const roundTripsUs: number[] = [];
  for (let index = 0; index < roundTrips * 2; index++) {
    const startMs = performance.now();
    const answer = next('heartbeat');
    transport.send(peer.nodeId, 'heartbeat', frame);
    await answer;
    if (index >= roundTrips) roundTripsUs.push((performance.now() - startMs) * 1000);
  }
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let sent = 0;
  while (performance.now() - startMs < throughputMs) {
    let burst = 0;
    while (burst < 64 && transport.send(peer.nodeId, 'replication', frame)) burst += 1;
    sent += burst;
    await new Promise((resolve) => setImmediate(resolve));
  }
  let received = 0;
  while (received < sent) {
    const answer = next('forwarding');
    transport.send(peer.nodeId, 'forwarding', frame);
    received = new DataView((await answer).buffer).getFloat64(0, true);
  }
  const elapsedS = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);

  const conditions = `frames of ${frameBytes} B, two processes, loopback TCP, ${machineConditions()}`;
  const { p50, p99 } = percentilesOf(roundTripsUs);
  const cpuUs = (cpu.user + cpu.system) / sent;
  return [
    { name: 'transport/throughput', value: Math.round(sent / elapsedS), unit: 'frames/s', conditions },
    { name: 'transport/sender-cpu', value: rounded(cpuUs, 3), unit: 'us/frame', conditions },
    { name: 'transport/round-trip-p50', value: Math.round(p50), unit: 'us', conditions },
    { name: 'transport/round-trip-p99', value: Math.round(p99), unit: 'us', conditions },
  ];
}

if (isChild) await echo();
