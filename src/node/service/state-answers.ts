import type {
  ContractObject,
  GovernanceView,
  IdentityView,
  JsonValue,
  MemberList,
  MemberView,
  NodeList,
  ProposalView,
} from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import {
  accessLogOf,
  describeCredentials,
  describeDomain,
  describeGovernance,
  describeIdentity,
  describeLink,
  describeMember,
  describeMembers,
  describeNodes,
  describeProposal,
  describeRecord,
  domainNamesOf,
  domainOf,
  linkOf,
  memberNamed,
  proposalOf,
  proposalsOf,
  recordOf,
  waitingDisputes,
  waitingReviews,
} from '../../contracts/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { AnswerOf, Asked, InputOf } from '../queries/query.ts';

/** Answers from the state at the head, in the contracts' own JSON forms. */
export class StateAnswers
  implements
    Pick<
      Asked,
      | 'accessLog'
      | 'domainNames'
      | 'domain'
      | 'link'
      | 'reviews'
      | 'disputes'
      | 'identity'
      | 'credentials'
      | 'record'
      | 'members'
      | 'member'
      | 'governance'
      | 'nodes'
      | 'proposals'
      | 'proposal'
    >
{
  readonly #ledger: Ledger;
  readonly #nowMs: () => number;

  constructor(ledger: Ledger, nowMs: () => number) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
  }

  accessLog({ subject }: InputOf<'accessLog'>): AnswerOf<'accessLog'> {
    const log = accessLogOf(this.#ledger.state, subject);
    return log && { at: this.#ledger.applied.height, size: log.size, root: log.root };
  }

  domainNames(): AnswerOf<'domainNames'> {
    return domainNamesOf(this.#ledger.state);
  }

  domain({ name }: InputOf<'domain'>): AnswerOf<'domain'> {
    const domain = domainOf(this.#ledger.state, name);
    if (domain === undefined) throw new AssentError('not-found', `There is no domain named ${name}.`);
    const { policy } = describeDomain(domain);
    return { name: domain.name, custodian: domain.custodian, policy: policy as JsonValue };
  }

  link({ name, subject }: InputOf<'link'>): AnswerOf<'link'> {
    const link = linkOf(this.#ledger.state, name, subject);
    if (link === undefined) throw new AssentError('not-found', `${name} has no link to this subject.`);
    return describeLink(link) as ContractObject;
  }

  reviews({ name, state: wanted, from, limit }: InputOf<'reviews'>): AnswerOf<'reviews'> {
    this.domain({ name });
    const at = this.#atMs;
    const { items, ...rest } = waitingReviews(this.#ledger.state, name, wanted, at, from, limit);
    return { at, ...rest, reviews: items };
  }

  disputes({ name, from, limit }: InputOf<'disputes'>): AnswerOf<'disputes'> {
    this.domain({ name });
    const { items, ...rest } = waitingDisputes(this.#ledger.state, name, from, limit);
    return { at: this.#atMs, ...rest, disputes: items };
  }

  identity({ did }: InputOf<'identity'>): AnswerOf<'identity'> {
    return describeIdentity(this.#ledger.state, did, this.#atMs) as unknown as IdentityView;
  }

  credentials({ agent }: InputOf<'credentials'>): AnswerOf<'credentials'> {
    return describeCredentials(this.#ledger.state, agent, this.#atMs) as unknown as AnswerOf<'credentials'>;
  }

  record({ sender, eventId }: InputOf<'record'>): AnswerOf<'record'> {
    const record = recordOf(this.#ledger.state, sender, eventId);
    if (record === undefined) throw new AssentError('not-found', 'This sender anchored nothing under this event id.');
    return describeRecord(record) as ContractObject;
  }

  members(): AnswerOf<'members'> {
    return describeMembers(this.#ledger.state) as unknown as MemberList;
  }

  member({ name }: InputOf<'member'>): AnswerOf<'member'> {
    const member = memberNamed(this.#ledger.state, name);
    if (member === undefined) throw new AssentError('not-found', `There is and was no member named ${name}.`);
    return describeMember(member) as unknown as MemberView;
  }

  governance(): AnswerOf<'governance'> {
    return describeGovernance(this.#ledger.state) as unknown as GovernanceView;
  }

  nodes(): AnswerOf<'nodes'> {
    return describeNodes(this.#ledger.state) as unknown as NodeList;
  }

  proposals(): AnswerOf<'proposals'> {
    return proposalsOf(this.#ledger.state).map(
      (proposal) => describeProposal(this.#ledger.state, proposal, this.#atMs) as unknown as ProposalView,
    );
  }

  proposal({ id }: InputOf<'proposal'>): AnswerOf<'proposal'> {
    const proposal = proposalOf(this.#ledger.state, id);
    if (proposal === undefined) throw new AssentError('not-found', 'There is no proposal with this id.');
    return describeProposal(this.#ledger.state, proposal, this.#atMs) as unknown as ProposalView;
  }

  /** The later of the chain's and this node's time: what has ended must not seem open on an idle ledger. */
  get #atMs(): number {
    return Math.max(this.#ledger.applied.timestamp, this.#nowMs());
  }
}
