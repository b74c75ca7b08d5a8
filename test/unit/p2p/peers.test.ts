import { afterEach, describe, expect, test, vi } from 'vitest';
import { connect, nodeIdOf, stopAll, type TestNode, testNode, until } from './support.ts';

vi.setConfig({ testTimeout: 30_000 });

const nodes: TestNode[] = [];

function made(number: number, options: Parameters<typeof testNode>[1] = {}): TestNode {
  const node = testNode(number, options);
  nodes.push(node);
  return node;
}

afterEach(async () => {
  await stopAll(...nodes.splice(0));
});

const partings = (node: TestNode): number => node.events.filter((event) => event === 'peer disconnected').length;

describe('the peers of a node that runs', () => {
  test('a new one with an address is dialled, one without is admitted when it dials', async () => {
    const [one, two, three] = [made(1), made(2), made(3)];
    await connect(one, two);
    await three.transport.start();
    for (const [dials, waits] of [
      [one, three],
      [three, two],
    ] as const) {
      waits.transport.setPeers([...addressesOf(waits, nodes), { nodeId: dials.nodeId, addresses: [] }]);
      dials.transport.setPeers([...addressesOf(dials, nodes), waits.address()]);
      await until('they are connected', () =>
        [dials.statusOf(waits.nodeId), waits.statusOf(dials.nodeId)].every(({ connected }) => connected),
      );
      expect(dials.transport.send(waits.nodeId, 'forwarding', Uint8Array.of(1))).toBe(true);
      await until('frames flow', () => waits.received.some(({ from }) => from === dials.nodeId));
    }
    expect(partings(one) + partings(two) + partings(three)).toBe(0);
  });

  test('kept ones are not disturbed, whatever else changes', async () => {
    const [one, two, three] = [made(1), made(2), made(3)];
    await connect(one, two, three);
    const framesMax = 200;
    for (let index = 0; index < framesMax; index++) {
      one.transport.setPeers(index % 2 === 0 ? [two.address()] : [two.address(), three.address()]);
      expect(one.transport.send(two.nodeId, 'replication', Uint8Array.of(index))).toBe(true);
    }
    await until('all arrived', () => two.received.length === framesMax);
    expect(two.received.map(({ frame }) => frame[0])).toEqual(Array.from({ length: framesMax }, (_, index) => index));
    expect(partings(two)).toBe(0);
    await until('the third is back', () => one.statusOf(three.nodeId).connected);
  });

  test('a dropped one is disconnected, denied, and is sent nothing', async () => {
    const [one, two] = [made(1), made(2)];
    await connect(one, two);
    one.transport.setPeers([]);
    expect(one.transport.peers()).toEqual([]);
    expect(one.transport.send(two.nodeId, 'heartbeat', Uint8Array.of(1))).toBe(false);
    await until('its dials are denied', () => one.transport.connectionsDenied() > 2);
    expect(two.statusOf(one.nodeId).framesIn).toBe(0);
  });

  test('naming them again and again does not put their dials off', async () => {
    const two = made(2);
    await two.transport.start();
    const one = made(1, { limits: { redialDelayMsMin: 50, redialDelayMsMax: 50 }, peers: [two.address()] });
    await one.transport.start();
    two.transport.setPeers([{ nodeId: one.nodeId, addresses: [] }]);
    await until('they are connected', () => {
      one.transport.setPeers([two.address()]);
      return one.statusOf(two.nodeId).connected;
    });
  });

  test('one that was cut off while it was not connected is dialled again', async () => {
    const one = made(1, { peers: [{ nodeId: nodeIdOf(2), addresses: ['/ip4/127.0.0.1/tcp/9'] }] });
    await one.transport.start();
    await until('it is dialled', () => one.dialFailures.length > 0);
    one.transport.cutOff(nodeIdOf(2), 'a vote signed by nobody');
    const before = one.dialFailures.length;
    await until('it is dialled after the cut-off', () => one.dialFailures.length > before + 1);
  });

  test('an address that is none changes nothing', async () => {
    const [one, two] = [made(1), made(2)];
    await connect(one, two);
    const wrong = { nodeId: nodeIdOf(3), addresses: ['127.0.0.1:4001'] };
    expect(() => one.transport.setPeers([wrong])).toThrow(expect.objectContaining({ code: 'configuration-invalid' }));
    expect(one.transport.peers().map(({ nodeId }) => nodeId)).toEqual([two.nodeId]);
    expect(one.statusOf(two.nodeId).connected).toBe(true);
  });
});

/** What a node has been told so far, with the addresses of all of them. */
function addressesOf(node: TestNode, all: readonly TestNode[]): ReturnType<TestNode['address']>[] {
  const known = new Set(node.transport.peers().map(({ nodeId }) => nodeId));
  return all.filter(({ nodeId }) => known.has(nodeId)).map((each) => each.address());
}
