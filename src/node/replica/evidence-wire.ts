import { AssentError, messageOf } from '../../base/index.ts';
import { HASH_BYTES, PUBLIC_KEY_BYTES } from '../../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type EvidenceKind, evidenceKinds } from '../../verify/index.ts';
import { binary, count, list, text } from './records.ts';
import { driverNumbers, wireVersion } from './wire.ts';

/** What nodes tell one another about evidence; consensus does not see it. */
export type EvidenceMessage =
  /** Encoded records that the receiver may lack. */
  | { readonly type: 'evidence'; readonly records: readonly Uint8Array[] }
  /** All that the sender holds; an answer to such a message is not answered with another. */
  | { readonly type: 'evidence-known'; readonly isAnswer: boolean; readonly held: readonly HeldEvidence[] };

/** The ids of the records of one kind against one key. */
export interface HeldEvidence {
  /** Ed25519 node key, 32 bytes. */
  readonly culprit: Uint8Array;
  readonly kind: EvidenceKind;
  readonly ids: readonly Uint8Array[];
}

/** The most bytes of records in one message. */
export const evidenceMessageBytesMax: number = 64 * 1024;

const frameLimits = { bytesMax: 2 * evidenceMessageBytesMax, depthMax: 4, countMax: 8192 };

/** Whether a frame is one of these: the number is its third byte, since the list is short and both numbers are small. */
export function isEvidenceFrame(frame: Uint8Array): boolean {
  return frame[2] === driverNumbers.evidence || frame[2] === driverNumbers['evidence-known'];
}

export function encodeEvidenceMessage(message: EvidenceMessage): Uint8Array {
  const head = [wireVersion, driverNumbers[message.type]];
  if (message.type === 'evidence') return encodeCanonical([...head, message.records]);
  const held = message.held.map(({ culprit, kind, ids }): CanonicalValue => [culprit, kind, ids]);
  return encodeCanonical([...head, message.isAnswer, held]);
}

/** Throws `frame-invalid` for anything that {@link encodeEvidenceMessage} does not give. The records are not read. */
export function decodeEvidenceMessage(frame: Uint8Array): EvidenceMessage {
  try {
    const [version, number, ...fields] = list(decodeCanonical(frame, frameLimits));
    if (version !== wireVersion) throw invalid('unknown version');
    if (number === driverNumbers.evidence) {
      const [records] = list(fields, 1);
      return { type: 'evidence', records: list(records).map((record) => binary(record)) };
    }
    if (count(number) !== driverNumbers['evidence-known']) throw invalid('unknown message');
    const [isAnswer, held] = list(fields, 2);
    if (typeof isAnswer !== 'boolean') throw invalid('a flag is true or false');
    return { type: 'evidence-known', isAnswer, held: list(held).map(heldIn) };
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalid(messageOf(error), error);
  }
}

function heldIn(value: CanonicalValue): HeldEvidence {
  const [culprit, kindText, ids] = list(value, 3);
  const name = text(kindText);
  const kind = evidenceKinds.find((known) => known === name);
  if (kind === undefined) throw invalid('unknown kind of evidence');
  return { culprit: binary(culprit, PUBLIC_KEY_BYTES), kind, ids: list(ids).map((id) => binary(id, HASH_BYTES)) };
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('frame-invalid', `a message about evidence is not readable: ${reason}`, {}, { cause });
}
