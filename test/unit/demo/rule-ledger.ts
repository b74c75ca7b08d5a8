import type {
  ContractObject,
  CredentialList,
  IdentityView,
  JsonValue,
  LinkView,
  StreamEntry,
} from '../../../src/api/index.ts';
import { AssentError, fromHex, present, toHex } from '../../../src/base/index.ts';
import type { SignedTransaction, SubmitOutcome } from '../../../src/client/index.ts';
import {
  builtInContracts,
  createRuleExecutor,
  describeCredentials,
  describeEntry,
  describeIdentity,
  describeLink,
  linkOf,
  ruleSet,
  ScratchState,
} from '../../../src/contracts/index.ts';
import { decodeDid, sha256, verifySignature } from '../../../src/crypto/index.ts';
import { genesisParameters, type LedgerAccess } from '../../../src/demo/index.ts';
import { type GenesisContent, UnverifiedTransaction, VerifiedTransaction } from '../../../src/ledger/index.ts';

/**
 * The real rules behind the demo's port, without nodes between: every transaction that arrives is checked, signature and
 * window included, and executed as a block of its own. `fail` lets a test lose a transaction on its way in or out.
 */
export class RuleLedger implements LedgerAccess {
  readonly ledgerId: Uint8Array;
  nowMs: number;
  /** Kinds of what was executed, in order. */
  readonly executed: string[] = [];
  /** Decides what is lost: before execution, or the answer after it. */
  fail: (kind: string) => 'before' | 'after' | undefined = () => undefined;
  readonly #executor = createRuleExecutor(builtInContracts, { ruleSet, verifySignature });
  readonly #state = new Map<string, Uint8Array>();
  readonly #streams = new Map<string, StreamEntry[]>();
  #height = 0;

  constructor(genesis: Pick<GenesisContent, 'members' | 'domains'>, nowMs: number) {
    this.nowMs = nowMs;
    this.ledgerId = sha256(new TextEncoder().encode('rules only'));
    const scratch = new ScratchState({ get: (key) => this.#state.get(key) });
    const content = {
      ledgerName: 'test',
      createdAt: nowMs,
      nodes: [],
      parameters: genesisParameters(),
      ruleSet,
      ...genesis,
    };
    this.#executor.initialise(content, scratch);
    this.#keep(scratch);
  }

  async submit(transaction: SignedTransaction): Promise<SubmitOutcome> {
    const { id, kind } = transaction;
    const lost = this.fail(kind);
    if (lost === 'before') return { status: 'nothing-happened', id, code: 'no-quorum', sentence: 'No leader.' };
    const outcome = this.#execute(transaction);
    return lost === 'after' ? { status: 'unknown', id, sentence: 'The answer was lost.' } : outcome;
  }

  async submitBatch(transactions: readonly SignedTransaction[]): Promise<SubmitOutcome[]> {
    const outcomes: SubmitOutcome[] = [];
    for (const transaction of transactions) outcomes.push(await this.submit(transaction));
    return outcomes;
  }

  entries(stream: 'consents' | 'access' | 'timeline', did: string): AsyncGenerator<StreamEntry, void, undefined> {
    return this.#read(`${stream}:${keyHex(did)}`);
  }

  identityHistory(did: string): AsyncGenerator<StreamEntry, void, undefined> {
    return this.#read(`identity:${keyHex(did)}`);
  }

  domainRecords(name: string): AsyncGenerator<StreamEntry, void, undefined> {
    return this.#read(`records:${name}`);
  }

  async link(domain: string, subject: string): Promise<LinkView> {
    const link = linkOf(this.#view, domain, present(decodeDid(subject), 'a DID'));
    if (link === undefined) throw new AssentError('not-found', 'There is no such link.');
    return { domain, subject, link: describeLink(link) as ContractObject };
  }

  async credentials(agent: string): Promise<CredentialList> {
    const held = describeCredentials(this.#view, present(decodeDid(agent), 'a DID'), Date.now());
    return { agent, ...(held as unknown as Omit<CredentialList, 'agent'>) };
  }

  async identity(did: string): Promise<IdentityView> {
    const subject = present(decodeDid(did), 'a DID');
    return describeIdentity(this.#view, subject, this.nowMs) as unknown as IdentityView;
  }

  /** Everything that every node would hold: state keys and values, and index entries. */
  contents(): string[] {
    const entries = [...this.#streams].flatMap(([stream, rows]) => [stream, JSON.stringify(rows)]);
    return [...[...this.#state].flatMap(([key, value]) => [key, Buffer.from(value).toString('latin1')]), ...entries];
  }

  readonly #view = { get: (key: string): Uint8Array | undefined => this.#state.get(key) };

  #execute({ bytes, id }: SignedTransaction): SubmitOutcome {
    const unverified = new UnverifiedTransaction(bytes);
    const key = this.#executor.currentKey(this.#view, unverified.sender);
    VerifiedTransaction.verify(unverified, this.ledgerId, key, verifySignature);
    this.nowMs += 1;
    this.#height += 1;
    if (unverified.validUntil < this.nowMs || unverified.validUntil > this.nowMs + 600_000)
      return { status: 'refused', id, code: 'window-expired', sentence: 'Outside its window.' };
    const scratch = new ScratchState(this.#view);
    const block = { ledgerId: this.ledgerId, height: this.#height, timestamp: this.nowMs };
    const { result, index } = this.#executor.execute(unverified, scratch, block);
    this.executed.push(unverified.kind);
    if (!result.ok) return { status: 'refused', id, code: result.code, sentence: result.sentence, rule: result.rule };
    this.#keep(scratch);
    for (const { stream, entry } of index) {
      const row = { height: this.#height, index: 0, entry: describeEntry(entry) as ContractObject };
      this.#streams.set(stream, [...(this.#streams.get(stream) ?? []), row]);
    }
    const output = builtInContracts.outputToJson(unverified.kind, result.output) as JsonValue;
    const place = { height: this.#height, index: 0, timestamp: this.nowMs, blockHash: toHex(this.ledgerId) };
    return { status: 'committed', id, receipt: { id, ...place, result: { ok: true, output } } };
  }

  #keep(scratch: ScratchState): void {
    for (const [key, value] of scratch.writes) {
      if (value === undefined) this.#state.delete(key);
      else this.#state.set(key, value);
    }
  }

  async *#read(stream: string): AsyncGenerator<StreamEntry, void, undefined> {
    yield* this.#streams.get(stream) ?? [];
  }
}

function keyHex(did: string): string {
  return toHex(present(decodeDid(did), 'a DID'));
}

export const someSeed: Uint8Array = present(fromHex('07'.repeat(32)), 'hex');
