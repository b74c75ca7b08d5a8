import type { Stream } from '@libp2p/interface';
import { assert, messageOf } from '../base/index.ts';
import type { IntroductionContext } from './introduction-request.ts';
import { readSingleFrame, withLength } from './single-frame.ts';

/** Answers the one request on a stream that a known peer opened. Resolves when the stream is over; never rejects. */
export async function answerIntroduction(
  stream: Stream,
  peerId: string,
  { introduction, limits, clock }: IntroductionContext,
): Promise<void> {
  // Nothing would tell of its end.
  if (stream.status !== 'open') return;
  const over = Promise.withResolvers<void>();
  const timer = clock.after(limits.introductionTimeoutMs, () =>
    stream.abort(new Error('the introduction took too long')),
  );
  stream.addEventListener('close', () => over.resolve());
  readSingleFrame(stream, limits.introductionRequestBytesMax, {
    take: (request) => {
      const answer = introduction.answer(peerId, request);
      assert(answer.length <= limits.introductionAnswerBytesMax, 'an introduction is within its bound');
      if (answer.length === 0) stream.abort(new Error('there is nothing to say'));
      else send(stream, answer);
    },
    fail: (reason) => stream.abort(new Error(reason)),
  });
  await over.promise;
  timer.cancel();
}

function send(stream: Stream, answer: Uint8Array): void {
  try {
    stream.send(withLength(answer));
  } catch (error) {
    stream.abort(new Error(`the answer could not be sent: ${messageOf(error)}`, { cause: error }));
  }
}
