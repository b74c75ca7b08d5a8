import { AssentError } from '../base/index.ts';
import type { Recovery } from '../consensus/portable.ts';
import { type VerifySignature, verifySignaturePortable } from '../crypto/portable.ts';
import { checkRecovery, type Genesis, openRecovery, recoveryConfiguration } from '../ledger/portable.ts';
import { consensusForm } from './configuration-form.ts';

/** Reads a signed statement of a recovery; undefined when it does not hold. */
export type OpenRecovery = (bytes: Uint8Array) => Recovery | undefined;

/** Reads the statements that enough members of this ledger signed. */
export function recoveriesOf(genesis: Genesis, verify: VerifySignature = verifySignaturePortable): OpenRecovery {
  return (bytes) => {
    try {
      const signed = openRecovery(bytes);
      checkRecovery(signed, genesis, verify);
      const { base, content } = signed.statement;
      return { base, configuration: consensusForm(recoveryConfiguration(content)), bytes };
    } catch (error) {
      if (error instanceof AssentError && error.code === 'recovery-invalid') return undefined;
      throw error;
    }
  };
}
