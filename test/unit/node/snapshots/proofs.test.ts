import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import {
  type AckStatement,
  ackMessage,
  type BlockCertificate,
  decodeBlockCertificate,
  decodeTermCertificate,
  encodeBlockCertificate,
  encodeTermCertificate,
  type TermCertificate,
  type VoteRequestStatement,
  voteMessage,
} from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId, type Signer, sha256, verifySignature } from '../../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  decodeHeader,
  encodeCanonical,
  openManifest,
  type SnapshotManifest,
  SnapshotSource,
} from '../../../../src/ledger/index.ts';
import { encodeManifest } from '../../../../src/ledger/snapshot/manifest.ts';
import { decodeSnapshotMessage, encodeSnapshotMessage } from '../../../../src/node/snapshots/messages.ts';
import { proofsOf, verifyProofs } from '../../../../src/node/snapshots/proofs.ts';
import type { Store } from '../../../../src/storage/index.ts';
import { type ConfigurationHistory, encodeHistory } from '../../../../src/verify/index.ts';
import { genesis, put, signers, TestCluster, transaction } from './harness.ts';

let manifest: SnapshotManifest;
/** Of a block below the first change. */
let early: SnapshotManifest;
/** With a second change, which takes the first back. */
let later: ConfigurationHistory;
let store: Store;
let leaderId: string;
beforeAll(async () => {
  const cluster = new TestCluster();
  for (const node of cluster.voters) await cluster.start(node);
  await cluster.commit([put(1)]);
  const leader = present(cluster.leader, 'a leader');
  leaderId = leader.nodeId;
  store = leader.disk.store;
  const history = (): ConfigurationHistory | undefined => leader.replica.history.after(0);
  const taken = async (): Promise<SnapshotManifest> => {
    await cluster.until(() => proofsOf(store, leader.ledger.applied, history) !== undefined, 'a certificate');
    const source = present(await SnapshotSource.open(store, (block) => proofsOf(store, block, history)), 'a snapshot');
    await source.close();
    return source.manifest;
  };
  const change = async (kind: 'add' | 'remove', steps: number): Promise<void> => {
    await cluster.commit([transaction('sim.change', [1, kind, new Uint8Array(32).fill(77)])]);
    await cluster.until(() => history()?.steps.length === steps, 'the change is proved');
  };
  early = await taken();
  await change('add', 1);
  await cluster.commit([put(2)]);
  manifest = await taken();
  await change('remove', 2);
  later = present(history(), 'a history');
});

const voters = signers.slice(0, 3);
const strangers = [41, 42, 43].map((seed) => createSigner(new Uint8Array(32).fill(seed)));
const signAll = (by: readonly Signer[], message: Uint8Array) =>
  by
    .toSorted((left, right) => Buffer.compare(left.publicKey, right.publicKey))
    .map((signer) => ({ signer: encodeNodeId(signer.publicKey), signature: signer.sign(message) }));
