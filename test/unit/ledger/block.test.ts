import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { leafHash, merkleRoot, sha256, verifySignature } from '../../../src/crypto/index.ts';
import { encodeBlock } from '../../../src/ledger/block.ts';
import { headerMessage } from '../../../src/ledger/header.ts';
import {
  type BlockHeader,
  checkHeaderSignature,
  decodeBlock,
  decodeHeader,
  decodeSignedHeader,
  encodeCanonical,
  encodeHeader,
  encodeSignedHeader,
  openBlock,
} from '../../../src/ledger/index.ts';
import { genesis, proposer, put } from './fixture.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const header: fc.Arbitrary<BlockHeader> = fc.record({
  ledgerId: hash,
  height: count,
  term: count,
  parentHash: hash,
  timestamp: count,
  proposer: hash,
  transactionsRoot: hash,
  transactionCount: count,
  resultsRoot: hash,
  stateRoot: hash,
  historyRoot: hash,
  configurationHash: hash,
  justificationHash: hash,
});

function sealed(transactions: readonly Uint8Array[], justification: Uint8Array): Uint8Array {
  const some = new Uint8Array(32).fill(5);
  const headerBytes = encodeHeader({
    ledgerId: genesis.ledgerId,
    height: 1,
    term: 1,
    parentHash: genesis.ledgerId,
    timestamp: 1_000_001,
    proposer: proposer.publicKey,
    transactionsRoot: merkleRoot(transactions.map((bytes) => leafHash(bytes))),
    transactionCount: transactions.length,
    resultsRoot: some,
    stateRoot: some,
    historyRoot: some,
    configurationHash: some,
    justificationHash: sha256(justification),
  });
  const headerSignature = proposer.sign(headerMessage(genesis.ledgerId, headerBytes));
  return encodeBlock({ headerBytes, headerSignature, justification, transactions });
}

/** Either the change shows as another hash or signature, or as an error of the ledger's own. */
function expectNoticed(bytes: Uint8Array): void {
  const original = openBlock(bytes);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, difference) => {
      const changed = bytes.slice();
      changed[place] = (changed[place] as number) ^ difference;
      try {
        const opened = openBlock(changed);
        const isSame = opened.hashHex === original.hashHex;
        expect(isSame && verifies(opened)).toBe(false);
      } catch (error) {
        if (!(error instanceof AssentError)) throw error;
        expect(error.code).toMatch(/^(block|encoding|signature)-/);
      }
    }),
    { numRuns: 2000 },
  );
}

function verifies(opened: ReturnType<typeof openBlock>): boolean {
  checkHeaderSignature(opened, genesis.ledgerId, verifySignature);
  return true;
}

describe('a header', () => {
  it('comes back as it was, and signed too', () => {
    fc.assert(
      fc.property(header, (original) => {
        const headerBytes = encodeHeader(original);
        expect(decodeHeader(headerBytes)).toEqual(original);
        const headerSignature = proposer.sign(headerBytes);
        const decoded = decodeSignedHeader(encodeSignedHeader({ headerBytes, headerSignature }));
        expect(decoded).toEqual({ headerBytes, headerSignature, header: original, hash: sha256(headerBytes) });
      }),
    );
  });

  it('is refused when a field is missing, added, negative or of another length', () => {
    const [good] = fc.sample(header, 1) as [BlockHeader];
    const values = [1, ...Object.values(good)];
    const refused = expect.objectContaining({ code: 'block-invalid' });
    expect(() => decodeHeader(encodeCanonical(values))).not.toThrow();
    for (let index = 0; index < values.length; index++) {
      const isBytes = values[index] instanceof Uint8Array;
      for (const wrong of isBytes ? [new Uint8Array(31), 'text', null] : [-1, 'text', null]) {
        expect(() => decodeHeader(encodeCanonical(values.with(index, wrong as never)))).toThrow(refused);
      }
      expect(() => decodeHeader(encodeCanonical(values.toSpliced(index, 1)))).toThrow(refused);
    }
    expect(() => decodeHeader(encodeCanonical([...values, 0]))).toThrow(refused);
  });
});

describe('a block', () => {
  const transactions = [put('a', 1), put('b', 2), put('c', 3)].map(({ bytes }) => bytes);
  const bytes = sealed(transactions, Uint8Array.of(1, 0));

  it('is read with everything that it was sealed with', () => {
    const block = decodeBlock(bytes);
    expect(block.transactions.map((transaction) => transaction.bytes)).toEqual(transactions);
    expect(verifies(block)).toBe(true);
    expect(openBlock(sealed([], new Uint8Array())).transactionBytes).toEqual([]);
  });

  it('shows every changed byte before it is executed', () => expectNoticed(bytes));

  it('is refused when cut short or followed by more', () => {
    for (const wrong of [bytes.subarray(0, -1), Uint8Array.from([...bytes, 0]), new Uint8Array()]) {
      expect(() => openBlock(wrong)).toThrow(AssentError);
    }
  });

  it('is refused above its bounds', () => {
    const tooMany = Array.from({ length: 1025 }, (_, index) => Uint8Array.of(index & 255));
    expect(() => openBlock(sealed(tooMany, new Uint8Array()))).toThrow(AssentError);
    expect(() => openBlock(sealed([], new Uint8Array(65_537)))).toThrow(
      expect.objectContaining({ code: 'block-invalid' }),
    );
  });
});
