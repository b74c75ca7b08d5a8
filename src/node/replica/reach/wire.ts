import { AssentError, messageOf } from '../../../base/index.ts';
import { decodeCanonical, encodeCanonical } from '../../../ledger/index.ts';
import { count, list } from '../records.ts';
import { driverNumbers, wireVersion } from '../wire.ts';

/** What nodes tell one another about how far each of them is; consensus does not see it. */
export interface ReachMessage {
  /** `applied-wanted`: to be told when the receiver has applied this block. `applied`: what the sender has applied. */
  readonly type: 'applied-wanted' | 'applied';
  readonly height: number;
}

const frameLimits = { bytesMax: 32, depthMax: 1, countMax: 4 };

/** Whether a frame is one of these: the number is its third byte, since the list is short and both numbers are small. */
export function isReachFrame(frame: Uint8Array): boolean {
  return frame[2] === driverNumbers['applied-wanted'] || frame[2] === driverNumbers.applied;
}

export function encodeReachMessage({ type, height }: ReachMessage): Uint8Array {
  return encodeCanonical([wireVersion, driverNumbers[type], height]);
}

/** Throws `frame-invalid` for anything that {@link encodeReachMessage} does not give. */
export function decodeReachMessage(frame: Uint8Array): ReachMessage {
  try {
    const [version, number, height] = list(decodeCanonical(frame, frameLimits), 3);
    if (version !== wireVersion) throw invalid('unknown version');
    const type = (['applied-wanted', 'applied'] as const).find((known) => number === driverNumbers[known]);
    if (type === undefined) throw invalid('unknown message');
    return { type, height: count(height) };
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about applied blocks is not readable: ${reason}`, {}, { cause });
}
