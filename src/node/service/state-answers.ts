import type { ContractObject, JsonValue } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import {
  credentialsOf,
  describeCredential,
  describeDomain,
  describeLink,
  describeRecord,
  domainNamesOf,
  domainOf,
  evaluateAccess,
  linkOf,
  recordOf,
} from '../../contracts/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { AnswerOf, Asked, InputOf } from '../queries/query.ts';

/** Answers from the state at the head, in the contracts' own JSON forms. */
export class StateAnswers
  implements Pick<Asked, 'domainNames' | 'domain' | 'link' | 'credentials' | 'record' | 'decide'>
{
  readonly #ledger: Ledger;
  readonly #nowMs: () => number;

  constructor(ledger: Ledger, nowMs: () => number) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
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

  credentials({ agent }: InputOf<'credentials'>): AnswerOf<'credentials'> {
    return credentialsOf(this.#ledger.state, agent).map(
      (credential) => describeCredential(credential) as ContractObject,
    );
  }

  record({ sender, eventId }: InputOf<'record'>): AnswerOf<'record'> {
    const record = recordOf(this.#ledger.state, sender, eventId);
    if (record === undefined) throw new AssentError('not-found', 'This sender anchored nothing under this event id.');
    return describeRecord(record) as ContractObject;
  }

  /** At the later of the chain's and this node's time: what has ended must not seem open on an idle ledger. */
  decide({ request }: InputOf<'decide'>): AnswerOf<'decide'> {
    const { height, timestamp } = this.#ledger.applied;
    const at = Math.max(timestamp, this.#nowMs());
    const { ruleSet } = this.#ledger.executor;
    const evaluation = evaluateAccess(this.#ledger.state, request, at, ruleSet);
    return {
      decision: evaluation.decision,
      height,
      at,
      ruleset: ruleSet,
      advisory: true,
      explanation: evaluation as unknown as JsonValue,
    };
  }
}
