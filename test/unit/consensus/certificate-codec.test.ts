import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, present } from '../../../src/base/index.ts';
import {
  ackOf,
  type BlockCertificate,
  type Configuration,
  decodeBlockCertificate,
  decodeJustification,
  decodeTermCertificate,
  encodeAck,
  encodeBlockCertificate,
  encodeJustification,
  encodeTermCertificate,
  encodeVoteRequest,
  tipOf,
} from '../../../src/consensus/index.ts';
import { Forge, genesisTip } from './forge.ts';

const forge = new Forge(5);
const block = present(forge.branch(genesisTip, 1, 0, 1, [0, 1, 2])[0], 'a block');

/** In the order of keys, as every certificate is assembled. */
const order = [0, 1, 2, 3, 4].sort((left, right) =>
  Buffer.compare(forge.signer(left).publicKey, forge.signer(right).publicKey),
);

const blockCertificate = forge.blockCertificate(block, order.slice(0, 3));
const termCertificate = forge.termCertificate(7, 2, tipOf(block), order.slice(1, 4));

/** What a configuration's bytes mean is not the codec's affair. */
function openConfiguration(bytes: Uint8Array): Configuration {
  return { ...forge.configuration, bytes };
}

describe('the signed bodies', () => {
  test('a vote request is 120 bytes: term, candidate, term, height and hash of the tip, configuration hash', () => {
    const body = encodeVoteRequest({
      term: 258,
      candidate: forge.id(1),
      tip: { term: 3, height: 2 ** 40, hash: block.hash },
      configurationHash: forge.configuration.hash,
    });
    expect(body.length).toBe(120);
    expect([...body.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0, 0, 1, 2]);
    expect(body.subarray(8, 40)).toEqual(forge.signer(1).publicKey);
    expect([...body.subarray(40, 56)]).toEqual([0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect(body.subarray(56, 88)).toEqual(block.hash);
    expect(body.subarray(88)).toEqual(forge.configuration.hash);
  });

  test('an ack is 80 bytes: term, height, block hash, configuration hash', () => {
    const body = encodeAck(ackOf(block));
    expect(body.length).toBe(80);
    expect(body.subarray(16, 48)).toEqual(block.hash);
    expect(body.subarray(48)).toEqual(block.configurationHash);
  });
});

describe('certificates as bytes', () => {
  test('decode to what was encoded', () => {
    expect(decodeBlockCertificate(encodeBlockCertificate(blockCertificate))).toEqual(blockCertificate);
    expect(decodeTermCertificate(encodeTermCertificate(termCertificate))).toEqual(termCertificate);
    for (const justification of [
      {},
      { block: blockCertificate },
      { term: termCertificate },
      { block: blockCertificate, term: termCertificate },
      { block: blockCertificate, configuration: forge.configuration },
      { block: blockCertificate, term: termCertificate, configuration: forge.configuration },
    ]) {
      expect(decodeJustification(encodeJustification(justification), openConfiguration)).toEqual(justification);
    }
  });

  test('have one form: what decodes encodes to the same bytes', () => {
    const encoded = encodeJustification({ block: blockCertificate, term: termCertificate });
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.nat(255), (position, value) => {
        const changed = encoded.slice();
        changed[position] = value;
        let decoded: ReturnType<typeof decodeJustification>;
        try {
          decoded = decodeJustification(changed, openConfiguration);
        } catch (error) {
          expect(error).toMatchObject({ code: 'encoding-invalid' });
          return;
        }
        expect(encodeJustification(decoded)).toEqual(changed);
      }),
      { numRuns: 500 },
    );
  });

  test('are refused when cut, followed by more, out of order, repeated, empty or beyond exact numbers', () => {
    const encoded = encodeBlockCertificate(blockCertificate);
    const refused = (bytes: Uint8Array): void => {
      expect(() => decodeBlockCertificate(bytes)).toThrowError(expect.objectContaining({ code: 'encoding-invalid' }));
    };
    for (let length = 0; length < encoded.length; length++) refused(encoded.subarray(0, length));
    refused(concatBytes(encoded, Uint8Array.of(0)));
    const signedBy = (signatures: BlockCertificate['signatures']): Uint8Array =>
      encodeBlockCertificate({ ack: blockCertificate.ack, signatures });
    refused(signedBy([...blockCertificate.signatures].reverse()));
    refused(signedBy([...blockCertificate.signatures, present(blockCertificate.signatures.at(-1), 'one signed')]));
    refused(signedBy([]));
    const huge = encoded.slice();
    huge[1] = 0x20;
    refused(huge);
  });
});
