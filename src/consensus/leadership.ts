import type { NodeId } from '../crypto/portable.ts';
import type { AckTally } from './ack-tally.ts';
import type { Progress } from './progress.ts';
import type { LeaderReads } from './reads-leader.ts';
import type { TermCertificate } from './types.ts';

/** The leadership is on its way to another voter. */
export interface Transfer {
  readonly target: NodeId;
  readonly startTick: number;
  /** When the target was last told to campaign. */
  orderTick: number | undefined;
}

/** What only a leader knows; it begins and ends with the leadership. */
export interface Leadership {
  readonly termCertificate: TermCertificate;
  /** Of every node of the configuration, and of removed ones until they hold the certificate of their removal. */
  readonly progress: Map<NodeId, Progress>;
  readonly tally: AckTally;
  readonly reads: LeaderReads;
  /** The number of the last heartbeat round. */
  round: number;
  /** A round is to start with the next Ready. */
  roundDue: boolean;
  heartbeatTick: number;
  /** Last tick at which a majority's clocks agreed with this one's. */
  clockAgreedTick: number;
  /** While there is one, nothing is sealed. */
  transfer: Transfer | undefined;
}
