import v8 from 'node:v8';
import { assert, concatBytes, uint64Bytes, utf8 } from '../src/base/index.ts';
import type { Configuration } from '../src/consensus/index.ts';
import { encodeNodeId, type Signer, sha256 } from '../src/crypto/index.ts';
import { fastSignatures, realSignatures, type SignatureScheme } from '../test/support/simulated-signer.ts';
import { CoreTrio } from './consensus-trio.ts';
import { machineConditions } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';

/** What a full block under load holds; the core sees of it only its hash and its size. */
const blockEntries = 128;
const entryBytes = 235;
const inFlightCounts = [1, 16] as const;
const nodeCount = 3;

/**
 * The core alone: three in one thread that hand each other messages as objects, whose writes and executions are done at
 * once. No disk, no socket, no codec, no ledger; statements are signed and verified, block headers are not the core's.
 */
export const consensus: Bench = async ({ seconds, progress, signal }) => {
  const conditions = (scheme: SignatureScheme, inFlight: number): string =>
    `${nodeCount} cores in one thread, by its CPU time, ${scheme.name} signatures, blocks in flight: ${inFlight}, ${blockEntries} entries a block; ` +
    `bytes: growth of V8's heap and array buffers over the rounds without a collection, ${machineConditions()}`;
  const rows: Row[] = [];
  for (const scheme of [realSignatures, fastSignatures]) {
    for (const inFlight of inFlightCounts) {
      progress(`${scheme.name}, ${inFlight} in flight …`);
      signal.throwIfAborted();
      const { blocksPerSecond, bytesPerBlock } = measure(scheme, inFlight, seconds / 4);
      const row = (name: string, value: number, unit: string): Row => {
        return {
          name: `consensus/${scheme.name}/${inFlight}/${name}`,
          value: rounded(value),
          unit,
          conditions: conditions(scheme, inFlight),
        };
      };
      rows.push(
        row('blocks', blocksPerSecond, '1/s per core'),
        row('entries', blocksPerSecond * blockEntries, '1/s per core'),
        row('allocated-per-block', bytesPerBlock / 1024, 'KiB, all three'),
        row('allocated-per-entry', bytesPerBlock / blockEntries, 'B, all three'),
      );
    }
  }
  return rows;
};

/** One run; the first quarter of it warms up and does not count. */
function measure(
  scheme: SignatureScheme,
  inFlight: number,
  seconds: number,
): { readonly blocksPerSecond: number; readonly bytesPerBlock: number } {
  const signers = Array.from({ length: nodeCount }, (_, index) => scheme.createSigner(sha256(utf8(`node ${index}`))));
  const trio = new CoreTrio(signers, scheme.verify, configurationOf(signers), blockEntries * entryBytes);
  trio.elect();
  const round = (): void => {
    const before = trio.committedHeight;
    trio.certify(inFlight);
    assert(trio.committedHeight === before + inFlight, 'every block of the round is certified');
  };
  for (const endMs = performance.now() + seconds * 250; performance.now() < endMs; ) round();

  let [rounds, counted, bytes] = [0, 0, 0];
  const before = process.cpuUsage();
  for (const endMs = performance.now() + seconds * 750; performance.now() < endMs; rounds++) {
    const bytesBefore = allocatedBytes();
    round();
    const grown = allocatedBytes() - bytesBefore;
    // A collection within the round: what it took away is not known.
    if (grown <= 0) continue;
    counted += 1;
    bytes += grown;
  }
  const { user, system } = process.cpuUsage(before);
  return {
    blocksPerSecond: (rounds * inFlight) / ((user + system) / 1_000_000),
    bytesPerBlock: bytes / (counted * inFlight),
  };
}

/** Bytes in use: allocated since the last collection, and what outlived it. Reading it makes some 650 of them. */
function allocatedBytes(): number {
  const { used_heap_size: heapBytes, external_memory: externalBytes } = v8.getHeapStatistics();
  return heapBytes + externalBytes;
}

function configurationOf(signers: readonly Signer[]): Configuration {
  const bytes = concatBytes(uint64Bytes(0), ...signers.map(({ publicKey }) => publicKey));
  const nodes = signers.map(({ publicKey }) => ({ id: encodeNodeId(publicKey), publicKey, role: 'voter' as const }));
  return { generation: 0, nodes, bytes, hash: sha256(bytes) };
}
