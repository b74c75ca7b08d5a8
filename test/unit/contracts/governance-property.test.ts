import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  domainOf,
  issuersOf,
  memberNamed,
  memberNamesOf,
  nodesOf,
  parameterNames,
  parameterOf,
  type TestResult,
  waitingChangesOf,
} from '../../../src/contracts/index.ts';
import { council, membersOfCouncil } from './council.ts';
import { Draw } from './draw.ts';
import { hourMs } from './support.ts';

interface Made {
  readonly change: Record<string, unknown>;
  readonly proposer: string;
  readonly closesAt: number;
  /** Actors whose approval was taken. */
  readonly approvals: Set<string>;
  state: string;
}

/** What the test keeps itself, from nothing but what was sent and what came of it. */
class Model {
  /** Member to the actor whose key speaks for it. */
  readonly keys = new Map<string, string>(membersOfCouncil.map((member) => [member, member]));
  threshold: number | undefined;
  readonly made = new Map<string, Made>();

  get needed(): number {
    const members = this.keys.size;
    const stated = this.threshold ?? Math.floor(members / 2) + 1;
    return Math.max(members >= 2 ? 2 : 1, Math.min(stated, members));
  }

  isCurrent(actor: string): boolean {
    return [...this.keys.values()].includes(actor);
  }

  isOpen(made: Made, nowMs: number): boolean {
    return made.state === 'open' && nowMs < made.closesAt && this.isCurrent(made.proposer);
  }

  /** Why it must not have been done; undefined when it may. */
  objection(made: Made, voter: string, subject: string | undefined): string | undefined {
    const approving = [...made.approvals, voter].filter((actor) => this.isCurrent(actor));
    if (new Set(approving).size < this.needed) return `${approving.length} of ${this.needed}`;
    const own = subject === undefined ? undefined : this.keys.get(subject);
    if (own === undefined || approving.includes(own)) return undefined;
    return new Set(approving).size >= 2 ? undefined : `${subject} is locked out by one`;
  }

  /** What becomes of members and threshold. */
  follow({ action, member, governanceKey, parameter, value }: Made['change'], actorOf: (did: unknown) => string): void {
    if (action === 'member-add' || action === 'member-rekey') this.keys.set(String(member), actorOf(governanceKey));
    if (action === 'member-remove') this.keys.delete(String(member));
    if (parameter === 'governance.threshold') this.threshold = value as number | undefined;
  }
}

function targetOf({ action, member, nodeKey, role, parameter, domain }: Made['change']): string {
  if (String(action).startsWith('member')) return `member ${String(member)}`;
  if (String(action).startsWith('rules')) return 'rules';
  return [nodeKey, role, parameter, domain].map(String).join();
}

const actors = [...membersOfCouncil, 'new-1', 'new-2', 'new-3', 'new-4', 'kay'];

