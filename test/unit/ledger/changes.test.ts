import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.ts';
import { encodeBlock } from '../../../src/ledger/block.ts';
import { headerMessage } from '../../../src/ledger/header.ts';
import {
  decodeBlock,
  encodeHeader,
  Ledger,
  type NodeConfiguration,
  nodeConfiguration,
  openConfiguration,
  type ReceivedBlock,
  VerifiedBlock,
  type VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { simulatedRules } from '../../support/simulated-rules.ts';
import { genesis, openLedger, proposer, put, signed, verified, write } from './fixture.ts';

/** Changes of the configuration: rules let them wait, a block enacts one of them when its justification says so. */

const second = new Uint8Array(32).fill(7);

function change(step: string, publicKey: Uint8Array = second): VerifiedTransaction {
  return verified(signed('sim.change', [1, step, publicKey]));
}

function seal(
  ledger: Ledger,
  parent: { readonly hash: Uint8Array; readonly height: number },
  transactions: readonly VerifiedTransaction[],
  enactsChange: boolean,
) {
  const asked: (NodeConfiguration | undefined)[] = [];
  const { draft, accept } = ledger.seal(
    {
      parentHash: parent.hash,
      term: 1,
      timestamp: 1_000_001 + parent.height,
      enactsChange,
      justification: (configuration) => {
        asked.push(configuration);
        return configuration?.bytes ?? new Uint8Array();
      },
    },
    proposer.publicKey,
    transactions,
    (_transaction, reason) => expect.unreachable(reason),
  );
  accept();
  expect(asked).toEqual([draft.configuration]);
  return { block: decodeBlock(draft.sign(proposer).bytes), configuration: draft.configuration };
}

function execute(ledger: Ledger, block: ReceivedBlock, enactsChange: boolean) {
  const transactions = block.transactions.map(({ bytes }) => verified(bytes));
  return ledger.execute(new VerifiedBlock(block, transactions), enactsChange);
}

function altered(block: ReceivedBlock, header: Partial<ReceivedBlock['header']>): ReceivedBlock {
  const headerBytes = encodeHeader({ ...block.header, ...header });
  const headerSignature = proposer.sign(headerMessage(genesis.ledgerId, headerBytes));
  const { justification, transactionBytes: transactions } = block;
  return decodeBlock(encodeBlock({ headerBytes, headerSignature, justification, transactions }));
}

const start = { hash: genesis.ledgerId, height: 0 };
const at = ({ hash, header }: ReceivedBlock) => ({ hash, height: header.height });

describe('a change of the configuration', () => {
  it('waits until a block enacts it, one a block, and then is in force and in the header', async () => {
    const { ledger } = await openLedger();
    const waits = seal(ledger, start, [change('add'), change('promote')], false);
    expect(waits.configuration).toBeUndefined();
    expect(waits.block.header.configurationHash).toEqual(genesis.configuration.hash);
    expect(ledger.pendingChange(start.hash)).toBeUndefined();
    expect(ledger.pendingChange(waits.block.hash)).toEqual({ step: 'add', publicKey: second });
    const first = { publicKey: proposer.publicKey, role: 'voter' } as const;
    const added = seal(ledger, at(waits.block), [put('a', 1)], true);
    expect(added.configuration?.nodes).toEqual([first, { publicKey: second, role: 'learner' }]);
    expect(added.block.header.configurationHash).toEqual(added.configuration?.hash);
    expect(openConfiguration(added.block.justification)).toEqual(added.configuration);
    expect(ledger.pendingChange(added.block.hash)).toEqual({ step: 'promote', publicKey: second });
    const promoted = seal(ledger, at(added.block), [], true);
    expect(ledger.configurationOf(promoted.block.hash).nodes).toEqual([first, { publicKey: second, role: 'voter' }]);
    expect(ledger.configurationOf(start.hash)).toEqual(genesis.configuration);
    expect(ledger.pendingChange(promoted.block.hash)).toBeUndefined();
    const after = seal(ledger, at(promoted.block), [], false);
    expect(after.block.header.configurationHash).toEqual(promoted.configuration?.hash);
  });

  it('takes effect alike on a follower, in the block that approves it too, and after a restart', async () => {
    const leader = await openLedger();
    const follower = await openLedger();
    const blocks = [seal(leader.ledger, start, [change('add'), put('a', 1), change('promote')], true)];
    blocks.push(seal(leader.ledger, at((blocks[0] as (typeof blocks)[0]).block), [put('b', 2)], true));
    for (const { block, configuration } of blocks) {
      expect(execute(follower.ledger, block, true)).toEqual({ ok: true });
      expect(follower.ledger.configurationOf(block.hash)).toEqual(configuration);
      await write(follower.store, follower.ledger.commit(block.hash).operations);
      follower.ledger.settle(block.hash);
      const { stateRoot, configurationHash } = follower.ledger.applied;
      expect({ stateRoot, configurationHash }).toEqual({
        stateRoot: block.header.stateRoot,
        configurationHash: block.header.configurationHash,
      });
      const again = new Ledger(follower.store, genesis, simulatedRules);
      expect(again.configurationOf(block.hash)).toEqual(configuration);
    }
  });

  it('is refused where nothing waits, and no leader seals one', async () => {
    const leader = await openLedger();
    const { block } = seal(leader.ledger, start, [put('a', 1)], false);
    const follower = await openLedger();
    expect(execute(follower.ledger, block, true)).toEqual({ ok: false, reason: 'configuration' });
    expect(execute(follower.ledger, block, false)).toEqual({ ok: true });
    expect(() => seal(leader.ledger, at(block), [], true)).toThrow('a leader enacts what waits');
  });

  it('is refused when the header names another configuration, or when it goes unsaid', async () => {
    const leader = await openLedger();
    const { block } = seal(leader.ledger, start, [change('add')], true);
    const follower = await openLedger();
    const skipped = nodeConfiguration(0, [...genesis.configuration.nodes, { publicKey: second, role: 'voter' }]);
    for (const configurationHash of [sha256(second), skipped.hash, genesis.configuration.hash]) {
      const refused = execute(follower.ledger, altered(block, { configurationHash }), true);
      expect(refused).toEqual({ ok: false, reason: 'configuration' });
    }
    expect(execute(follower.ledger, block, false)).toEqual({ ok: false, reason: 'configuration' });
    expect(execute(follower.ledger, block, true)).toEqual({ ok: true });
  });

  it('is no longer there once its block left the chain', async () => {
    const { ledger } = await openLedger();
    const { block } = seal(ledger, start, [change('add')], true);
    ledger.discard(block.hash);
    const other = seal(ledger, start, [put('a', 1)], false);
    expect(ledger.configurationOf(other.block.hash)).toEqual(genesis.configuration);
    expect(ledger.pendingChange(other.block.hash)).toBeUndefined();
  });
});
