import { AssentError, messageOf, present } from '../../../base/index.ts';
import { decodeNodeId, encodeNodeId, type NodeId, PUBLIC_KEY_BYTES } from '../../../crypto/index.ts';
import { decodeCanonical, encodeCanonical } from '../../../ledger/index.ts';
import { binary, count, list } from '../records.ts';
import { driverNumbers, wireVersion } from '../wire.ts';

/** Which configuration a lease is of: the height of the change that brought it, and its generation. */
export interface LeaseTerm {
  readonly height: number;
  readonly generation: number;
}

export function isSame(left: LeaseTerm, right: LeaseTerm): boolean {
  return left.height === right.height && left.generation === right.generation;
}

/** What nodes tell one another about leases; consensus does not see it. */
export type LeaseMessage =
  /** The sender asks for a promise. `decides`: the newest block that its decisions hold. */
  | { readonly type: 'lease-wanted'; readonly sequence: number; readonly term: LeaseTerm; readonly decides: number }
  /** The promise, under the number of the question. */
  | { readonly type: 'lease'; readonly sequence: number }
  /** To be told when the receiver's promises to the holder have run out, and it makes none below the block. */
  | { readonly type: 'bar-wanted'; readonly holder: NodeId; readonly height: number }
  | { readonly type: 'barred'; readonly holder: NodeId; readonly height: number };

const types = ['lease-wanted', 'lease', 'bar-wanted', 'barred'] as const satisfies LeaseMessage['type'][];
const frameLimits = { bytesMax: 64, depthMax: 1, countMax: 8 };

/** Whether a frame is one of these: the number is its third byte, since the list is short and both numbers are small. */
export function isLeaseFrame(frame: Uint8Array): boolean {
  const number = frame[2] ?? 0;
  return number >= driverNumbers['lease-wanted'] && number <= driverNumbers.barred;
}

export function encodeLeaseMessage(message: LeaseMessage): Uint8Array {
  const head = [wireVersion, driverNumbers[message.type]];
  switch (message.type) {
    case 'lease-wanted': {
      const { sequence, term, decides } = message;
      return encodeCanonical([...head, sequence, term.height, term.generation, decides]);
    }
    case 'lease':
      return encodeCanonical([...head, message.sequence]);
    case 'bar-wanted':
    case 'barred': {
      const key = present(decodeNodeId(message.holder), 'a node id is of a key');
      return encodeCanonical([...head, key, message.height]);
    }
  }
}

/** Throws `frame-invalid` for anything that {@link encodeLeaseMessage} does not give. */
export function decodeLeaseMessage(frame: Uint8Array): LeaseMessage {
  try {
    const [version, number, ...fields] = list(decodeCanonical(frame, frameLimits));
    if (version !== wireVersion) throw invalid('unknown version');
    const type = types.find((known) => number === driverNumbers[known]);
    switch (type) {
      case 'lease-wanted': {
        const [sequence, height, generation, decides] = list(fields, 4);
        const term = { height: count(height), generation: count(generation) };
        return { type, sequence: count(sequence), term, decides: count(decides) };
      }
      case 'lease': {
        const [sequence] = list(fields, 1);
        return { type, sequence: count(sequence) };
      }
      case 'bar-wanted':
      case 'barred': {
        const [key, height] = list(fields, 2);
        return { type, holder: encodeNodeId(binary(key, PUBLIC_KEY_BYTES)), height: count(height) };
      }
      default:
        throw invalid('unknown message');
    }
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about leases is not readable: ${reason}`, {}, { cause });
}
