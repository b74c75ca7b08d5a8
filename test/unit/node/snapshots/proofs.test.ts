import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import {
  ackMessage,
  type BlockCertificate,
  decodeBlockCertificate,
  decodeTermCertificate,
  encodeBlockCertificate,
  encodeTermCertificate,
  type TermCertificate,
  voteMessage,
} from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId, type Signer, verifySignature } from '../../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  openManifest,
  type SnapshotManifest,
  SnapshotSource,
} from '../../../../src/ledger/index.ts';
import { encodeManifest } from '../../../../src/ledger/snapshot/manifest.ts';
import { decodeSnapshotMessage, encodeSnapshotMessage } from '../../../../src/node/snapshots/messages.ts';
import { proofsOf, verifyProofs } from '../../../../src/node/snapshots/proofs.ts';
import { decodeHistory, encodeHistory } from '../../../../src/verify/index.ts';
import { genesis, put, TestCluster, transaction } from './harness.ts';

let manifest: SnapshotManifest;
let leaderId: string;
beforeAll(async () => {
  const cluster = new TestCluster();
  for (const node of cluster.voters) await cluster.start(node);
  await cluster.commit([put(1), transaction('sim.change', [1, 'add', new Uint8Array(32).fill(77)])]);
  const leader = present(cluster.leader, 'a leader');
  leaderId = leader.nodeId;
  await cluster.until(() => leader.replica.history.after(0)?.steps.length === 1, 'the change is proved');
  await cluster.commit([put(2)]);
  const { store } = leader.disk;
  await cluster.until(
    () => proofsOf(store, leader.ledger.applied, () => leader.replica.history.after(0)) !== undefined,
    'a certificate',
  );
  const source = present(
    await SnapshotSource.open(store, (block) => proofsOf(store, block, () => leader.replica.history.after(0))),
    'a snapshot',
  );
  manifest = source.manifest;
  await source.close();
});

const strangers = [41, 42, 43].map((seed) => createSigner(new Uint8Array(32).fill(seed)));
const signAll = (signers: readonly Signer[], message: Uint8Array) =>
  signers.map((signer) => ({ signer: encodeNodeId(signer.publicKey), signature: signer.sign(message) }));

/** The manifest with other certificates. */
function withCertificates(
  change: (block: BlockCertificate, term: TermCertificate) => [BlockCertificate, TermCertificate],
): Uint8Array {
  const [version, block, term] = decodeCanonical(manifest.certificate) as readonly CanonicalValue[];
  const [newBlock, newTerm] = change(
    decodeBlockCertificate(block as Uint8Array),
    decodeTermCertificate(term as Uint8Array),
  );
  const certificate = encodeCanonical([
    version as number,
    encodeBlockCertificate(newBlock),
    encodeTermCertificate(newTerm),
  ]);
  return encodeManifest({ ...manifest, certificate });
}

const verify = (bytes: Uint8Array) => verifyProofs(openManifest(bytes, genesis.ledgerId), genesis, verifySignature);

describe('the proofs of a manifest', () => {
  it('hold from the genesis on', () => {
    const { tip, changes } = verify(manifest.bytes);
    expect(tip.height).toBe(manifest.block.header.height);
    expect(changes.map(({ configuration }) => configuration.nodes.length)).toEqual([5]);
  });

  const forgeries: Record<string, () => Uint8Array> = {
    'a certificate by strangers': () =>
      withCertificates((block, term) => [
        { ...block, signatures: signAll(strangers, ackMessage(genesis.ledgerId, block.ack)) },
        term,
      ]),
    'a certificate of too few': () =>
      withCertificates((block, term) => [{ ...block, signatures: block.signatures.slice(1) }, term]),
    'a certificate of another block': () =>
      withCertificates((block, term) => [{ ...block, ack: { ...block.ack, blockHash: new Uint8Array(32) } }, term]),
    'a certificate of another height': () =>
      withCertificates((block, term) => [{ ...block, ack: { ...block.ack, height: block.ack.height - 1 } }, term]),
    'a term that a minority gave': () =>
      withCertificates((block, term) => [block, { ...term, votes: term.votes.slice(1) }]),
    'a term of another leader': () =>
      withCertificates((block, term) => {
        const candidate = present(
          genesis.configuration.nodes.map(({ publicKey }) => encodeNodeId(publicKey)).find((id) => id !== leaderId),
          'another voter',
        );
        const request = { ...term.request, candidate };
        return [block, { request, votes: signAll(strangers, voteMessage(genesis.ledgerId, request)) }];
      }),
    'a history without its change': () => {
      const history = decodeHistory(manifest.configurations);
      return encodeManifest({ ...manifest, configurations: encodeHistory({ ...history, steps: [] }) });
    },
    'a header that its proposer did not sign': () => {
      const parts = decodeCanonical(manifest.block.bytes) as readonly CanonicalValue[];
      const forged = parts.map((part) =>
        part instanceof Uint8Array && part.length === 64 ? new Uint8Array(64).fill(1) : part,
      );
      expect(forged).not.toEqual(parts);
      const [version, ...rest] = decodeCanonical(manifest.bytes, wide) as readonly CanonicalValue[];
      return encodeCanonical([version as number, encodeCanonical(forged), ...rest.slice(1)]);
    },
    'certificates of another shape': () => encodeManifest({ ...manifest, certificate: encodeCanonical([1]) }),
  };
  const wide = { bytesMax: 2_000_000, depthMax: 4, countMax: 1000 };

  it.each(Object.entries(forgeries))('refuse %s', (_, forge) => {
    expect(() => verify(forge())).toThrow(expect.objectContaining({ code: 'snapshot-invalid' }));
  });
});

describe('a message about snapshots', () => {
  const block = new Uint8Array(32).fill(3);
  const address = Uint8Array.of(1, 2);
  const messages = [
    { type: 'request', block: new Uint8Array(), address: new Uint8Array(), offset: 0 },
    { type: 'request', block, address, offset: 262_144 },
    { type: 'piece', block, address, offset: 5, total: 8, bytes: Uint8Array.of(1, 2, 3) },
    { type: 'none', block, address },
  ] as const;

  it.each(messages)('of type $type arrives as it was sent', (message) => {
    expect(decodeSnapshotMessage(encodeSnapshotMessage(message))).toEqual(message);
  });

  const refused: Record<string, CanonicalValue> = {
    'another version': [2, 0, block, address, 0],
    'another type': [1, 3, block, address, 0],
    'a short hash': [1, 0, block.subarray(1), address, 0],
    'a long address': [1, 0, block, new Uint8Array(65), 0],
    'a field too many': [1, 0, block, address, 0, 0],
    'a negative offset': [1, 0, block, address, -1],
    'a piece of nothing': [1, 1, block, address, 0, 8, new Uint8Array()],
    'a piece beyond the end': [1, 1, block, address, 7, 8, Uint8Array.of(1, 2)],
    'a piece of more than there can be': [1, 1, block, address, 0, 2 ** 40, Uint8Array.of(1)],
    'a piece of no snapshot': [1, 1, new Uint8Array(), address, 0, 1, Uint8Array.of(1)],
    'no list': 7,
  };

  it.each(Object.entries(refused))('is refused: %s', (_, value) => {
    expect(() => decodeSnapshotMessage(encodeCanonical(value))).toThrow(
      expect.objectContaining({ code: 'frame-invalid' }),
    );
  });
});
