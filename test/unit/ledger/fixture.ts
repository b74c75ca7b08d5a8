import { createSigner, type Signer, verifySignature } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  createGenesis,
  encodeSignedTransaction,
  encodeTransactionBody,
  type Genesis,
  genesisOperations,
  Ledger,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { MemoryStore, type Operation } from '../../../src/storage/index.ts';
import { simulatedRules } from '../../support/simulated-rules.ts';

export const proposer: Signer = createSigner(new Uint8Array(32).fill(1));
export const alice: Signer = createSigner(new Uint8Array(32).fill(2));

export const genesis: Genesis = createGenesis({
  ledgerName: 'test',
  createdAt: 1_000_000,
  members: [{ name: 'clinic', governanceKey: alice.publicKey }],
  nodes: [{ publicKey: proposer.publicKey, member: 'clinic', role: 'voter' }],
  domains: [],
  parameters: [],
  ruleSet: simulatedRules.ruleSet,
});

export async function write(store: MemoryStore, operations: readonly Operation[]): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

export async function openLedger(
  store: MemoryStore = new MemoryStore(),
): Promise<{ ledger: Ledger; store: MemoryStore }> {
  await write(store, genesisOperations(store, genesis, simulatedRules));
  return { ledger: new Ledger(store, genesis, simulatedRules), store };
}

let salts = 0;

export function signed(
  kind: string,
  payload: CanonicalValue,
  options: { signer?: Signer; validUntil?: number; ledgerId?: Uint8Array } = {},
): Uint8Array {
  const { signer = alice, validUntil = 1_300_000, ledgerId = genesis.ledgerId } = options;
  salts += 1;
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setUint32(0, salts);
  const body = encodeTransactionBody({ kind, sender: signer.publicKey, salt, validUntil, payload });
  return encodeSignedTransaction(body, signer.sign(transactionMessage(ledgerId, body)));
}

export function verified(bytes: Uint8Array): VerifiedTransaction {
  const transaction = new UnverifiedTransaction(bytes);
  return VerifiedTransaction.verify(transaction, genesis.ledgerId, transaction.sender, verifySignature);
}

export function put(key: string, value: number, options: { validUntil?: number } = {}): VerifiedTransaction {
  return verified(signed('sim.put', [1, key, Uint8Array.of(value)], options));
}
