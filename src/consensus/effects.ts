import type { NodeId } from '../crypto/portable.ts';
import type {
  BlockReference,
  CommittedBlock,
  Envelope,
  Evidence,
  ExecuteRequest,
  Hash,
  Message,
  ReadResult,
} from './types.ts';

interface WithheldMessage extends Envelope {
  /** The batch that must be durable before the message leaves. */
  readonly token: number;
}

/** What the core wants done, collected until the driver takes it as one Ready. */
export class Effects {
  readonly #withheldMax: number;
  #withheld: WithheldMessage[] = [];
  messages: Envelope[] = [];
  execute: ExecuteRequest[] = [];
  committed: CommittedBlock[] = [];
  abandoned: Hash[] = [];
  reads: ReadResult[] = [];
  evidence: Evidence[] = [];

  constructor(withheldMessagesMax: number) {
    this.#withheldMax = withheldMessagesMax;
  }

  get isEmpty(): boolean {
    return (
      this.messages.length === 0 &&
      this.execute.length === 0 &&
      this.committed.length === 0 &&
      this.abandoned.length === 0 &&
      this.reads.length === 0 &&
      this.evidence.length === 0
    );
  }

  send(to: NodeId, message: Message): void {
    this.messages.push({ to, message });
  }

  /** Sends once the batch is durable. A full queue drops the message, as a network would. */
  sendAfter(token: number, to: NodeId, message: Message): void {
    if (this.#withheld.length < this.#withheldMax) this.#withheld.push({ token, to, message });
  }

  /**
   * Votes and vote requests that still wait are never sent: their term is over, and the next may take their place in the
   * very batch they wait for.
   */
  dropStatements(): void {
    this.#withheld = this.#withheld.filter(
      ({ message }) => message.type !== 'vote-request' && !(message.type === 'vote-reply' && message.signature),
    );
  }

  /** Lets go what waited for this batch or an earlier one. */
  release(token: number): void {
    if (this.#withheld.length === 0) return;
    for (const { token: awaited, to, message } of this.#withheld) if (awaited <= token) this.send(to, message);
    this.#withheld = this.#withheld.filter((waiting) => waiting.token > token);
  }

  requestExecution(block: BlockReference, certified: boolean): void {
    this.execute.push({ block, certified });
  }

  /** Gives everything and starts anew. */
  take(): Omit<
    { [K in 'messages' | 'execute' | 'committed' | 'abandoned' | 'reads' | 'evidence']: Effects[K] },
    never
  > {
    const { messages, execute, committed, abandoned, reads, evidence } = this;
    this.messages = [];
    this.execute = [];
    this.committed = [];
    this.abandoned = [];
    this.reads = [];
    this.evidence = [];
    return { messages, execute, committed, abandoned, reads, evidence };
  }
}
