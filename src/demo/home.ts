import { type Clock, type Random, toHex, utf8 } from '../base/index.ts';
import {
  type AssentClient,
  buildTransaction,
  type CreateSigner,
  type Identity,
  identityOf,
  receiptOf,
  type SignedTransaction,
  type SubmitOutcome,
  Wallet,
} from '../client/index.ts';
import { builtInContracts } from '../contracts/index.ts';
import { hmacSha256, SEED_BYTES } from '../crypto/portable.ts';
import type { Keystore } from '../vault/index.ts';
import type { CouncilLedger } from './story/vote.ts';

/** What the demo needs of a ledger. The client has it; so has a ledger of rules alone. */
export type LedgerAccess = Pick<
  AssentClient,
  'submit' | 'submitBatch' | 'entries' | 'domainRecords' | 'link' | 'credentials' | 'identity' | 'identityHistory'
>;

/** Where somebody acts from: a keystore, and a ledger to act on. */
export interface Home {
  readonly keystore: Keystore;
  readonly ledger: LedgerAccess;
  /** For what the members decide together; absent where there are no nodes to ask. */
  readonly council?: CouncilLedger;
  readonly ledgerId: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly createSigner: CreateSigner;
}

/** How long a transaction that is signed now may wait for its block. */
const validityMs = 5 * 60_000;

/** The identity of a named key. Throws `key-unknown`. */
export function identityNamed(home: Home, name: string): Identity {
  return identityOf(home.keystore.seed(name), home.createSigner);
}

/** The wallet of a named key. Throws `key-unknown`. */
export function walletNamed(home: Home, name: string): Wallet {
  return new Wallet({ seed: home.keystore.seed(name), ledgerId: home.ledgerId, createSigner: home.createSigner });
}

/** Names of the keys whose attributes include all the given ones. */
export function keysWith(home: Home, attributes: Readonly<Record<string, string>>): string[] {
  const wanted = Object.entries(attributes);
  return home.keystore
    .list()
    .filter((entry) => wanted.every(([name, text]) => entry.attributes[name] === text))
    .map(({ name }) => name);
}

/** The seed under this name; made and kept when there is none yet. */
export function ensureSeed(home: Home, name: string, attributes: Readonly<Record<string, string>>): Uint8Array {
  if (!home.keystore.list().some((entry) => entry.name === name))
    home.keystore.putSeed(name, home.random.bytes(SEED_BYTES), attributes);
  return home.keystore.seed(name);
}

/** Signs a payload that is given in the JSON form of its kind. */
export function sign(home: Home, sender: Identity, kind: string, payload: object): SignedTransaction {
  return buildTransaction({
    ledgerId: home.ledgerId,
    kind,
    payload: builtInContracts.payloadFromJson(kind, payload),
    validUntil: home.clock.nowMs() + validityMs,
    sender: sender.publicKey,
    signer: sender.signer,
    random: home.random,
  });
}

type Receipt = ReturnType<typeof receiptOf>;

/**
 * Signs, submits and waits until it is in force, or for the commit alone. Throws what kept it from being committed and
 * permitted.
 */
export async function send(
  home: Home,
  sender: Identity,
  kind: string,
  payload: object,
  wait: 'in-force' | 'committed' = 'in-force',
): Promise<Receipt> {
  return receiptOf(await home.ledger.submit(sign(home, sender, kind, payload), { wait }));
}

/** Submits and waits for all commits. Throws the first failure, after every one is settled. */
export async function sendAll(home: Home, transactions: readonly SignedTransaction[]): Promise<Receipt[]> {
  const outcomes: SubmitOutcome[] = await home.ledger.submitBatch(transactions, { wait: 'committed' });
  return outcomes.map(receiptOf);
}

/**
 * Names events. An id is the first 16 bytes of an HMAC-SHA-256, under a secret that the keystore holds for each ledger,
 * over what happened: the same event has the same id in every run, and nobody without the secret can guess one.
 */
export function eventNamer(home: Home): (...parts: readonly string[]) => string {
  const ledger = toHex(home.ledgerId);
  const secret = ensureSeed(home, `events/${ledger.slice(0, 16)}`, { role: 'event-secret', ledger });
  return (...parts) => toHex(hmacSha256(secret, utf8(JSON.stringify(parts))).subarray(0, 16));
}
