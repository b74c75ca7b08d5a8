import { expect, test } from 'vitest';
import { KnownCertificates } from '../../../src/consensus/known-certificates.ts';
import type { NodeId, VerifySignature } from '../../../src/crypto/portable.ts';
import { Forge, fastVerify, genesisTip, ledgerId } from './forge.ts';

const forge = new Forge(3);
const [block] = forge.branch(genesisTip, 1, 1, 1, [1, 2]);
if (block === undefined) throw new Error('the branch has a block');

/** What node 0 knows, and how many signatures it verified. */
function knownTo(): { known: KnownCertificates; verified: () => number } {
  let count = 0;
  const verify: VerifySignature = (...question) => {
    count += 1;
    return fastVerify(...question);
  };
  return { known: new KnownCertificates(forge.id(0), ledgerId, verify), verified: () => count };
}

test('a certificate is verified once, and the own signature in it never', () => {
  const { known, verified } = knownTo();
  const certificate = forge.blockCertificate(block, [0, 1]);
  const own = forge.ack(0, certificate.ack);
  expect(known.checkBlock(certificate, forge.configuration, own)).toBe('verified');
  expect(verified()).toBe(1);
  expect(known.checkBlock(certificate, forge.configuration, own)).toBe('known');
  expect(verified()).toBe(1);
});

test('the own signature counts under no other name, and for no other statement', () => {
  const certificate = forge.blockCertificate(block, [0, 1]);
  const own = forge.ack(0, certificate.ack);
  const underName = (signer: NodeId): typeof certificate => ({
    ack: certificate.ack,
    signatures: [
      { signer: forge.id(0), signature: own.signature },
      { signer, signature: own.signature },
    ],
  });
  expect(knownTo().known.checkBlock(underName(forge.id(1)), forge.configuration, own)).toBe('invalid');
  const other = { ...certificate.ack, term: certificate.ack.term + 1 };
  const aboutOther = { ack: other, signatures: certificate.signatures };
  expect(knownTo().known.checkBlock(aboutOther, forge.configuration, own)).toBe('invalid');
});

test('a wrong signature under the own name is invalid', () => {
  const certificate = forge.blockCertificate(block, [0, 1]);
  const own = forge.ack(0, certificate.ack);
  const wrong = { signer: forge.id(0), signature: forge.ack(2, certificate.ack).signature };
  const forged = { ack: certificate.ack, signatures: [wrong, ...certificate.signatures.slice(1)] };
  expect(knownTo().known.checkBlock(forged, forge.configuration, own)).toBe('invalid');
});