/** A majority signs what it never would. */
const certified = (ack: AckStatement, by = voters): BlockCertificate => {
  return { ack, signatures: signAll(by, ackMessage(genesis.ledgerId, ack)) };
};
const elects = (request: VoteRequestStatement): TermCertificate => {
  return { request, votes: signAll(voters, voteMessage(genesis.ledgerId, request)) };
};

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

  const forgeries: Record<string, readonly [reason: string, forge: () => Uint8Array]> = {
    'a certificate by strangers': [
      'the certificate does not verify',
      () => withCertificates((block, term) => [certified(block.ack, strangers), term]),
    ],
    'a certificate of too few': [
      'the certificate does not verify',
      () => withCertificates((block, term) => [{ ...block, signatures: block.signatures.slice(1) }, term]),
    ],
    'a certificate of another block': [
      "the certificate is not the block's",
      () => withCertificates((block, term) => [certified({ ...block.ack, blockHash: new Uint8Array(32) }), term]),
    ],
    'a certificate of another height': [
      "the certificate is not the block's",
      () => withCertificates((block, term) => [certified({ ...block.ack, height: block.ack.height - 1 }), term]),
    ],
    'a certificate of another term': [
      "the certificate is not the block's",
      () => withCertificates((block, term) => [certified({ ...block.ack, term: block.ack.term + 1 }), term]),
    ],
    'a term that a minority gave': [
      'the certificate of the term does not verify',
      () => withCertificates((block, term) => [block, { ...term, votes: term.votes.slice(1) }]),
    ],
    'a term under a configuration that never was': [
      'the certificate of the term does not verify',
      () =>
        withCertificates((block, { request }) => [
          block,
          elects({ ...request, configurationHash: new Uint8Array(32) }),
        ]),
    ],
    'a term of another leader': [
      'another led the term',
      () =>
        withCertificates((block, { request }) => {
          const other = voters.map(({ publicKey }) => encodeNodeId(publicKey)).find((id) => id !== leaderId);
          return [block, elects({ ...request, candidate: present(other, 'another voter') })];
        }),
    ],
    "the leader's own other term": [
      'another led the term',
      () => withCertificates((block, { request }) => [block, elects({ ...request, term: request.term + 1 })]),
    ],
    'a history without its change': [
      "does not end with the block's",
      () => {
        const bytes = withCertificates((block, term) => {
          return [certified({ ...block.ack, configurationHash: genesis.configuration.hash }), term];
        });
        const { certificate } = openManifest(bytes, genesis.ledgerId);
        return encodeManifest({ ...manifest, certificate, configurations: encodeHistory({ ...later, steps: [] }) });
      },
    ],
    'a history that goes on above the block, and comes back to its configuration': [
      'goes on above the block',
      () => encodeManifest({ ...early, configurations: encodeHistory(later) }),
    ],
    'a header that its proposer did not sign': [
      'is not signed by its proposer',
      () => {
        const parts = decodeCanonical(manifest.block.bytes) as readonly CanonicalValue[];
        const forged = parts.map((part) =>
          part instanceof Uint8Array && part.length === 64 ? new Uint8Array(64).fill(1) : part,
        );
        expect(forged).not.toEqual(parts);
        const [version, ...rest] = decodeCanonical(manifest.bytes, wide) as readonly CanonicalValue[];
        return encodeCanonical([version as number, encodeCanonical(forged), ...rest.slice(1)]);
      },
    ],
    'certificates of another shape': [
      'another shape',
      () => encodeManifest({ ...manifest, certificate: encodeCanonical([1]) }),
    ],
  };
  const wide = { bytesMax: 2_000_000, depthMax: 4, countMax: 1000 };

  it.each(Object.entries(forgeries))('refuse %s', (_, [reason, forge]) => {
    expect(() => verify(forge())).toThrow(
      expect.objectContaining({ code: 'snapshot-invalid', message: expect.stringContaining(reason) }),
    );
  });
});

describe('what a node can prove of a block', () => {
  const placeOf = ({ block: { header, hash } }: SnapshotManifest) => ({ height: header.height, hash });

  it('takes the history up to the block, whatever came after it, the change of the block itself included', () => {
    for (const of of [early, manifest]) {
      const { certificate, configurations } = of;
      expect(proofsOf(store, placeOf(of), () => later)).toEqual({ certificate, configurations });
    }
    const [first] = later.steps;
    const header = present(first, 'a change').header;
    const place = { height: decodeHeader(header).height, hash: sha256(header) };
    const { configurations } = present(
      proofsOf(store, place, () => later),
      'proofs',
    );
    expect(configurations).toEqual(manifest.configurations);
  });

  it('is nothing for another block of that height, and nothing while the configuration is not proved', () => {
    expect(proofsOf(store, { ...placeOf(manifest), hash: new Uint8Array(32) }, () => later)).toBeUndefined();
    expect(proofsOf(store, placeOf(manifest), () => ({ ...later, steps: [] }))).toBeUndefined();
    expect(proofsOf(store, placeOf(manifest), () => undefined)).toBeUndefined();
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
    'an offset beyond all that there can be': [1, 0, block, address, 2 ** 40],
    'none of it from an offset on': [1, 2, block, address, 0],
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
