import { isEvidenceFrame } from '../../src/node/replica/evidence-wire.ts';
import { isLeaseFrame } from '../../src/node/replica/in-force/wire.ts';
import { reachWordOf } from '../../src/node/replica/reach/wire.ts';

/** Whether a frame is of the driver itself, and no message of consensus. */
export function isDriverFrame(frame: Uint8Array): boolean {
  return isEvidenceFrame(frame) || isLeaseFrame(frame) || reachWordOf(frame) !== undefined;
}