function play(seed: number): { readonly passed: ReadonlySet<string>; readonly conflicts: number } {
  const draw = new Draw(seed);
  const given = council();
  const { ledger, did, nodeId } = given;
  const model = new Model();
  const passed = new Set<string>();
  let conflicts = 0;
  const actorOf = (text: unknown): string => actors.find((actor) => did(actor) === text) ?? '';

  const decided = (): Record<string, unknown> => ({
    members: memberNamesOf(ledger.state).map((name) => memberNamed(ledger.state, name)),
    parameters: parameterNames.map((name) => name !== 'governance.threshold' && parameterOf(ledger.state, name)),
    issuers: issuersOf(ledger.state, 'device'),
    custodian: domainOf(ledger.state, 'north-records')?.custodian,
    waiting: waitingChangesOf(ledger.state),
  });

  const drawChange = (): Made['change'] => {
    const member = draw.from([...membersOfCouncil, 'lake', 'hill']);
    const governanceKey = did(draw.from(actors));
    return draw.from([
      { action: 'member-add', member: draw.from(['lake', 'hill']), governanceKey },
      { action: 'member-remove', member },
      { action: 'member-rekey', member, governanceKey },
      { action: draw.from(['node-remove', 'node-retire', 'node-demote']), nodeKey: nodeId(`${member}-node`) },
      { action: 'parameter-set', parameter: 'governance.threshold', ...(draw.once(3) ? {} : { value: draw.below(7) }) },
      { action: 'parameter-set', parameter: 'governance.proposalPauseMs', value: draw.below(hourMs) },
      { action: 'role-issuers', role: 'device', issuers: [member] },
      { action: 'domain-hand-over', domain: 'north-records', member },
    ]);
  };

  /** The member that a change is aimed at, before it is done. */
  const subjectOf = ({ action, member, nodeKey }: Made['change']): string | undefined => {
    if (action === 'member-remove' || action === 'member-rekey') return String(member);
    if (action === 'domain-hand-over') return domainOf(ledger.state, 'north-records')?.custodian;
    if (action !== 'node-remove' && action !== 'node-retire') return undefined;
    const leaving = new Set(waitingChangesOf(ledger.state).map((change) => change.nodeKey.join()));
    const owner = nodesOf(ledger.state).find((node) => nodeId(`${node.member}-node`) === nodeKey)?.member;
    return nodesOf(ledger.state).filter((node) => node.member === owner && !leaving.has(node.nodeKey.join())).length ===
      1
      ? owner
      : undefined;
  };

  const settle = (
    made: Made,
    sender: string,
    result: TestResult,
    before: object,
    subject: string | undefined,
  ): void => {
    const state = String(result.output?.['state']);
    if (state === 'passed') {
      expect(model.objection(made, sender, subject), JSON.stringify(made.change)).toBeUndefined();
      model.follow(made.change, actorOf);
      passed.add(String(made.change['action']));
    } else expect(decided()).toEqual(before);
    made.state = state;
  };

  for (let step = 0; step < 120; step++) {
    const before = decided();
    const open = [...model.made].filter(([, made]) => model.isOpen(made, ledger.nowMs));
    const sender = draw.from(actors);
    if (open.length > 0 && !draw.once(3)) {
      const [id, made] = draw.from(open);
      const approve = !draw.once(4);
      const subject = subjectOf(made.change);
      const result = given.vote(sender, id, approve);
      if (!result.ok) expect(decided()).toEqual(before);
      else {
        expect(model.isCurrent(sender)).toBe(true);
        settle(made, sender, result, before, subject);
        if (approve) made.approvals.add(sender);
      }
    } else {
      const change = drawChange();
      const clashes = open.some(([, made]) => targetOf(made.change) === targetOf(change));
      const subject = subjectOf(change);
      const result = given.propose(sender, change);
      if (result.code === 'proposal-conflicts') {
        expect(clashes).toBe(true);
        conflicts += 1;
      }
      if (!result.ok) expect(decided()).toEqual(before);
      else {
        expect(model.isCurrent(sender)).toBe(true);
        expect(clashes, JSON.stringify(change)).toBe(false);
        const made = {
          change,
          proposer: sender,
          closesAt: ledger.nowMs + 7 * 24 * hourMs,
          approvals: new Set<string>(),
          state: '',
        };
        settle(made, sender, result, before, subject);
        made.approvals.add(sender);
        model.made.set(result.id, made);
      }
    }
    expect(memberNamesOf(ledger.state)).toEqual([...model.keys.keys()].sort());
    for (const [member, actor] of model.keys)
      expect(memberNamed(ledger.state, member)?.governanceKey).toEqual(ledger.actor(actor).key);
    if (draw.once(6)) ledger.enact();
    ledger.nowMs += draw.from([0, hourMs, 30 * hourMs]);
  }
  return { passed, conflicts };
}

describe('whatever members propose and vote', () => {
  it('nothing is done without the threshold of that time, nobody is locked out by one, and nothing conflicts', () => {
    const passed = new Set<string>();
    let conflicts = 0;
    fc.assert(
      fc.property(fc.noShrink(fc.integer()), (seed) => {
        const played = play(seed);
        for (const action of played.passed) passed.add(action);
        conflicts += played.conflicts;
      }),
      { numRuns: 25, seed: 7 },
    );
    // The runs were not empty ones.
    expect(conflicts).toBeGreaterThan(5);
    expect([...passed].sort()).toEqual(
      expect.arrayContaining([
        'member-add',
        'member-rekey',
        'member-remove',
        'node-remove',
        'parameter-set',
        'role-issuers',
      ]),
    );
  });
});
