import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Clock, toHex } from '../../../src/base/index.ts';
import type { NodeId } from '../../../src/crypto/index.ts';
import type { Introduction, PeerAddresses } from '../../../src/p2p/index.ts';
import { clock, connect, nodeIdOf, quickLimits, stopAll, type TestNode, testNode, until } from './support.ts';

vi.setConfig({ testTimeout: 30_000 });

const request = Uint8Array.of(1, 2, 3);
const nodes: TestNode[] = [];

interface Talkative extends TestNode {
  readonly taken: { readonly from: NodeId; readonly answer: Uint8Array }[];
  readonly asked: NodeId[];
}

/** A node that gives `answer`, and admits the strangers that `admits` lists. */
function made(
  number: number,
  {
    answer = Uint8Array.of(9),
    admits = [],
    onRequest,
    onAnswer,
    ...options
  }: Parameters<typeof testNode>[1] & {
    answer?: Uint8Array;
    admits?: PeerAddresses[];
    onRequest?: () => void;
    onAnswer?: () => void;
  } = {},
): Talkative {
  const [taken, asked]: [Talkative['taken'], NodeId[]] = [[], []];
  const introduction: Introduction = {
    request: () => {
      onRequest?.();
      return request;
    },
    take: (from, received) => {
      taken.push({ from, answer: received });
      const isKnown = admits.some(({ nodeId }) => nodeId === from);
      if (isKnown) node.transport.setPeers([...node.transport.peers().map(withoutAddress), ...admits]);
      return isKnown;
    },
    answer: (to, received) => {
      expect(toHex(received)).toBe(toHex(request));
      asked.push(to);
      onAnswer?.();
      return answer;
    },
  };
  const node: Talkative = Object.assign(testNode(number, { ...options, introduction }), { taken, asked });
  nodes.push(node);
  return node;
}

function withoutAddress({ nodeId }: { readonly nodeId: NodeId }): PeerAddresses {
  return { nodeId, addresses: [] };
}

afterEach(async () => {
  await stopAll(...nodes.splice(0));
});

const countOf = (node: TestNode, event: string): number => node.events.filter((each) => each === event).length;

async function exchange(one: TestNode, two: TestNode): Promise<void> {
  const knows = ({ transport }: TestNode, other: TestNode): boolean =>
    transport.peers().some(({ nodeId, connected }) => connected && nodeId === other.nodeId);
  await until('both are connected', () => knows(one, two) && knows(two, one));
  const [before, beforeTwo] = [one.received.length, two.received.length];
  expect(one.transport.send(two.nodeId, 'replication', Uint8Array.of(7))).toBe(true);
  expect(two.transport.send(one.nodeId, 'replication', Uint8Array.of(7))).toBe(true);
  await until('frames flow both ways', () => one.received.length > before && two.received.length > beforeTwo);
}

