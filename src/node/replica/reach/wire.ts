import { AssentError, messageOf } from '../../../base/index.ts';
import { decodeCanonical, encodeCanonical } from '../../../ledger/index.ts';
import { count, list } from '../records.ts';
import { driverNumbers, wireVersion } from '../wire.ts';

/** What a node says of a block: that its effects are on the node's disk, or that it decides on a state that holds them. */
export type ReachWord = 'applied' | 'decides';

/** What nodes tell one another about how far each of them is; consensus does not see it. */
export interface ReachMessage {
  readonly word: ReachWord;
  /** To be told when the receiver can say so of this block; else the newest block of which the sender can. */
  readonly isQuestion: boolean;
  readonly height: number;
}

const numbers: { readonly [word in ReachWord]: { readonly question: number; readonly answer: number } } = {
  applied: { question: driverNumbers['applied-wanted'], answer: driverNumbers.applied },
  decides: { question: driverNumbers['decides-wanted'], answer: driverNumbers.decides },
};

const frameLimits = { bytesMax: 32, depthMax: 1, countMax: 4 };

/**
 * The word that a frame is about, undefined for other frames: the number is its third byte, since the list is short and both
 * numbers are small.
 */
export function reachWordOf(frame: Uint8Array): ReachWord | undefined {
  switch (frame[2]) {
    case numbers.applied.question:
    case numbers.applied.answer:
      return 'applied';
    case numbers.decides.question:
    case numbers.decides.answer:
      return 'decides';
    default:
      return undefined;
  }
}

export function encodeReachMessage({ word, isQuestion, height }: ReachMessage): Uint8Array {
  return encodeCanonical([wireVersion, numbers[word][isQuestion ? 'question' : 'answer'], height]);
}

/** Throws `frame-invalid` for anything that {@link encodeReachMessage} does not give. */
export function decodeReachMessage(frame: Uint8Array): ReachMessage {
  try {
    const [version, number, height] = list(decodeCanonical(frame, frameLimits), 3);
    if (version !== wireVersion) throw invalid('unknown version');
    const word = reachWordOf(frame);
    if (word === undefined) throw invalid('unknown message');
    return { word, isQuestion: number === numbers[word].question, height: count(height) };
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about applied blocks is not readable: ${reason}`, {}, { cause });
}
