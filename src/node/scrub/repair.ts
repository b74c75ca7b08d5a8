import { AssentError, equalBytes } from '../../base/index.ts';
import { type NodeId, sha256, type VerifySignature } from '../../crypto/index.ts';
import { checkHeaderSignature, type Ledger, openBlock } from '../../ledger/index.ts';
import { encodeRepairMessage, pieceBytesMax, type RepairMessage, type Wanted } from './messages.ts';

/** A peer that says nothing for so many ticks is passed over. */
const silentTicksMax = 80;
/** A question may be lost on the way: after so many ticks it is put again. */
const againTicks = 20;
/** So many answers a peer gets for each tick of the driver's clock; it asks for one piece after the other. */
const answersPerTick = 4;

export interface RepairsOptions {
  readonly ledger: Ledger;
  readonly verify: VerifySignature;
  /** Connected peers. */
  readonly peers: () => readonly NodeId[];
  readonly send: (to: NodeId, frame: Uint8Array) => void;
}

interface Question {
  readonly wanted: Wanted;
  readonly peer: NodeId;
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  content: Uint8Array | undefined;
  received: number;
  lastTick: number;
}

/** Asks peers for what is known by its hash, one thing at a time, and gives them what they ask for. */
export class Repairs {
  readonly #options: RepairsOptions;
  readonly #answered = new Map<NodeId, number>();
  #question: Question | undefined;
  /** What is wanted first is asked for first. */
  #turn: Promise<unknown> = Promise.resolve();
  #tick = 0;
  #isStopped = false;

  constructor(options: RepairsOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From the first peer that has it; undefined where none does. What does not have the hash is passed over. */
  fetch(wanted: Wanted): Promise<Uint8Array | undefined> {
    const fetched = this.#turn.then(() => this.#fetch(wanted));
    this.#turn = fetched.catch(() => undefined);
    return fetched;
  }

  async #fetch(wanted: Wanted): Promise<Uint8Array | undefined> {
    for (const peer of this.#options.peers()) {
      if (this.#isStopped) return undefined;
      const bytes = await this.#ask(peer, wanted);
      if (bytes !== undefined && this.#isIt(wanted, bytes)) return bytes;
    }
    return undefined;
  }

  receive(from: NodeId, message: RepairMessage): void {
    if (message.type === 'ask') void this.#answer(from, message);
    else this.#take(from, message);
  }

  /** One tick of the driver's clock. */
  tick(): void {
    this.#tick += 1;
    this.#answered.clear();
    const question = this.#question;
    if (question === undefined) return;
    const silentTicks = this.#tick - question.lastTick;
    if (silentTicks > silentTicksMax) this.#end(undefined);
    else if (silentTicks % againTicks === 0) this.#put(question);
  }

  stop(): void {
    this.#isStopped = true;
    this.#end(undefined);
  }

  #ask(peer: NodeId, wanted: Wanted): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#question = { wanted, peer, resolve, content: undefined, received: 0, lastTick: this.#tick };
      this.#put(this.#question);
    });
  }

  /** Asks for the next piece. */
  #put({ peer, wanted, received }: Question): void {
    this.#options.send(peer, encodeRepairMessage({ type: 'ask', wanted, offset: received }));
  }

  #take(from: NodeId, { wanted, offset, total, bytes }: Extract<RepairMessage, { type: 'give' }>): void {
    const question = this.#question;
    // What answers no question that is open may have come late.
    if (question === undefined || from !== question.peer || !isSame(wanted, question.wanted)) return;
    if (total === 0) {
      this.#end(undefined);
      return;
    }
    question.content ??= new Uint8Array(total);
    const { content } = question;
    if (offset !== question.received || total !== content.length || bytes.length === 0) return;
    content.set(bytes, offset);
    question.received += bytes.length;
    question.lastTick = this.#tick;
    if (question.received === total) this.#end(content);
    else this.#put(question);
  }

  #end(bytes: Uint8Array | undefined): void {
    const question = this.#question;
    this.#question = undefined;
    question?.resolve(bytes);
  }

  async #answer(to: NodeId, { wanted, offset }: Extract<RepairMessage, { type: 'ask' }>): Promise<void> {
    const answered = this.#answered.get(to) ?? 0;
    if (answered >= answersPerTick) return;
    this.#answered.set(to, answered + 1);
    const bytes = (await this.#find(wanted)) ?? new Uint8Array();
    if (this.#isStopped) return;
    const piece = bytes.slice(offset, offset + pieceBytesMax);
    const total = piece.length === 0 ? 0 : bytes.length;
    this.#options.send(
      to,
      encodeRepairMessage({ type: 'give', wanted, offset: total === 0 ? 0 : offset, total, bytes: piece }),
    );
  }

  /** Only what is right is handed on. */
  async #find(wanted: Wanted): Promise<Uint8Array | undefined> {
    const { ledger } = this.#options;
    try {
      const bytes =
        wanted.type === 'block'
          ? ledger.block(wanted.height)?.bytes
          : (await ledger.valueAt(wanted.height, wanted.key)).value;
      return bytes !== undefined && this.#isIt(wanted, bytes) ? bytes : undefined;
    } catch (error) {
      if (error instanceof AssentError) return undefined;
      throw error;
    }
  }

  #isIt(wanted: Wanted, bytes: Uint8Array): boolean {
    if (wanted.type === 'value') return equalBytes(sha256(bytes), wanted.hash);
    const { ledger, verify } = this.#options;
    try {
      const block = openBlock(bytes);
      // The hash does not cover it.
      checkHeaderSignature(block, ledger.ledgerId, verify);
      return equalBytes(block.hash, wanted.hash);
    } catch (error) {
      if (error instanceof AssentError) return false;
      throw error;
    }
  }
}

function isSame(left: Wanted, right: Wanted): boolean {
  const name = ({ type, height, ...rest }: Wanted): string => `${type} ${height} ${'key' in rest ? rest.key : ''}`;
  return name(left) === name(right) && equalBytes(left.hash, right.hash);
}