describe('a node that lagged behind', () => {
  const [smaller, larger] = nodeIdOf(1) < nodeIdOf(2) ? [1, 2] : [2, 1];

  test.each([
    ['smaller', smaller, larger],
    ['larger', larger, smaller],
  ])(
    'learns of a stranger that dials it, on the connection it dialled; the lagging one has the %s id',
    async (_, lags, dials) => {
      const answer = Uint8Array.from({ length: 1024 * 1024 }, (__, index) => index * 7);
      const lagging = made(lags, { admits: [withoutAddress({ nodeId: nodeIdOf(dials) })] });
      const newcomer = made(dials, { answer });
      await Promise.all([lagging.transport.start(), newcomer.transport.start()]);
      newcomer.transport.setPeers([lagging.address()]);
      await exchange(lagging, newcomer);
      expect(lagging.taken.map(({ from }) => from)).toEqual([newcomer.nodeId]);
      expect(Buffer.compare(lagging.taken[0]?.answer as Uint8Array, answer)).toBe(0);
      expect(newcomer.asked).toEqual([lagging.nodeId]);
      expect(lagging.transport.strangers()).toEqual({ pending: 0, introduced: 1, refused: 0 });
      for (const node of [lagging, newcomer]) {
        expect(countOf(node, 'peer connected')).toBe(1);
        expect(countOf(node, 'peer disconnected')).toBe(0);
        expect(node.warnings).toEqual([]);
      }
    },
  );

  describe.each([
    ['smaller', smaller, larger],
    ['larger', larger, smaller],
  ])('and has the %s id', (_, lags, dials) => {
    const admits = [withoutAddress({ nodeId: nodeIdOf(dials) })];

    test.each(['before its question is out', 'before the answer came'] as const)(
      'keeps the connection when it learns of the stranger elsewhere, %s',
      async (moment) => {
        const learn = () => lagging.transport.setPeers(admits);
        const isEarly = moment === 'before its question is out';
        const lagging = made(lags, isEarly ? { onRequest: () => queueMicrotask(learn) } : {});
        const newcomer = made(dials, isEarly ? {} : { onAnswer: learn });
        await Promise.all([lagging.transport.start(), newcomer.transport.start()]);
        newcomer.transport.setPeers([lagging.address()]);
        await exchange(lagging, newcomer);
        await until('it is counted', () => lagging.transport.strangers().introduced === 1);
        expect(lagging.taken).toEqual([]);
        for (const node of [lagging, newcomer]) expect(countOf(node, 'peer disconnected')).toBe(0);
      },
    );

    test('is not given up by the stranger while it asks, though its greeting is late', async () => {
      const timers = new Map<() => void, number>();
      const manual: Clock = {
        ...clock,
        after: (delayMs, callback) => {
          timers.set(callback, delayMs);
          const timer = clock.after(delayMs, callback);
          return { cancel: () => timers.delete(callback) && timer.cancel() };
        },
      };
      const lagging = made(lags, { admits });
      const newcomer = made(dials, {
        clock: manual,
        onAnswer: () => {
          for (const [callback, delayMs] of timers) if (delayMs === quickLimits.handshakeTimeoutMs) callback();
        },
      });
      await Promise.all([lagging.transport.start(), newcomer.transport.start()]);
      newcomer.transport.setPeers([lagging.address()]);
      await exchange(lagging, newcomer);
      expect(lagging.transport.strangers()).toEqual({ pending: 0, introduced: 1, refused: 0 });
    });
  });

  test('keeps its peers while it learns', async () => {
    const newcomerId = nodeIdOf(3);
    const [one, two] = [made(1, { admits: [withoutAddress({ nodeId: newcomerId })] }), made(2)];
    await connect(one, two);
    const newcomer = made(3);
    await newcomer.transport.start();
    newcomer.transport.setPeers([one.address(), two.address()]);
    await exchange(one, newcomer);
    await until('the other one refused it', () => two.transport.strangers().refused === 1);
    await exchange(one, two);
    expect(countOf(one, 'peer disconnected') + countOf(two, 'peer disconnected')).toBe(0);
  });
});

describe('a stranger that is not accepted', () => {
  test('is denied for a while, and may then try again', async () => {
    const lagging = made(1, { limits: { strangerBlockMs: 400 } });
    const newcomer = made(2);
    await Promise.all([lagging.transport.start(), newcomer.transport.start()]);
    newcomer.transport.setPeers([lagging.address()]);
    await until('it was refused', () => lagging.transport.strangers().refused === 1);
    await until('it is denied', () => lagging.transport.connectionsDenied() > 2);
    expect(lagging.taken).toHaveLength(1);
    expect(lagging.warnings).toContain(`stranger refused ${newcomer.nodeId}`);
    expect(lagging.transport.peers()).toEqual([]);
    await until('it was asked again', () => lagging.taken.length === 2);
    expect(newcomer.received).toEqual([]);
    lagging.transport.setPeers([newcomer.address()]);
    await exchange(lagging, newcomer);
  });

  test('that has nothing to say is refused at once', async () => {
    const lagging = made(1, { limits: { introductionTimeoutMs: 600_000 } });
    const newcomer = made(2, { answer: new Uint8Array(0) });
    await Promise.all([lagging.transport.start(), newcomer.transport.start()]);
    newcomer.transport.setPeers([lagging.address()]);
    await until('it was refused', () => lagging.transport.strangers().refused === 1);
    expect(lagging.taken).toEqual([]);
  });

  test('that gives no introductions, or is of another ledger, is refused at once', async () => {
    const lagging = made(1, { limits: { introductionTimeoutMs: 600_000 } });
    await lagging.transport.start();
    const others = [testNode(2), made(3, { ledgerId: new Uint8Array(32).fill(1) })];
    nodes.push(others[0] as Talkative);
    for (const [index, other] of others.entries()) {
      await other.transport.start();
      other.transport.setPeers([lagging.address()]);
      await until('it was refused', () => lagging.transport.strangers().refused === index + 1);
    }
    expect(lagging.taken).toEqual([]);
  });
});
