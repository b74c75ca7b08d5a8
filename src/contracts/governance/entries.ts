import { z } from 'zod';
import { name, nodeKey, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { address as addressText, changeShape, type ProposedChange } from './action.ts';
import { type ProposalState, proposalStates } from './state.ts';

/** The stream in which all of these stand. */
export const governanceStream = 'governance';

/** With what the proposer's own approval comes to. */
export const proposalMade: EntryType<
  ProposedChange & { proposal: Uint8Array; proposer: string; state: ProposalState; at: number }
> = entryType(
  'proposal-made',
  z.strictObject({
    proposal: transactionId(),
    proposer: name(),
    ...changeShape,
    state: z.enum(proposalStates),
    at: timestamp(),
  }),
);

/** With what the votes come to; `passed` is when what was proposed is done. */
export const voteCast: EntryType<{
  proposal: Uint8Array;
  member: string;
  approve: boolean;
  state: ProposalState;
  at: number;
}> = entryType(
  'vote-cast',
  z.strictObject({
    proposal: transactionId(),
    member: name(),
    approve: z.boolean(),
    state: z.enum(proposalStates),
    at: timestamp(),
  }),
);

export const proposalWithdrawn: EntryType<{ proposal: Uint8Array; member: string; at: number }> = entryType(
  'proposal-withdrawn',
  z.strictObject({ proposal: transactionId(), member: name(), at: timestamp() }),
);

/** A member replaces a node of its own. */
export const nodeReplaced: EntryType<{
  member: string;
  nodeKey: Uint8Array;
  newNodeKey: Uint8Array;
  address?: string;
  at: number;
}> = entryType(
  'node-replaced',
  z.strictObject({
    member: name(),
    nodeKey: nodeKey(),
    newNodeKey: nodeKey(),
    address: addressText().exactOptional(),
    at: timestamp(),
  }),
);

/** A member takes a node of its own out at once. */
export const nodeRetired: EntryType<{ member: string; nodeKey: Uint8Array; at: number }> = entryType(
  'node-retired',
  z.strictObject({ member: name(), nodeKey: nodeKey(), at: timestamp() }),
);
