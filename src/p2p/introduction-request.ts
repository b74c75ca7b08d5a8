import type { Connection, Stream } from '@libp2p/interface';
import { assert, type Clock, messageOf, present, type Timer } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import type { TransportLimits } from './limits.ts';
import { readSingleFrame, withLength } from './single-frame.ts';
import type { Introduction } from './types.ts';

/** What all introductions of a transport share. */
export interface IntroductionContext {
  readonly introduction: Introduction;
  readonly protocol: string;
  readonly limits: TransportLimits;
  readonly clock: Clock;
}

/**
 * Asks one stranger who it is, once, over the connection that it opened. Meanwhile every stream that it opens is reset
 * before one of its bytes is read. Ends by an answer that makes it known, or by anything else, which ends the connection.
 */
export class IntroductionRequest {
  readonly connection: Connection;
  readonly #nodeId: NodeId;
  readonly #context: IntroductionContext;
  readonly #over = Promise.withResolvers<string | undefined>();
  readonly #opening = new AbortController();
  readonly #timer: Timer;
  readonly #acceptStreams: () => void;
  #isOver = false;
  #stream: Stream | undefined;

  /** To be created in the turn in which the connection was established: streams that came before are held until then. */
  constructor(connection: Connection, context: IntroductionContext) {
    const { clock, limits } = context;
    this.connection = connection;
    this.#nodeId = connection.remotePeer.toString();
    this.#context = context;
    this.#acceptStreams = resetStreams(connection, limits.inboundStreamsMax, () =>
      this.end('it opened streams again and again'),
    );
    this.#timer = clock.after(limits.introductionTimeoutMs, () => this.end('it did not answer in time'));
    connection.addEventListener('close', () => this.end('the connection ended'));
  }

  /** Resolves, when nothing is left to do, with why it failed, or with undefined when it did not. Never rejects. */
  async run(): Promise<string | undefined> {
    await this.#ask();
    return this.#over.promise;
  }

  /** Ends it: with a reason it failed, without one the stranger is known now and may use the connection. */
  end(failure?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#acceptStreams();
    // The other end takes the end of the stream as leave to go on, so one that is being opened is opened first.
    this.#stream?.abort(new Error('the introduction is over'));
    if (failure !== undefined) {
      this.#opening.abort();
      this.connection.abort(new Error(failure));
    }
    this.#over.resolve(failure);
  }

  async #ask(): Promise<void> {
    const { protocol, introduction, limits } = this.#context;
    const request = introduction.request();
    assert(
      request.length > 0 && request.length <= limits.introductionRequestBytesMax,
      'a request for an introduction is within its bound',
    );
    const signal = AbortSignal.any([this.#opening.signal, AbortSignal.timeout(limits.introductionTimeoutMs)]);
    try {
      const stream = await this.connection.newStream(protocol, { signal });
      if (this.#isOver) return stream.abort(new Error('the introduction is over'));
      this.#stream = stream;
      if (stream.status !== 'open') throw new Error('the stream ended at once');
      stream.send(withLength(request));
    } catch (error) {
      return this.end(`it takes no request: ${messageOf(error)}`);
    }
    readSingleFrame(this.#stream, limits.introductionAnswerBytesMax, {
      take: (answer) => this.#take(answer),
      fail: (reason) => this.end(reason),
    });
  }

  #take(answer: Uint8Array): void {
    if (this.#isOver) return;
    const isKnown = this.#context.introduction.take(this.#nodeId, answer);
    assert(this.#isOver || !isKnown, 'whoever accepts an introduction has named the new peer by then');
    this.end('its introduction was not accepted');
  }
}

/**
 * Resets every stream that the other end opens, until the returned function is called. libp2p has no hook for this: a
 * protocol's handler is called after the negotiation, which would already tell the other end that it has a stream. Its
 * muxer has one. `onMany` is called with each stream above `streamsMax`.
 */
function resetStreams(connection: Connection, streamsMax: number, onMany: () => void): () => void {
  const { muxer } = connection as { muxer?: EventTarget };
  const source = present(muxer, 'a libp2p connection keeps its muxer in `muxer`');
  let streams = 0;
  const reset = (event: Event): void => {
    (event as CustomEvent<Stream>).detail.abort(new Error('the key is not in the configuration'));
    streams += 1;
    if (streams > streamsMax) onMany();
  };
  source.addEventListener('stream', reset);
  return () => source.removeEventListener('stream', reset);
}
