import { expect, it } from 'vitest';
import { present, uint64Bytes } from '../../../src/base/index.ts';
import { deltaKey } from '../../../src/ledger/state/parts.ts';
import { stateSpaces } from '../../../src/ledger/state/state-space.ts';
import { MemoryStore, prefixedKey, prefixedTextKey } from '../../../src/storage/index.ts';
import { fill, Node, writeTo } from './snapshot-support.ts';

const damaged = expect.objectContaining({ code: 'storage-damaged' });

/** A node that began with a snapshot of 30 keys, and a taker of its next one. */
async function begun() {
  const origin = await Node.begin(new MemoryStore());
  const node = await Node.begin(new MemoryStore());
  await origin.grow([fill(0, 30, 9)]);
  await node.take(await origin.source());
  await node.sweep();
  await node.follow(await origin.grow([fill(5, 8, 3)]));
  return { node, space: stateSpaces[1], taker: await Node.begin(new MemoryStore()) };
}

it('gives no chunk without an entry that its disk lost', async () => {
  const { node, space, taker } = await begun();
  await writeTo(node.store)([{ type: 'delete', key: prefixedTextKey(space.state, 'sim/fill/20') }]);
  await expect(taker.take(await node.source())).rejects.toEqual(damaged);
});

it('gives nothing where the tree is not that of the state', async () => {
  const { node, space } = await begun();
  await writeTo(node.store)([{ type: 'delete', key: deltaKey(space, node.ledger.applied.height) }]);
  await expect(node.source()).rejects.toEqual(damaged);
});

it('gives no executed ids that are fewer than the chain counts', async () => {
  const { node, space, taker } = await begun();
  const [[id]] = (await node.entries(space.executedId)) as [[Uint8Array, Uint8Array]];
  await writeTo(node.store)([{ type: 'delete', key: prefixedKey(space.executedId, present(id, 'an id')) }]);
  await expect(taker.take(await node.source())).rejects.toEqual(damaged);
});

it('gives no executed ids of blocks that its disk damaged', async () => {
  const { node, taker } = await begun();
  const key = prefixedKey('block', uint64Bytes(node.ledger.applied.height));
  const value = present(node.store.get(key), 'the newest block').slice();
  await node.grow([fill(2, 3, 3)]);
  value[0] = present(value[0], 'a first byte') ^ 0xff;
  await writeTo(node.store)([{ type: 'put', key, value }]);
  await expect(taker.take(await node.source())).rejects.toEqual(damaged);
});
