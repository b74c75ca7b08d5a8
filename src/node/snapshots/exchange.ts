import { assert, equalBytes, present } from '../../base/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import { encodeSnapshotMessage, type SnapshotMessage, type Wanted } from './messages.ts';

/** In ticks of the driver: a request without an answer is sent again. */
const resendTicks = 40;

/** What became of a question: the whole bytes, or why there are none. */
export type Answer =
  | { readonly type: 'bytes'; readonly block: Uint8Array; readonly bytes: Uint8Array }
  | { readonly type: 'none' }
  | { readonly type: 'silent' };

interface Question extends Wanted {
  readonly peer: NodeId;
  readonly resolve: (answer: Answer) => void;
  /** Hash of the snapshot's block, as soon as the first piece names it. */
  answeredOf: Uint8Array | undefined;
  content: Uint8Array | undefined;
  receivedBytes: number;
  sentTick: number;
  /** Of the last piece that brought something new. */
  progressTick: number;
}

/** Asks one peer at a time for one thing, piece by piece, each asked for when the one before it has come. */
export class Exchange {
  readonly #send: (to: NodeId, frame: Uint8Array) => void;
  readonly #silentTicksMax: number;
  #question: Question | undefined;
  #tick = 0;

  constructor(options: {
    readonly send: (to: NodeId, frame: Uint8Array) => void;
    /** A peer that brings nothing for so many ticks is given up. */
    readonly silentTicksMax: number;
  }) {
    this.#send = options.send;
    this.#silentTicksMax = options.silentTicksMax;
  }

  ask(peer: NodeId, wanted: Wanted): Promise<Answer> {
    assert(this.#question === undefined, 'one thing is asked for at a time');
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#question = {
      ...wanted,
      peer,
      resolve,
      answeredOf: wanted.block.length === 0 ? undefined : wanted.block,
      content: undefined,
      receivedBytes: 0,
      sentTick: this.#tick,
      progressTick: this.#tick,
    };
    this.#request(this.#question);
    return promise;
  }

  /** What answers no question that is open is passed over: it may have come late. */
  receive(from: NodeId, message: SnapshotMessage): void {
    const question = this.#question;
    if (question === undefined || from !== question.peer || !equalBytes(message.address, question.address)) return;
    const { answeredOf } = question;
    if (message.type === 'none') {
      const isOfThis =
        equalBytes(message.block, answeredOf ?? question.block) || equalBytes(message.block, question.block);
      if (isOfThis) this.#end({ type: 'none' });
      return;
    }
    if (message.type !== 'piece' || (answeredOf !== undefined && !equalBytes(message.block, answeredOf))) return;
    question.answeredOf = message.block;
    question.content ??= new Uint8Array(message.total);
    const { content } = question;
    if (message.offset !== question.receivedBytes || message.total !== content.length) return;
    content.set(message.bytes, message.offset);
    question.receivedBytes += message.bytes.length;
    question.progressTick = this.#tick;
    if (question.receivedBytes < content.length) this.#request(question);
    else this.#end({ type: 'bytes', block: message.block, bytes: content });
  }

  /** One tick of the driver's clock. */
  tick(): void {
    this.#tick += 1;
    const question = this.#question;
    if (question === undefined) return;
    if (this.#tick - question.progressTick >= this.#silentTicksMax) this.#end({ type: 'silent' });
    else if (this.#tick - question.sentTick >= resendTicks) this.#request(question);
  }

  /** The open question, if there is one, is not answered any more. */
  stop(): void {
    if (this.#question !== undefined) this.#end({ type: 'silent' });
  }

  #end(answer: Answer): void {
    const { resolve } = present(this.#question, 'a question is open');
    this.#question = undefined;
    resolve(answer);
  }

  #request(question: Question): void {
    question.sentTick = this.#tick;
    const { peer, address, receivedBytes: offset, answeredOf, block } = question;
    this.#send(peer, encodeSnapshotMessage({ type: 'request', block: answeredOf ?? block, address, offset }));
  }
}
