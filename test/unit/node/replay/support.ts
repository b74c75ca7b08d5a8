import type { DecisionRequest } from '../../../../src/api/index.ts';
import { present, toHex, utf8 } from '../../../../src/base/index.ts';
import {
  type BatchedAccess,
  buildTransaction,
  type Identity,
  identityOf,
  sealAccesses,
  signAccessRequest,
} from '../../../../src/client/index.ts';
import { builtInContracts, type Category, domainPolicyFromJson, ruleSet } from '../../../../src/contracts/index.ts';
import { createSigner, sha256, verifySignature } from '../../../../src/crypto/index.ts';
import { decodeResults, encodeResults, resultsKey } from '../../../../src/ledger/block-results.ts';
import {
  createGenesis,
  type Genesis,
  genesisOperations,
  Ledger,
  type OpenedBlock,
  putBlock,
  type Receipt,
  type TransactionResult,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { encodeReceipt, encodeResult } from '../../../../src/ledger/results.ts';
import { systemClock } from '../../../../src/node/clock.ts';
import type { Ask, Asked } from '../../../../src/node/queries/query.ts';
import { Replays } from '../../../../src/node/replay/replays.ts';
import { type ReplaySource, replaySource } from '../../../../src/node/replay/source.ts';
import { createExecutor, ruleVersions, sentenceOf } from '../../../../src/node/rules.ts';
import { ChainAnswers } from '../../../../src/node/service/chain-answers.ts';
import { CommitWaiters } from '../../../../src/node/service/commit-waiters.ts';
import { MemoryStore, type Operation, prefixedKey, type Store } from '../../../../src/storage/index.ts';

export const startMs = 1_800_000_000_000;
const minuteMs = 60_000;

export const policy = {
  implicit: 'deny',
  timeZone: 'UTC',
  roles: [
    { role: 'clinician', purposes: ['TREAT'] },
    { role: 'emergency-physician', purposes: ['TREAT'] },
  ],
  emergency: { roles: ['emergency-physician'], maxHours: 4, honourDeny: true },
} as const;

/** Somebody with a key: the same name always has the same. */
export function who(name: string): Identity {
  return identityOf(sha256(utf8(`replay ${name}`)), createSigner);
}

/** Whether kay may see the record of ana, for treatment. */
export function treatment(): DecisionRequest {
  return {
    agent: who('kay').did,
    role: 'clinician',
    organisation: 'north',
    subject: who('ana').did,
    domain: 'north-records',
    purpose: 'TREAT',
    action: 'access',
  };
}

/** Hex of so many bytes, different for every label. */
export function hex(label: string, length = 32): string {
  return toHex(sha256(utf8(label)).subarray(0, length));
}

/** What one transaction is to say. */
export type Asking = readonly [sender: string, kind: string, payload: object];

const genesis: Genesis = createGenesis({
  ledgerName: 'replay',
  createdAt: startMs - 1,
  members: ['north', 'south'].map((name) => ({ name, governanceKey: who(name).publicKey })),
  nodes: [{ publicKey: who('node').publicKey, member: 'north', role: 'voter' }],
  domains: [
    { name: 'north-records', custodian: 'north', policy: domainPolicyFromJson(policy) },
    { name: 'south-records', custodian: 'south', policy: domainPolicyFromJson(policy) },
  ],
  parameters: [],
  ruleSet,
});

/** A ledger with the built-in contracts, and whoever asks about its past. */
export class Chain {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly source: ReplaySource;
  readonly replays: Replays;
  #events = 0;

  private constructor(store: Store) {
    this.store = store;
    this.ledger = new Ledger(store, genesis, createExecutor());
    const waiters = new CommitWaiters(systemClock, (id) => this.ledger.receipt(id));
    const chain = new ChainAnswers({ ledger: this.ledger, store, waiters, archive: undefined, sentenceOf });
    const asked: Pick<Asked, 'place' | 'block' | 'valueAt' | 'bounds'> = {
      place: (input) => chain.place(input),
      block: (input) => chain.block(input),
      valueAt: (input) => chain.valueAt(input),
      bounds: () => ({ pastFrom: this.ledger.pastFrom, height: this.ledger.applied.height }),
    };
    // Kind and input were paired by `Ask`.
    const ask = (async (kind: keyof typeof asked, input: never) => asked[kind](input)) as unknown as Ask;
    this.source = replaySource(genesis.ledgerId, ask);
    this.replays = new Replays(this.source, ruleVersions());
  }

  static async begin(store: Store = new MemoryStore()): Promise<Chain> {
    await writeTo(store, genesisOperations(store, genesis, createExecutor()));
    const chain = new Chain(store);
    await chain.block([
      chain.credential('north', 'north-gateway', 'gateway'),
      chain.credential('south', 'south-gateway', 'gateway'),
      chain.credential('north', 'kay', 'clinician'),
      chain.credential('north', 'eve', 'emergency-physician'),
    ]);
    await chain.block([chain.link('north', 'ana'), chain.link('south', 'ben')]);
    return chain;
  }

  static reopen(store: Store): Chain {
    return new Chain(store);
  }

  /** Commits these in one block, a minute after the one before. */
  async block(askings: readonly Asking[]): Promise<readonly Receipt[]> {
    const block = this.executed(askings);
    const { operations, receipts } = this.ledger.commit(block.hash);
    await writeTo(this.store, [putBlock(block.header.height, block.bytes), ...operations]);
    this.ledger.settle(block.hash);
    return receipts;
  }

  /** A block of these that is executed on the applied one, and nothing more. */
  executed(askings: readonly Asking[]): OpenedBlock {
    const { hash: parentHash, timestamp: before } = this.ledger.applied;
    const timestamp = before + minuteMs;
    const transactions = askings.map(([sender, kind, payload]) => {
      const wire = builtInContracts.payloadFromJson(kind, payload);
      const { signer } = who(sender);
      const validUntil = timestamp + minuteMs;
      const { bytes } = buildTransaction({ ledgerId: genesis.ledgerId, kind, payload: wire, validUntil, signer });
      const transaction = new UnverifiedTransaction(bytes);
      return VerifiedTransaction.verify(transaction, genesis.ledgerId, transaction.sender, verifySignature);
    });
    const input = { parentHash, term: 1, timestamp, enactsChange: false, justification: () => new Uint8Array() };
    const sealed = this.ledger.seal(input, who('node').publicKey, transactions, (_, reason) => {
      throw new Error(reason);
    });
    sealed.accept();
    return sealed.draft.sign(who('node').signer);
  }

  /** Commits one alone. */
  async one(asking: Asking): Promise<{ readonly id: string; readonly receipt: Receipt }> {
    const receipt = present((await this.block([asking]))[0], 'one transaction, one receipt');
    return { id: toHex(receipt.id), receipt };
  }

  /** Puts another result under a receipt and among those of its block, as damage or a hand at the disk would. */
  forge({ id, ...receipt }: Receipt, result: TransactionResult): Promise<void> {
    const value = encodeReceipt({ ...receipt, id, result });
    const key = resultsKey(receipt.height);
    const results = decodeResults(present(this.store.get(key), 'it has results'));
    return writeTo(this.store, [
      { type: 'put', key: prefixedKey('transactionPlace', id), value },
      { type: 'put', key, value: encodeResults(results.with(receipt.index, encodeResult(result))) },
    ]);
  }

  get nextMs(): number {
    return this.ledger.applied.timestamp + minuteMs;
  }

  credential(member: string, agent: string, role: string): Asking {
    return [member, 'credential.issue', { agent: who(agent).did, role }];
  }

  link(member: string, subject: string): Asking {
    const payload = {
      domain: `${member}-records`,
      subject: who(subject).did,
      chart: hex(subject),
      keyHolder: 'subject',
    };
    return [`${member}-gateway`, 'enrolment.link', payload];
  }

  grant(provision: object, subject = 'ana', domain = 'north-records'): Asking {
    return [subject, 'consent.grant', { domain, provision }];
  }

  access(change: Partial<AccessChange> = {}): Asking {
    this.#events += 1;
    const {
      agent = 'kay',
      role = 'clinician',
      purpose = 'TREAT',
      results = [],
      event = `event ${this.#events}`,
    } = change;
    const signed = signAccessRequest(genesis.ledgerId, who(agent), {
      eventId: hex(event, 16),
      role,
      organisation: 'north',
      subject: who(change.subject ?? 'ana').did,
      domain: 'north-records',
      resource: hex(`resource of ${event}`),
      purpose,
      action: 'access',
      validUntil: this.nextMs + minuteMs,
    });
    const inEmergencyCategory = change.inEmergencyCategory ?? false;
    return ['north-gateway', 'access.record', { ...signed, results, inEmergencyCategory }];
  }

  /** These under one signature of the gateway. */
  batch(askings: readonly Asking[], category?: Category): Asking {
    const accesses = askings.map(([, , payload]) => ({ ...payload, ...(category && { category }) }) as BatchedAccess);
    const gateway = who('north-gateway');
    const sealed = sealAccesses({ ledgerId: genesis.ledgerId, gateway, accesses, verify: verifySignature });
    return ['north-gateway', 'access.recordBatch', sealed.payload];
  }

  breakGlass(): Asking {
    this.#events += 1;
    const payload = {
      eventId: hex(`glass ${this.#events}`, 16),
      domain: 'north-records',
      subject: who('ana').did,
      role: 'emergency-physician',
      organisation: 'north',
      categories: ['allergies'],
      justification: hex('unconscious'),
      expiresAt: this.nextMs + 120 * minuteMs,
    };
    return ['eve', 'access.breakGlass', payload];
  }
}

interface AccessChange {
  readonly agent: string;
  readonly role: 'clinician' | 'emergency-physician';
  readonly purpose: 'TREAT' | 'BTG' | 'HRESCH';
  readonly results: readonly object[];
  readonly event: string;
  readonly subject: string;
  readonly inEmergencyCategory: boolean;
}

function writeTo(store: Store, operations: readonly Operation[]): Promise<void> {
  return new Promise((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}
