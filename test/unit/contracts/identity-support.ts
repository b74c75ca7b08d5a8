import { toHex } from '../../../src/base/index.ts';
import { documentOf } from '../../../src/contracts/identity/state.ts';
import {
  createdId,
  describeIdentity,
  possessionMessage,
  type TestLedger,
  type TestResult,
} from '../../../src/contracts/index.ts';
import { type World, world } from './support.ts';

export const dayMs: number = 24 * 3_600_000;
/** Of the guardians in these tests. */
export const delayMs: number = 3 * dayMs;

/** Ana, whom north-records knows, with guardians. Whoever acts has the key of that name. */
export interface Identities {
  readonly ledger: TestLedger;
  did(name: string): string;
  /** Of ana, unless said otherwise. */
  version(name?: string): number;
  /** The document of ana as the API shows it, now. */
  show(): Record<string, unknown>;
  /** Name of the actor whose key signs for ana now. */
  keyIs(actor: string, subject?: string): boolean;
  /** What the new key says to become the key of ana. */
  possession(newKey: string, change?: Partial<Possession>): { newKey: string; proof: string };
  rotate(newKey: string, subject?: string): TestResult;
  setGuardians(guardians: readonly string[], threshold?: number, subject?: string, delay?: number): TestResult;
  open(guardian: string, newKey: string): TestResult;
  approve(guardian: string, recovery: string): TestResult;
  finish(sender: string, recovery: string): TestResult;
  veto(): TestResult;
  /** Opens with the first guardian and approves with the others; the id. */
  recover(newKey: string, guardians: readonly [string, ...string[]]): string;
}

interface Possession {
  readonly ledgerId: Uint8Array;
  readonly subject: string;
  readonly sequence: number;
  readonly signedBy: string;
  readonly signedKey: string;
}

export function identities({ ledger }: Pick<World, 'ledger'> = world()): Identities {
  const did = (name: string): string => ledger.actor(name).did;
  const document = (name: string) => documentOf(ledger.state, ledger.actor(name).key);
  const version = (name = 'ana'): number => document(name)?.version ?? 0;

  function possession(newKey: string, change: Partial<Possession> = {}): { newKey: string; proof: string } {
    const { subject = 'ana', signedBy = newKey, signedKey = newKey } = change;
    const sequence = change.sequence ?? document(subject)?.sequence ?? 0;
    const message = possessionMessage(
      change.ledgerId ?? ledger.ledgerId,
      ledger.actor(subject).key,
      sequence,
      ledger.actor(signedKey).key,
    );
    return { newKey: did(newKey), proof: toHex(ledger.actor(signedBy).signer.sign(message)) };
  }

  const on = (recovery: string) => ({ subject: did('ana'), recovery });
  const made: Identities = {
    ledger,
    did,
    version,
    show: () => describeIdentity(ledger.state, ledger.actor('ana').key, ledger.nowMs),
    keyIs: (actor, subject = 'ana') =>
      toHex(document(subject)?.key ?? ledger.actor(subject).key) === ledger.actor(actor).keyHex,
    possession,
    rotate: (newKey, subject = 'ana') =>
      ledger.submit(subject, 'identity.rotate', { ...possession(newKey, { subject }), ifVersion: version(subject) }),
    setGuardians: (guardians, threshold = 2, subject = 'ana', delay = delayMs) =>
      ledger.submit(subject, 'identity.setGuardians', {
        ...(guardians.length === 0 ? {} : { plan: { threshold, guardians: guardians.map(did), delayMs: delay } }),
        ifVersion: version(subject),
      }),
    open: (guardian, newKey) =>
      ledger.submit(guardian, 'identity.openRecovery', { subject: did('ana'), ...possession(newKey) }),
    approve: (guardian, recovery) => ledger.submit(guardian, 'identity.approveRecovery', on(recovery)),
    finish: (sender, recovery) => ledger.submit(sender, 'identity.finishRecovery', on(recovery)),
    veto: () => ledger.submit('ana', 'identity.vetoRecovery', {}),
    recover(newKey, [first, ...others]) {
      const recovery = createdId(made.open(first, newKey), 'recovery');
      for (const guardian of others) made.approve(guardian, recovery);
      return recovery;
    },
  };
  return made;
}
