import { describe, expect, it } from 'vitest';
import {
  decodeBlock,
  genesisOperations,
  Ledger,
  type ReceivedBlock,
  type RuleExecutor,
  type StateView,
  VerifiedBlock,
  type VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { MemoryStore } from '../../../src/storage/index.ts';
import { simulatedRules } from '../../support/simulated-rules.ts';
import { genesis, proposer, put, signed, verified, write } from './fixture.ts';

/** The second version: what was put is stored one higher, and there is one kind more. */
const second: RuleExecutor = {
  ...simulatedRules,
  ruleSet: 'simulation/2',
  kinds: new Set([...simulatedRules.kinds, 'sim.other']),
  checkPayload: (content) => (content.kind === 'sim.other' ? undefined : simulatedRules.checkPayload(content)),
  execute(transaction, state, block) {
    if (transaction.kind === 'sim.other') return { result: { ok: true, output: 'other' }, index: [] };
    const executed = simulatedRules.execute(transaction, state, block);
    const stored = state.get('sim/value/a');
    if (stored !== undefined) state.put('sim/value/a', Uint8Array.of((stored[0] as number) + 1));
    return executed;
  },
};

/** A program with these versions. Whoever puts a height under `rules` activates the second one there. */
function program(...versions: readonly RuleExecutor[]): RuleExecutor {
  return {
    ...simulatedRules,
    versions: {
      nameAt(state: StateView, height: number) {
        const from = state.get('sim/value/rules')?.[0];
        return from !== undefined && height >= from ? second.ruleSet : simulatedRules.ruleSet;
      },
      get: (name) => versions.find(({ ruleSet }) => ruleSet === name),
    },
  };
}

async function open(rules: RuleExecutor): Promise<{ ledger: Ledger; store: MemoryStore }> {
  const store = new MemoryStore();
  await write(store, genesisOperations(store, genesis, rules));
  return { ledger: new Ledger(store, genesis, rules), store };
}

/** Seals a block of these on the other, `height` milliseconds after genesis. */
function seal(ledger: Ledger, parentHash: Uint8Array, height: number, transactions: readonly VerifiedTransaction[]) {
  const leftOut: string[] = [];
  const sealed = ledger.seal(
    { parentHash, term: 1, timestamp: 1_000_000 + height, enactsChange: false, justification: () => new Uint8Array() },
    proposer.publicKey,
    transactions,
    (transaction, reason) => leftOut.push(`${transaction.kind} ${reason}`),
  );
  sealed.accept();
  return { block: decodeBlock(sealed.draft.sign(proposer).bytes), leftOut };
}

function execute(ledger: Ledger, block: ReceivedBlock) {
  const transactions = block.transactions.map((transaction) => verified(transaction.bytes));
  return ledger.execute(new VerifiedBlock(decodeBlock(block.bytes), transactions), false);
}

async function commit({ ledger, store }: { ledger: Ledger; store: MemoryStore }, hash: Uint8Array): Promise<void> {
  await write(store, ledger.commit(hash).operations);
  ledger.settle(hash);
}

/** Three blocks: the second version is activated for the third. */
function chain(ledger: Ledger): readonly [ReceivedBlock, ReceivedBlock, ReceivedBlock] {
  const first = seal(ledger, genesis.ledgerId, 1, [put('rules', 3), put('a', 10)]).block;
  const before = seal(ledger, first.hash, 2, [put('a', 20), verified(signed('sim.other', [1, 'x']))]);
  expect(before.leftOut).toEqual(['sim.other kind-unknown']);
  const after = seal(ledger, before.block.hash, 3, [put('a', 30), verified(signed('sim.other', [1, 'x']))]);
  expect(after.leftOut).toEqual([]);
  return [first, before.block, after.block];
}

describe('versions of the rules', () => {
  it('hold from their height on, for what has a place in a block and for what comes of it', async () => {
    const leader = await open(program(simulatedRules, second));
    const blocks = chain(leader.ledger);
    const values: unknown[] = [];
    for (const block of blocks) {
      await commit(leader, block.hash);
      values.push([leader.ledger.state.get('sim/value/a')?.[0], leader.ledger.executor.ruleSet]);
      leader.ledger.demandRulesAfter();
    }
    expect(values).toEqual([
      [10, 'simulation/1'],
      [20, 'simulation/2'],
      [31, 'simulation/2'],
    ]);
  });

  it('are those under which a chain is executed again, block on block and after a restart', async () => {
    const rules = program(simulatedRules, second);
    const blocks = chain((await open(rules)).ledger);
    const follower = await open(rules);
    for (const block of blocks) expect(execute(follower.ledger, block)).toEqual({ ok: true });
    const restarted = await open(rules);
    let { ledger } = restarted;
    for (const block of blocks) {
      expect(execute(ledger, block)).toEqual({ ok: true });
      await commit({ ledger, store: restarted.store }, block.hash);
      ledger = new Ledger(restarted.store, genesis, rules);
    }
    expect(ledger.state.get('sim/value/a')).toEqual(Uint8Array.of(31));
  });

  it('that a program lacks are where it stops: before their first block, and with a code', async () => {
    const blocks = chain((await open(program(simulatedRules, second))).ledger);
    const old = await open(program(simulatedRules));
    const [first, before, after] = blocks;
    for (const block of [first, before]) expect(execute(old.ledger, block)).toEqual({ ok: true });
    old.ledger.demandRulesAfter();
    old.ledger.demandRulesAfter(first.hash);
    const stops = expect.objectContaining({
      code: 'rule-set-missing',
      message: expect.stringContaining('simulation/2'),
      data: { height: 3, ruleSet: 'simulation/2' },
    });
    expect(() => old.ledger.demandRulesAfter(before.hash)).toThrow(stops);
    expect(execute(old.ledger, after)).toEqual({ ok: false, reason: 'rule-set-missing' });
    await commit(old, first.hash);
    old.ledger.demandRulesAfter();
    await commit(old, before.hash);
    expect(() => old.ledger.demandRulesAfter()).toThrow(stops);
    // What it has is still read under the rules that it has.
    expect(old.ledger.executor.ruleSet).toBe('simulation/1');
    const updated = new Ledger(old.store, genesis, program(simulatedRules, second));
    updated.demandRulesAfter();
    expect(execute(updated, after)).toEqual({ ok: true });
  });
});
