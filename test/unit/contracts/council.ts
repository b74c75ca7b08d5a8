import { fromHex, present } from '../../../src/base/index.ts';
import {
  createdId,
  describeProposal,
  memberNamesOf,
  proposalOf,
  type TestLedger,
  type TestLedgerOptions,
  type TestResult,
  testLedger,
} from '../../../src/contracts/index.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { policy } from './support.ts';

export const membersOfCouncil = ['north', 'south', 'west', 'east', 'mid'] as const;

/** Five members with a voter each and a domain of north; three of them decide. */
export interface Council {
  readonly ledger: TestLedger;
  /** A member's key, by the name of an actor; the first one has the member's own name. */
  did(actor: string): string;
  nodeId(actor: string): string;
  propose(sender: string, change: object): TestResult;
  vote(sender: string, proposal: string, approve?: boolean): TestResult;
  /** Proposed by the first, approved by the others. The state after the last vote, or the code that refused. */
  decide(change: object, ...by: readonly string[]): string;
  members(): readonly string[];
  shown(proposal: string): Record<string, unknown>;
}

export function council(options: TestLedgerOptions = {}): Council {
  const members = options.members ?? membersOfCouncil;
  const ledger = testLedger({
    members,
    nodes: Object.fromEntries(members.map((member) => [`${member}-node`, { member, role: 'voter' }])),
    domains: { 'north-records': { custodian: members[0] as string, policy } },
    ...options,
  });
  const outcome = (result: TestResult): string => result.code ?? String(result.output?.['state']);
  const made: Council = {
    ledger,
    did: (actor) => ledger.actor(actor).did,
    nodeId: (actor) => encodeNodeId(ledger.actor(actor).key),
    propose: (sender, change) => ledger.submit(sender, 'governance.propose', change),
    vote: (sender, proposal, approve = true) => ledger.submit(sender, 'governance.vote', { proposal, approve }),
    decide(change, first, ...others) {
      const proposed = made.propose(first as string, change);
      let last = outcome(proposed);
      for (const member of others) last = outcome(made.vote(member, createdId(proposed, 'proposal')));
      return last;
    },
    members: () => memberNamesOf(ledger.state),
    shown(proposal) {
      const found = present(proposalOf(ledger.state, present(fromHex(proposal), 'an id')), 'it');
      return describeProposal(ledger.state, found, ledger.nowMs);
    },
  };
  return made;
}
