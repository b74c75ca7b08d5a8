import { expect, test } from 'vitest';
import { voteRequestMessage } from '../../src/consensus/index.ts';
import { Scenario } from '../support/simulated-scenario.ts';

test('3: a vote survives a crash before its reply, and a rival of the same term is refused', async () => {
  const scenario = await Scenario.started();
  const rival = scenario.theLeader;
  await scenario.commit(rival);
  await scenario.converge();
  const { tip, term } = scenario.status(rival);
  scenario.decide((message) => (message.type === 'vote-reply' ? 'drop' : 'deliver'));
  scenario.crash(rival);
  const voters = scenario.others(rival);
  const voted = (node: number): boolean => {
    const { vote } = scenario.promised(node);
    return vote !== undefined && vote.term > term && vote.candidate !== scenario.machine(node).nodeId;
  };
  await scenario.until('someone has voted for the other', () => voters.some(voted));
  const voter = voters.find(voted) as number;
  const promised = scenario.promised(voter).vote;
  scenario.crash(voter);
  scenario.start(voter);
  await scenario.until('the voter may vote again', () => scenario.status(voter).withheld === undefined);

  // The rival's key asks for the same term, with as good a tip.
  scenario.invariants.misusedKeys.add(scenario.machine(rival).nodeId);
  const configurationHash = scenario.cluster.genesis.configuration.hash;
  const statement = { term: promised?.term ?? 0, candidate: scenario.machine(rival).nodeId, tip, configurationHash };
  const message = voteRequestMessage(scenario.cluster.genesis.ledgerId, statement);
  let granted = 0;
  scenario.decide((reply, from, to) => {
    if (reply.type === 'vote-reply' && from === voter && to === rival && reply.signature !== undefined) granted += 1;
    return 'deliver';
  });
  scenario.inject(rival, voter, {
    type: 'vote-request',
    statement,
    signature: scenario.machine(rival).signer.sign(message),
  });
  await scenario.pass(200);
  expect(granted).toBe(0);
  const { vote } = scenario.promised(voter);
  expect(vote?.term === promised?.term ? vote?.candidate : undefined).not.toBe(scenario.machine(rival).nodeId);
});

test('4: a restart never lowers a term that others have seen', async () => {
  const scenario = await Scenario.started();
  const seen = new Map<number, number>();
  scenario.decide((message, from) => {
    // PreVotes name the term that is wished for.
    if ('term' in message && message.type !== 'pre-vote-request' && message.type !== 'pre-vote-reply')
      seen.set(from, Math.max(message.term, seen.get(from) ?? 0));
    return 'deliver';
  });
  for (let round = 0; round < 6; round++) {
    const leader = scenario.theLeader;
    for (const node of scenario.everyone()) scenario.crash(node);
    scenario.start(...scenario.everyone());
    for (const node of scenario.everyone()) {
      await scenario.until('it is open', () => scenario.machine(node).process?.status() !== undefined);
      expect(scenario.status(node).term).toBeGreaterThanOrEqual(seen.get(node) ?? 0);
    }
    scenario.cluster.network.cutBoth(leader, (leader + 1) % 3);
    await scenario.until('there is a leader', () => scenario.leader() !== undefined);
    scenario.cluster.network.healAll();
  }
  expect(Math.max(...seen.values())).toBeGreaterThan(4);
});

test('64: all nodes restart at once: nonces are answered and voting resumes', async () => {
  for (const voterCount of [1, 3, 5]) {
    const scenario = await Scenario.started({ voterCount, seed: voterCount });
    const before = await scenario.commit(0);
    scenario.crash(...scenario.everyone());
    let nonces = 0;
    scenario.decide((message) => {
      if (message.type === 'nonce-reply') nonces += 1;
      return 'deliver';
    });
    scenario.start(...scenario.everyone());
    const after = await (async () => {
      await scenario.until('there is a leader', () => scenario.leader() !== undefined);
      return scenario.commit(scenario.theLeader);
    })();
    expect(after.receipt?.height).toBeGreaterThan(before.receipt?.height ?? 0);
    expect(nonces > 0).toBe(voterCount > 1);
    await scenario.converge();
  }
});

test('73: the long tip in term 1, a self-vote in term 2 on the short one: refusals teach terms, someone wins', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [long, short] = scenario.others(leader) as [number, number];
  const { term } = scenario.status(leader);
  // The short one hears nothing of its leader; a stray PreVote grant of the long one lets it campaign, unheard.
  scenario.decide((message, from, to) => {
    if (from === leader && to === short) return 'drop';
    if (from === long && to === short && message.type === 'pre-vote-reply') return 'drop';
    if (from === short && message.type === 'pre-vote-request' && to === long) {
      const { tip } = scenario.status(long);
      scenario.cluster.queue.schedule(0, 'forged', () =>
        scenario.inject(long, short, {
          type: 'pre-vote-reply',
          term: message.term,
          round: message.round,
          granted: true,
          tip,
        }),
      );
      return 'drop';
    }
    return from === short && message.type === 'vote-request' ? 'drop' : 'deliver';
  });
  await scenario.until('the short one voted for itself', () => (scenario.promised(short).vote?.term ?? 0) > term);
  await scenario.commit(leader);
  expect(scenario.status(leader).term).toBe(term);
  expect(scenario.status(long).tip.height).toBeGreaterThan(scenario.status(short).tip.height);
  const { tip } = scenario.status(long);
  const hash = scenario.durableHash(long, tip.height);
  scenario.crash(leader);
  scenario.deliverAll();
  await scenario.until('one of the two leads', () => scenario.leader() !== undefined);
  await scenario.commit(scenario.theLeader);
  await scenario.converge([long, short]);
  expect(scenario.durableHash(short, tip.height)).toBe(hash);
});
