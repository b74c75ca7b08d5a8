import { beforeEach, describe, expect, it } from 'vitest';
import { uint64Bytes } from '../../../../src/base/index.ts';
import { createSigner, type Signer, verifySignature } from '../../../../src/crypto/index.ts';
import { encodeBlock } from '../../../../src/ledger/block.ts';
import { headerMessage } from '../../../../src/ledger/header.ts';
import {
  encodeHeader,
  encodeSignedHeader,
  type OpenedBlock,
  openBlock,
  putBlock,
  type ReceivedBlock,
} from '../../../../src/ledger/index.ts';
import { BlockBodies } from '../../../../src/node/replica/block-bodies.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { termCertificateKey } from '../../../../src/node/replica/records.ts';
import { MemoryStore, prefixedKey } from '../../../../src/storage/index.ts';
import { genesis, openLedger, proposer, write } from '../../ledger/fixture.ts';
import { chainOf, seal } from './fixture.ts';

const stranger = createSigner(new Uint8Array(32).fill(77));

let store: MemoryStore;
let bodies: BlockBodies;
let block: OpenedBlock;
beforeEach(async () => {
  store = new MemoryStore();
  const configurations = new ConfigurationRecords(store, consensusConfiguration(genesis.configuration));
  bodies = new BlockBodies({ store, genesis, verify: verifySignature, configurations });
  const { ledger } = await openLedger();
  [block] = chainOf(ledger, [[]]) as [ReceivedBlock];
});

function resigned(signer: Signer, height: number, ledgerId: Uint8Array = genesis.ledgerId): OpenedBlock {
  const headerBytes = encodeHeader({ ...block.header, proposer: signer.publicKey, height });
  const headerSignature = signer.sign(headerMessage(ledgerId, headerBytes));
  return openBlock(encodeBlock({ headerBytes, headerSignature, justification: block.justification, transactions: [] }));
}

describe('the bodies behind references', () => {
  it('keeps the block of a reference that it gave, and reads that of another from the store', async () => {
    const received = bodies.receive(block);
    expect(bodies.body(received)).toBe(block);
    await write(store, [putBlock(1, block.bytes)]);
    const read = bodies.reference(1);
    expect(read).toEqual(received);
    expect(bodies.body({ ...received }).hash).toEqual(block.hash);
    expect(bodies.reference(2)).toBeUndefined();
    expect(bodies.signedHeader(1)).toEqual(encodeSignedHeader(block));
  });

  it('keeps the newest settled blocks in memory, and reads those before them from the store', async () => {
    const received = bodies.receive(block);
    expect([received.parentHash, received.configurationHash].map(({ buffer }) => buffer.byteLength)).toEqual([32, 32]);
    await write(store, [putBlock(1, block.bytes)]);
    bodies.settled(received);
    expect(bodies.body(received)).toBe(block);
    bodies.settled({ ...received, byteLength: 8 * 1024 * 1024 });
    expect(bodies.body(received)).not.toBe(block);
    expect(bodies.body(received).bytes).toEqual(block.bytes);
  });

  it('keeps no more settled blocks than it may, however small', async () => {
    const received = bodies.receive(block);
    await write(store, [putBlock(1, block.bytes)]);
    bodies.settled(received);
    for (let count = 0; count < 255; count++) bodies.settled({ ...received });
    expect(bodies.body(received)).toBe(block);
    bodies.settled({ ...received });
    expect(bodies.body(received)).not.toBe(block);
  });

  it('says that the store is damaged when it holds another block than the chain', async () => {
    const received = bodies.receive(block);
    await write(store, [putBlock(1, resigned(proposer, 1 + 1).bytes)]);
    expect(() => bodies.body({ ...received })).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });

  it('refuses a header that its proposer did not sign for this ledger, and a justification that is none', async () => {
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => bodies.receive(resigned(proposer, 1, new Uint8Array(32)))).toThrow(refused('signature-invalid'));
    const { ledger } = await openLedger();
    const odd = seal(ledger, genesis.ledgerId, 1_000_001, [], Uint8Array.of(1, 1));
    expect(() => bodies.receive(odd)).toThrow(refused('encoding-invalid'));
  });

  it('opens a header of this ledger that is signed, and no other', () => {
    expect(bodies.openHeader(encodeSignedHeader(block))?.hash).toEqual(block.hash);
    const other = { headerBytes: block.headerBytes, headerSignature: stranger.sign(block.headerBytes) };
    const foreignBytes = encodeHeader({ ...block.header, ledgerId: new Uint8Array(32) });
    const foreign = {
      headerBytes: foreignBytes,
      headerSignature: proposer.sign(headerMessage(genesis.ledgerId, foreignBytes)),
    };
    for (const wrong of [encodeSignedHeader(other), encodeSignedHeader(foreign), new Uint8Array(), block.bytes])
      expect(bodies.openHeader(wrong)).toBeUndefined();
  });

  it('remembers headers as proof, however many a stranger signs', () => {
    bodies.receive(block);
    for (let height = 1; height <= 1100; height++) bodies.receive(resigned(stranger, height));
    expect(bodies.recentHeader(block.hash)).toEqual(encodeSignedHeader(block));
    expect(bodies.recentHeader(resigned(stranger, 1100).hash)).toBeUndefined();
    for (let height = 2; height <= 1100; height++) bodies.receive(resigned(proposer, height));
    expect(bodies.recentHeader(block.hash)).toBeUndefined();
    expect(bodies.recentHeader(resigned(proposer, 1100).hash)).toBeDefined();
  });

  it('calls a term certificate that it cannot read damage', async () => {
    expect(bodies.termCertificate(3)).toBeUndefined();
    const key = prefixedKey('certificate', termCertificateKey, uint64Bytes(3));
    await write(store, [{ type: 'put', key, value: Uint8Array.of(1) }]);
    expect(() => bodies.termCertificate(3)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
  });
});
