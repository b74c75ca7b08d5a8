import { utf8 } from '../../base/index.ts';
import type { Justification, Recovery } from '../../consensus/index.ts';
import type { VerifySignature } from '../../crypto/index.ts';
import {
  checkRecovery,
  type Genesis,
  openRecovery,
  type RecoveryContent,
  recoveryConfiguration,
  type SignedRecovery,
} from '../../ledger/index.ts';
import { prefixedKey, type Store } from '../../storage/index.ts';
import { recoveriesOf } from '../../verify/index.ts';
import { consensusConfiguration } from './configuration.ts';
import { readRecord } from './records.ts';

/** Where the signed statement stands that was applied to this directory last. */
export const recoveryKey: Uint8Array = prefixedKey('consensus', utf8('recovery'));

/** The statement that was applied to this directory. Throws `storage-damaged`. */
export function readRecovery(store: Store, genesis: Genesis, verify: VerifySignature): Recovery | undefined {
  return readRecord(store, recoveryKey, (bytes) => {
    const signed = openRecovery(bytes);
    checkRecovery(signed, genesis, verify);
    return consensusRecovery(signed, bytes);
  });
}

/** A statement from elsewhere, as consensus sees it; undefined when it does not hold for this ledger. */
export function acceptRecovery(bytes: Uint8Array, genesis: Genesis, verify: VerifySignature): Recovery | undefined {
  return recoveriesOf(genesis, verify)(bytes);
}

/** The nodes that a block founds, where its justification says so. Throws `recovery-invalid`. */
export function recoveryContent({ recovery }: Justification): RecoveryContent | undefined {
  return recovery === undefined ? undefined : openRecovery(recovery).statement.content;
}

function consensusRecovery({ statement }: SignedRecovery, bytes: Uint8Array): Recovery {
  const configuration = consensusConfiguration(recoveryConfiguration(statement.content));
  return { base: statement.base, configuration, bytes };
}
