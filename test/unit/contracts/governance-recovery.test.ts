import { expect, it } from 'vitest';
import { present, toHex } from '../../../src/base/index.ts';
import {
  builtInContracts,
  createdId,
  createRuleExecutor,
  describeNodes,
  proposalsOf,
  ruleSet,
  testLedger,
} from '../../../src/contracts/index.ts';
import { encodeNodeId, verifySignaturePortable } from '../../../src/crypto/portable.ts';
import type { RecoveryContent, StateView } from '../../../src/ledger/portable.ts';

const block = { ledgerId: new Uint8Array(32), height: 77, timestamp: 1_800_000_000_000 };

/** Three nodes, a change of them that waits, and a proposal that is open. */
function beforeTheLoss() {
  const ledger = testLedger({
    members: ['north', 'south', 'west'],
    nodes: {
      n1: { member: 'north', role: 'voter' },
      n2: { member: 'south', role: 'voter' },
      n3: { member: 'west', role: 'voter' },
    },
  });
  const id = (node: string): string => encodeNodeId(ledger.actor(node).key);
  const propose = (action: string, node: string) => {
    const more = action === 'node-add' ? { member: 'north' } : {};
    return ledger.submit('north', 'governance.propose', { action, nodeKey: id(node), ...more });
  };
  const passed = propose('node-remove', 'n3');
  ledger.submit('south', 'governance.vote', { proposal: createdId(passed, 'proposal'), approve: true });
  propose('node-add', 'n4');
  expect(describeNodes(ledger.state).waiting).toHaveLength(1);
  expect(proposalsOf(ledger.state).map(({ state }) => state)).toEqual(['open', 'passed']);
  const content: RecoveryContent = {
    generation: 1,
    nodes: [
      { publicKey: ledger.actor('fresh1').key, member: 'north', role: 'voter', address: 'north.example:7400' },
      { publicKey: ledger.actor('fresh2').key, member: 'south', role: 'learner' },
    ],
  };
  return { ledger, content };
}

function refound(state: StateView, content: RecoveryContent) {
  const written = new Map<string, Uint8Array | undefined>();
  const after = {
    get: (key: string) => (written.has(key) ? written.get(key) : state.get(key)),
    put: (key: string, value: Uint8Array) => void written.set(key, value),
    delete: (key: string) => void written.set(key, undefined),
  };
  const executor = createRuleExecutor(builtInContracts, { ruleSet, verifySignature: verifySignaturePortable });
  return { accepted: executor.refound(after, content, block), after, written, executor };
}

it('puts the nodes of a recovery in the place of all others, and drops what was decided about those', () => {
  const { ledger, content } = beforeTheLoss();
  const { accepted, after, executor } = refound(ledger.state, content);
  expect(accepted).toBe(true);
  expect(executor.configuration(after)).toEqual({
    generation: 1,
    nodes: content.nodes.map(({ publicKey, role }) => ({ publicKey, role })),
  });
  const sinceBlock = { role: 'voter', member: 'north', sinceHeight: 77, address: 'north.example:7400' };
  expect(describeNodes(after)).toMatchObject({
    generation: 1,
    nodes: [sinceBlock, { role: 'learner', member: 'south', sinceHeight: 77 }],
    waiting: [],
  });
  expect(proposalsOf(after).map(({ state }) => state)).toEqual(['withdrawn', 'passed']);
  expect(executor.nextChange(after)).toBeUndefined();
});

it('takes neither a key that was a node, nor a generation but the next, nor a stranger', () => {
  const { ledger, content } = beforeTheLoss();
  const [head, ...rest] = content.nodes;
  const withHead = (node: object): RecoveryContent => ({
    ...content,
    nodes: [{ ...present(head, 'a node'), ...node }, ...rest],
  });
  const again = refound(ledger.state, content).after;
  const former = ledger.actor('n1').key;
  for (const [state, wrong] of [
    [ledger.state, { ...content, generation: 2 }],
    [ledger.state, { ...content, generation: 0 }],
    [ledger.state, withHead({ publicKey: former })],
    [ledger.state, withHead({ member: 'east' })],
    // Once retired, for ever.
    [again, { ...withHead({ publicKey: former }), generation: 2, nodes: [withHead({ publicKey: former }).nodes[0]] }],
  ] as readonly (readonly [StateView, RecoveryContent])[]) {
    const { accepted, written } = refound(state, wrong);
    expect(accepted, `${wrong.generation} ${toHex(wrong.nodes[0]?.publicKey ?? new Uint8Array())}`).toBe(false);
    expect(written.size).toBe(0);
  }
  const others = [{ publicKey: ledger.actor('fresh3').key, member: 'west', role: 'voter' }] as const;
  expect(refound(again, { generation: 2, nodes: others }).accepted).toBe(true);
});
