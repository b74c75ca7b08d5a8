/**
 * A node's look at its own disk: all that it holds, again and again at a bounded rate, against what the chain says; and
 * the repair of what is damaged, from peers by hash or derived anew.
 */

export { type ScrubbedPart, scrubbedParts } from './findings.ts';
export { mendValue } from './mend.ts';
export { decodeRepairMessage, isRepairFrame } from './messages.ts';
export { Repairs } from './repair.ts';
export { Scrubber, type ScrubCounts } from './scrubber.ts';
