import { beforeAll, expect, it } from 'vitest';
import { present, silentLogger } from '../../../../src/base/index.ts';
import { openManifest } from '../../../../src/ledger/index.ts';
import { encodeAddress } from '../../../../src/ledger/snapshot/format.ts';
import { decodeSnapshotMessage, pieceBytesMax, type SnapshotMessage } from '../../../../src/node/snapshots/messages.ts';
import { proofsOf } from '../../../../src/node/snapshots/proofs.ts';
import { SnapshotServer } from '../../../../src/node/snapshots/server.ts';
import { prefixRange } from '../../../../src/storage/index.ts';
import { genesis, put, TestCluster, type TestNode } from './harness.ts';

const nothing = new Uint8Array();
let node: TestNode;
beforeAll(async () => {
  const cluster = new TestCluster();
  for (const voter of cluster.voters) await cluster.start(voter);
  await cluster.commit([put(1), put(2)]);
  node = present(cluster.leader, 'a leader');
  await cluster.until(() => node.ledger.applied.height === node.replica.status().tip.height, 'all is applied');
});

class Asker {
  nowMs = 0;
  readonly answers: { readonly to: string; readonly message: SnapshotMessage }[] = [];
  readonly faults: Error[] = [];
  readonly server: SnapshotServer;
  hasProofs = true;

  constructor() {
    const { store } = node.disk;
    this.server = new SnapshotServer({
      store,
      logger: silentLogger,
      proofsOf: (block) => (this.hasProofs ? proofsOf(store, block, () => node.replica.history.after(0)) : undefined),
      appliedHeight: () => node.ledger.applied.height,
      nowMs: () => this.nowMs,
      send: (to, frame) => this.answers.push({ to, message: decodeSnapshotMessage(frame) }),
      onFault: (error) => this.faults.push(error),
    });
  }

  ask(from: string, block: Uint8Array = nothing, address: Uint8Array = nothing, offset = 0): void {
    this.server.receive(from, { type: 'request', block, address, offset });
  }

  /** Until there are so many answers in all. */
  async answered(count: number): Promise<SnapshotMessage> {
    for (let turn = 0; this.answers.length < count; turn++) {
      if (turn === 1000) throw new Error(`there are only ${this.answers.length} answers`);
      await this.turns(1);
      this.server.tick();
    }
    return present(this.answers[count - 1], 'an answer').message;
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

it('opens one source for all who ask, and closes it when nobody asks any more or it is old', async () => {
  const asker = new Asker();
  asker.ask('first');
  asker.ask('second');
  const [first, second] = [await asker.answered(1), await asker.answered(2)];
  if (first.type !== 'piece') throw new Error('there is a snapshot');
  expect(second).toEqual(first);
  expect(asker.answers.map(({ to }) => to)).toEqual(['first', 'second']);
  expect(first.bytes.length).toBeLessThanOrEqual(pieceBytesMax);
  expect(openManifest(first.bytes, genesis.ledgerId).block.hash).toEqual(first.block);
  expect(asker.server.counts.opened).toBe(1);

  asker.nowMs += 59_000;
  asker.ask('first', first.block, first.address, 5);
  expect(await asker.answered(3)).toMatchObject({ type: 'piece', offset: 5 });
  asker.nowMs += 61_000;
  asker.ask('first', first.block, first.address);
  expect(await asker.answered(4)).toMatchObject({ type: 'none', block: first.block });
  expect(asker.server.height).toBeUndefined();

  asker.ask('first');
  await asker.answered(5);
  for (let minute = 0; minute < 11; minute++) {
    asker.nowMs += 55_000;
    asker.ask('first', first.block, first.address);
    await asker.answered(6 + minute);
  }
  expect(asker.answers.at(-2)?.message.type).toBe('piece');
  expect(asker.answers.at(-1)?.message.type).toBe('none');
  expect(asker.server.counts.opened).toBe(2);
  await asker.server.stop();
  expect(asker.faults).toEqual([]);
});

it('waits for a block that has a certificate of its own, and has nothing for an address of nothing', async () => {
  const asker = new Asker();
  asker.hasProofs = false;
  asker.ask('first');
  await asker.turns(10);
  asker.server.tick();
  await asker.turns(10);
  expect(asker.answers).toEqual([]);
  asker.hasProofs = true;
  const { block } = await asker.answered(1);
  asker.ask('first', block, Uint8Array.of(9));
  expect(await asker.answered(2)).toMatchObject({ type: 'none' });
  asker.ask('first', new Uint8Array(32));
  expect(await asker.answered(3)).toMatchObject({ type: 'none' });
  const whole = await asker.answered(1);
  asker.ask('first', block, nothing, whole.type === 'piece' ? whole.total : 0);
  expect(await asker.answered(4)).toMatchObject({ type: 'none' });
  await asker.server.stop();
  expect(asker.faults).toEqual([]);
  // It let the store go.
  const again = new Asker();
  again.ask('first');
  expect(await again.answered(1)).toMatchObject({ type: 'piece' });
  await again.server.stop();
});

it('says that its disk is damaged, and does not pass it off as nothing there', async () => {
  const range = prefixRange('state');
  const [[key]] = node.disk.entries(range.from, range.to) as [[Uint8Array, Uint8Array]];
  node.disk.overwrite([{ type: 'delete', key }]);
  const asker = new Asker();
  asker.ask('first');
  const { block } = await asker.answered(1);
  asker.ask('first', block, encodeAddress({ type: 'state', depth: 0, path: '' }));
  for (let turn = 0; asker.faults.length === 0 && turn < 1000; turn++) await asker.turns(1);
  expect(asker.faults).toEqual([expect.objectContaining({ code: 'storage-damaged' })]);
  expect(asker.answers).toHaveLength(1);
});
