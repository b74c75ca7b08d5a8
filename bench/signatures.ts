import { sha256, verifySignaturePortable } from '../src/crypto/index.ts';
import { machineConditions, messageBytes, ratePerCpuSecond, signedSample, verificationRate } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';

/** Signatures and hashes, per core: the node's verdict bounds every ledger on this machine. */
export const signatures: Bench = async ({ progress }) => {
  const conditions = `messages of ${messageBytes} B, one thread, by its own CPU time, ${machineConditions()}`;
  const { signer, message, signature } = signedSample();
  const seconds = 1;
  const row = (name: string, value: number): Row => {
    progress(`${name} …`);
    return { name: `signatures/${name}`, value: rounded(value), unit: '1/s per core', conditions };
  };
  return [
    row('verify', verificationRate(seconds)),
    row(
      'verify-portable',
      ratePerCpuSecond(seconds, () => verifySignaturePortable(signer.publicKey, message, signature)),
    ),
    row(
      'sign',
      ratePerCpuSecond(seconds, () => signer.sign(message)),
    ),
    row(
      'sha256',
      ratePerCpuSecond(seconds, () => sha256(message)),
    ),
  ];
};
