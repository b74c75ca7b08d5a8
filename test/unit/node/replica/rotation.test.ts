import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toHex, utf8 } from '../../../../src/base/index.ts';
import {
  builtInContracts,
  createRuleExecutor,
  currentKeyOf,
  domainPolicyFromJson,
  possessionMessage,
  ruleSet,
} from '../../../../src/contracts/index.ts';
import { createSigner, encodeDid, type Signer, sha256, verifySignature } from '../../../../src/crypto/index.ts';
import {
  createGenesis,
  decodeBlock,
  encodeSignedTransaction,
  encodeTransactionBody,
  genesisOperations,
  Ledger,
  type OpenedBlock,
  putBlock,
  type ReceivedBlock,
  transactionMessage,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { admit } from '../../../../src/node/replica/admission.ts';
import { BlockBodies } from '../../../../src/node/replica/block-bodies.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { ExecutionQueue } from '../../../../src/node/replica/execution-queue.ts';
import { restore } from '../../../../src/node/replica/restore.ts';
import { Sealer } from '../../../../src/node/replica/sealer.ts';
import { type Outcome, TransactionPool } from '../../../../src/node/replica/transaction-pool.ts';
import { LevelStore, type Operation, type Store } from '../../../../src/storage/index.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { HandClock, inOneGo, referenceOf, sealed } from './fixture.ts';

/*
 * A key that changes while blocks are on their way: a leader and a follower with the real rules over real databases. Which
 * key is current is known only where a transaction is executed; everything before that is a guess.
 */

const createdAt = 1_000_000;
const executor = createRuleExecutor(builtInContracts, { ruleSet, verifySignature });
const named = (name: string): Signer => createSigner(sha256(utf8(name)));
const node = named('node');
const gateway = named('gateway');
const ana = named('ana');
const policy = domainPolicyFromJson({ timeZone: 'UTC', roles: [{ role: 'clinician', purposes: ['TREAT'] }] });
const genesis = createGenesis({
  ledgerName: 'test',
  createdAt,
  members: [{ name: 'north', governanceKey: named('north').publicKey }],
  nodes: [{ publicKey: node.publicKey, member: 'north', role: 'voter' }],
  domains: [{ name: 'records', custodian: 'north', policy }],
  parameters: [],
  ruleSet,
});

let salts = 0;

/** Signed by `by` in the name of `sender`, as this node found it. */
function transaction(sender: Signer, kind: string, payload: unknown, by: Signer = sender): VerifiedTransaction {
  salts += 1;
  const body = encodeTransactionBody({
    kind,
    sender: sender.publicKey,
    salt: sha256(Uint8Array.of(salts)).subarray(0, 16),
    validUntil: createdAt + 60_000,
    payload: builtInContracts.payloadFromJson(kind, payload),
  });
  const bytes = encodeSignedTransaction(body, by.sign(transactionMessage(genesis.ledgerId, body)));
  return VerifiedTransaction.verify(new UnverifiedTransaction(bytes), genesis.ledgerId, by.publicKey, verifySignature);
}

function rotation(sequence: number, from: Signer, to: Signer): VerifiedTransaction {
  const proof = to.sign(possessionMessage(genesis.ledgerId, ana.publicKey, sequence, to.publicKey));
  const payload = { newKey: encodeDid(to.publicKey), proof: toHex(proof), ifVersion: sequence };
  return transaction(ana, 'identity.rotate', payload, from);
}

function grant(by: Signer): VerifiedTransaction {
  return transaction(ana, 'consent.grant', { domain: 'records', provision: { type: 'permit' } }, by);
}

async function write(store: Store, operations: readonly Operation[]): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

const closed = new WeakSet<Store>();

async function begin(): Promise<{ store: LevelStore; ledger: Ledger; path: string }> {
  const path = join(temporaryDirectory(), 'db');
  const store = await LevelStore.open(path, { create: true });
  onTestFinished(() => (closed.has(store) ? undefined : store.close()));
  await write(store, genesisOperations(store, genesis, executor));
  return { store, ledger: new Ledger(store, genesis, executor), path };
}

/** What a leader makes of these, and what it leaves out. */
function seal(ledger: Ledger, parent: Uint8Array, at: number, transactions: readonly VerifiedTransaction[]) {
  const leftOut: string[] = [];
  const { draft, accept } = ledger.seal(
    { parentHash: parent, term: 1, timestamp: at, enactsChange: false, justification: () => Uint8Array.of(1, 0) },
    node.publicKey,
    transactions,
    (_, reason) => leftOut.push(reason),
  );
  accept();
  return { block: decodeBlock(draft.sign(node).bytes), leftOut };
}

function enrolled(): VerifiedTransaction[] {
  const agent = encodeDid(gateway.publicKey);
  const link = {
    domain: 'records',
    subject: encodeDid(ana.publicKey),
    chart: toHex(sha256(utf8('chart'))),
    keyHolder: 'subject',
  };
  return [
    transaction(named('north'), 'credential.issue', { agent, role: 'gateway' }),
    transaction(gateway, 'enrolment.link', link),
  ];
}

/** A chain in which ana rotates twice, in blocks that are all on their way at once; what the leader left out. */
function rotatingChain(ledger: Ledger): { blocks: ReceivedBlock[]; leftOut: string[] } {
  const [k1, k2] = [named('k1'), named('k2')];
  const blocks: ReceivedBlock[] = [];
  const leftOut: string[] = [];
  const batches = [
    enrolled(),
    [grant(ana), rotation(0, ana, k1), grant(ana), grant(k1)],
    [grant(ana), grant(k1), rotation(1, k1, k2), grant(k1), grant(k2)],
  ];
  for (const [index, batch] of batches.entries()) {
    const sealed = seal(ledger, blocks.at(-1)?.hash ?? genesis.ledgerId, createdAt + 1 + index, batch);
    blocks.push(sealed.block);
    leftOut.push(...sealed.leftOut);
  }
  return { blocks, leftOut };
}

function follow(ledger: Ledger, blocks: readonly OpenedBlock[]): string[] {
  const queue = new ExecutionQueue({
    ledger,
    verify: (open, keys, done) =>
      done(
        open.map(({ body, signature }, index) =>
          verifySignature(keys[index] as Uint8Array, transactionMessage(genesis.ledgerId, body), signature),
        ),
      ),
    verifyNow: verifySignature,
    known: () => undefined,
    clockMs: () => createdAt,
    onChecked: () => undefined,
  });
  for (const block of blocks) queue.push({ block: referenceOf(block), certified: false }, block, 1);
  const verdicts: string[] = [];
  for (let next = inOneGo(queue); next !== undefined; next = inOneGo(queue))
    verdicts.push(next.verdict.ok ? 'ok' : next.verdict.reason);
  return verdicts;
}

describe('a rotation takes effect in its own block', () => {
  it('a leader leaves out what follows under the old key, and takes what follows under the new one', async () => {
    const { ledger, store } = await begin();
    const { blocks, leftOut } = rotatingChain(ledger);
    expect(blocks.map(({ transactions }) => transactions.length)).toEqual([2, 3, 3]);
    expect(leftOut).toEqual(['key-not-current', 'key-not-current', 'key-not-current']);
    for (const { hash } of blocks) {
      await write(store, ledger.commit(hash).operations);
      ledger.settle(hash);
    }
    expect(toHex(currentKeyOf(ledger.state, ana.publicKey))).toBe(toHex(named('k2').publicKey));
  });

  it('a follower that has applied none of it comes to the same, and so does one that restarts from its disk', async () => {
    const [leader, follower] = await Promise.all([begin(), begin()]);
    const { blocks } = rotatingChain(leader.ledger);
    expect(follow(follower.ledger, blocks)).toEqual(['ok', 'ok', 'ok']);

    await write(
      follower.store,
      blocks.map((block, index) => putBlock(index + 1, block.bytes)),
    );
    await follower.store.close();
    closed.add(follower.store);
    const store = await LevelStore.open(follower.path, { create: false });
    onTestFinished(() => store.close());
    const ledger = new Ledger(store, genesis, executor);
    const configurations = new ConfigurationRecords(store, consensusConfiguration(genesis.configuration));
    const bodies = new BlockBodies({ store, genesis, verify: verifySignature, configurations });
    const { tip } = restore({
      store,
      mark: undefined,
      ledger,
      bodies,
      configurations,
      verify: verifySignature,
      peers: [],
    });
    expect(toHex(tip.hash)).toBe(toHex((blocks.at(-1) as ReceivedBlock).hash));
  });

  it('a follower refuses a block with a transaction under a key that is current no more, or not yet', async () => {
    const [k1, k2] = [named('k1'), named('k2')];
    for (const [batch, verdict] of [
      [[rotation(0, ana, k1), grant(ana)], 'key-not-current'],
      [[grant(k1), rotation(0, ana, k1)], 'signature-invalid'],
      [[rotation(0, ana, k1), grant(k2)], 'signature-invalid'],
      [[rotation(0, ana, k1), grant(k1)], 'ok'],
    ] as const) {
      // A leader that takes any key at its word.
      const credulous = await begin();
      const follower = await begin();
      const first = seal(credulous.ledger, genesis.ledgerId, createdAt + 1, enrolled()).block;
      const trusting = batch.map((item) =>
        VerifiedTransaction.toBeChecked(new UnverifiedTransaction(item.bytes), genesis.ledgerId, () => true),
      );
      const second = seal(credulous.ledger, first.hash, createdAt + 2, trusting).block;
      expect(second.transactions).toHaveLength(2);
      expect(follow(follower.ledger, [first, second])).toEqual(['ok', verdict]);
    }
  });
});

describe('a transaction under a key that was replaced', () => {
  /** A ledger in which ana has rotated, in a block that is committed. */
  async function rotated(): Promise<Ledger> {
    const { ledger, store } = await begin();
    const { block } = seal(ledger, genesis.ledgerId, createdAt + 1, [...enrolled(), rotation(0, ana, named('k1'))]);
    await write(store, ledger.commit(block.hash).operations);
    ledger.settle(block.hash);
    return ledger;
  }

  it('is refused at the door, and the one under the new key is not', async () => {
    const ledger = await rotated();
    const node = { ledger, pool: new TransactionPool(), nowMs: createdAt + 2, isLeaderless: false };
    expect(admit(grant(ana), () => undefined, node)?.code).toBe('key-not-current');
    expect(admit(grant(named('k1')), () => undefined, node)).toBeUndefined();
    expect(node.pool.size).toBe(1);
  });

  it('in the pool of a leader is refused if nobody else can have it, else left to certified time', async () => {
    const ledger = await rotated();
    const pool = new TransactionPool();
    const clock = new HandClock();
    clock.now = createdAt + 2;
    const sealer = new Sealer({ ledger, nodeKey: node, clock, workMs: () => 0, pool });
    const outcomes: string[] = [];
    const listen = (name: string) => (outcome: Outcome) =>
      outcomes.push(`${name} ${outcome.status === 'refused' ? outcome.error.code : outcome.status}`);
    // As a follower, this node handed the first one on; another node handed it the second.
    pool.add(grant(ana), listen('handed on'));
    pool.takeToForward(1, 0, 100_000);
    pool.add(grant(ana));
    pool.add(grant(ana), listen('new'));
    const { hash } = ledger.applied;
    const parent = { term: 1, height: 1, hash };
    const slot = { term: 1, parent, justification: {}, nowMs: clock.now, mandatory: false, mayChange: false };
    expect(sealed(sealer, slot).draft.transactions).toEqual([]);
    expect(outcomes).toEqual(['new key-not-current']);
    expect([pool.waiting, pool.parked, pool.size]).toEqual([0, 1, 1]);
    pool.expire(createdAt + 61_000);
    expect(outcomes).toEqual(['new key-not-current', 'handed on window-expired']);
  });
});
