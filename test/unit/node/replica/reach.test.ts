import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError, present } from '../../../../src/base/index.ts';
import type { NodeId } from '../../../../src/crypto/index.ts';
import { isEvidenceFrame } from '../../../../src/node/replica/evidence-wire.ts';
import { encodeMessage } from '../../../../src/node/replica/index.ts';
import { periods } from '../../../../src/node/replica/periods.ts';
import { Reach, reachWaitersMax } from '../../../../src/node/replica/reach/reach.ts';
import {
  decodeReachMessage,
  encodeReachMessage,
  type ReachMessage,
  reachWordOf,
} from '../../../../src/node/replica/reach/wire.ts';

const message: fc.Arbitrary<ReachMessage> = fc.record({
  word: fc.constantFrom('applied' as const, 'decides' as const),
  isQuestion: fc.boolean(),
  height: fc.maxSafeNat(),
});

describe('messages about applied blocks', () => {
  it('come back as they were, under numbers of their own', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const frame = encodeReachMessage(sent);
        expect([reachWordOf(frame), isEvidenceFrame(frame)]).toEqual([sent.word, false]);
        expect(decodeReachMessage(frame)).toEqual(sent);
      }),
    );
  });

  it('are refused with one code when a byte is changed, or they mean something else', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, place, flip) => {
        const frame = encodeReachMessage(sent);
        const changed = frame.slice();
        changed[place % frame.length] = present(frame[place % frame.length], 'within') ^ flip;
        for (const bytes of [changed, frame.subarray(0, -1)]) {
          try {
            expect(encodeReachMessage(decodeReachMessage(bytes))).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(AssentError);
            expect(error).toMatchObject({ code: 'frame-invalid' });
          }
        }
      }),
    );
  });

  it("are told from consensus' own", () => {
    const blocks = { bytes: () => new Uint8Array(), receive: () => expect.unreachable() };
    for (const term of [22, 23, 24, 25, 278]) {
      const frame = encodeMessage({ type: 'read-index-request', context: term }, blocks);
      expect([reachWordOf(frame), isEvidenceFrame(frame)]).toEqual([undefined, false]);
    }
  });
});

/** Nodes whose frames lie around until they are delivered, lost or repeated. */
class Links {
  readonly nodes: readonly NodeId[];
  readonly #parts: ReadonlyMap<NodeId, Reach>;
  readonly #heights = new Map<NodeId, { certified: number; applied: number }>();
  readonly underWay: { from: NodeId; to: NodeId; frame: Uint8Array }[] = [];
  readonly hastened = new Set<NodeId>();
  ticks = 0;

  constructor(names: readonly string[]) {
    this.nodes = names as unknown as readonly NodeId[];
    this.#parts = new Map(
      this.nodes.map((nodeId) => {
        this.#heights.set(nodeId, { certified: 0, applied: 0 });
        const part = new Reach({
          nodeId,
          word: 'applied',
          nodes: () => new Set(this.nodes),
          height: () => this.heightsOf(nodeId).applied,
          hasten: () => void this.hastened.add(nodeId),
          send: (to, frame) => void this.underWay.push({ from: nodeId, to, frame }),
          blame: (from, error) => expect.unreachable(`${from} is blamed: ${error.message}`),
        });
        return [nodeId, part];
      }),
    );
  }

  heightsOf(nodeId: NodeId): { certified: number; applied: number } {
    return present(this.#heights.get(nodeId), 'a node');
  }

  part(nodeId: NodeId): Reach {
    return present(this.#parts.get(nodeId), 'a node');
  }

  certify(nodeId: NodeId, height: number): void {
    const heights = this.heightsOf(nodeId);
    heights.certified = Math.max(heights.certified, height);
  }

  apply(nodeId: NodeId, height: number): void {
    this.certify(nodeId, height);
    const heights = this.heightsOf(nodeId);
    heights.applied = Math.max(heights.applied, height);
    this.part(nodeId).advanced();
  }

  deliver(place: number): void {
    const [packet] = this.underWay.splice(place, 1);
    if (packet !== undefined) this.part(packet.to).receive(packet.from, packet.frame);
  }

  deliverAll(): void {
    for (let count = 0; this.underWay.length > 0; count++) {
      expect(count).toBeLessThan(10_000);
      this.deliver(0);
    }
  }

  tick(): void {
    this.ticks += 1;
    for (const nodeId of this.nodes) this.part(nodeId).tick(this.ticks);
  }
}

interface Step {
  readonly type: 'certify' | 'apply' | 'wait' | 'deliver' | 'lose' | 'repeat' | 'tick';
  readonly node: number;
  readonly height: number;
  /** Of the packet. */
  readonly place: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom('certify', 'apply', 'wait', 'deliver', 'deliver', 'lose', 'repeat', 'tick'),
  node: fc.nat(2),
  height: fc.integer({ min: 1, max: 9 }),
  place: fc.nat(20),
});

describe('waiting for a block to be applied everywhere', () => {
  it('ends when all nodes have it and never before, whatever is lost, repeated and overtaken', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const links = new Links(['a', 'b', 'c']);
        let open = 0;
        const at = (place: number): NodeId => present(links.nodes[place], 'a node');
        for (const one of steps) {
          if (one.type === 'apply') links.apply(at(one.node), one.height);
          else if (one.type === 'certify') links.certify(at(one.node), one.height);
          else if (one.type === 'tick') links.tick();
          else if (one.type === 'wait') {
            open += 1;
            links.part(at(one.node)).wait(one.height, (applied) => {
              open -= 1;
              for (const nodeId of links.nodes) {
                const said = present(applied.get(nodeId), 'each node of the configuration');
                expect(said).toBeGreaterThanOrEqual(one.height);
                expect(links.heightsOf(nodeId).applied).toBeGreaterThanOrEqual(said);
              }
            });
          } else if (one.type === 'lose') links.underWay.splice(one.place, 1);
          else if (one.type === 'deliver') links.deliver(one.place);
          else if (links.underWay[one.place] !== undefined)
            links.underWay.push({ ...present(links.underWay[one.place], 'it is there') });
        }
        for (const nodeId of links.nodes) links.apply(nodeId, 9);
        for (let tick = 0; tick < periods.reachAsk; tick++) links.tick();
        links.deliverAll();
        expect(open).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('has what is certified and not on the disk yet written at once, here and there', () => {
    const links = new Links(['a', 'b']);
    const [a, b] = links.nodes as [NodeId, NodeId];
    for (const nodeId of links.nodes) links.certify(nodeId, 4);
    let ended = 0;
    links.part(a).wait(4, () => {
      ended += 1;
    });
    expect([...links.hastened]).toEqual([a]);
    links.deliverAll();
    expect([...links.hastened]).toEqual([a, b]);
    const block = { height: 4 } as Parameters<Reach['awaits']>[0];
    for (const nodeId of links.nodes) expect(links.part(nodeId).awaits(block)).toBe(true);
    for (const nodeId of links.nodes) links.apply(nodeId, 4);
    links.deliverAll();
    expect(ended).toBe(1);
    for (const nodeId of links.nodes) expect(links.part(nodeId).awaits(block)).toBe(false);
  });

  it('ends for each as soon as its own block is there, whoever waits for a later one', () => {
    const links = new Links(['a', 'b']);
    const [a, b] = links.nodes as [NodeId, NodeId];
    links.apply(a, 5);
    links.certify(b, 5);
    const ended: number[] = [];
    for (const height of [3, 5, 4]) links.part(a).wait(height, () => ended.push(height));
    links.deliverAll();
    for (const height of [3, 4, 5]) {
      links.apply(b, height);
      links.deliverAll();
      expect(ended.at(-1)).toBe(height);
    }
    expect(ended).toEqual([3, 4, 5]);
  });

  it('ends when asked to, with what is known by then, and with the replica', () => {
    const links = new Links(['a', 'b', 'c']);
    const [a, b, c] = links.nodes as [NodeId, NodeId, NodeId];
    for (const nodeId of [a, b]) links.apply(nodeId, 3);
    const ends: ReadonlyMap<NodeId, number>[] = [];
    const stop = links.part(a).wait(3, (applied) => ends.push(applied));
    links.deliverAll();
    expect(ends).toEqual([]);
    stop();
    stop();
    links.part(a).wait(3, (applied) => ends.push(applied));
    links.part(a).close();
    links.part(a).wait(3, (applied) => ends.push(applied));
    expect(ends.map((applied) => [...applied])).toEqual([
      [
        [a, 3],
        [b, 3],
        [c, 0],
      ],
      [
        [a, 3],
        [b, 0],
        [c, 0],
      ],
      [
        [a, 3],
        [b, 0],
        [c, 0],
      ],
    ]);
  });

  it('counts for who waits only what was said meanwhile: a disk may be another one by then', () => {
    const links = new Links(['a', 'b']);
    const [a, b] = links.nodes as [NodeId, NodeId];
    for (const nodeId of links.nodes) links.apply(nodeId, 3);
    let ended = 0;
    const wait = (): void =>
      void links.part(a).wait(3, () => {
        ended += 1;
      });
    wait();
    links.deliverAll();
    expect(ended).toBe(1);
    // Of an earlier question, repeated by the network.
    links.part(a).receive(b, encodeReachMessage({ word: 'applied', isQuestion: false, height: 3 }));
    wait();
    expect(ended).toBe(1);
    // Another one waits all the time.
    links.part(a).wait(9, () => undefined);
    links.deliverAll();
    expect(ended).toBe(2);
    wait();
    expect(ended).toBe(2);
    links.deliverAll();
    expect(ended).toBe(3);
  });

  it('asks once for all who wait for a block, also while a lower one is asked about', () => {
    const links = new Links(['a', 'b', 'c']);
    const [a, b] = links.nodes as [NodeId, NodeId];
    for (const nodeId of links.nodes) links.apply(nodeId, 3);
    let ended = 0;
    for (const height of [3, 4, 4, 4, 3]) links.part(a).wait(height, () => ended++);
    expect(links.underWay.map(({ to }) => to)).toEqual(links.nodes.slice(1));
    links.deliverAll();
    expect(ended).toBe(2);
    for (const nodeId of links.nodes) links.apply(nodeId, 4);
    links.deliverAll();
    expect(ended).toBe(5);
    // Who comes alone, after those who gave up, asks anew.
    links.part(a).wait(7, () => undefined)();
    links.underWay.length = 0;
    links.part(a).wait(8, () => undefined);
    expect(links.underWay.map(({ to }) => to)).toContain(b);
  });

  it('looks at nobody else when one more comes', () => {
    const nodes = new Set(['a', 'b'] as unknown as readonly NodeId[]);
    const nodeId = present([...nodes][0], 'a node');
    const looked: number[] = [];
    const part = new Reach({
      nodeId,
      word: 'decides',
      nodes: () => nodes,
      height: () => 9,
      isExcused: (_, height) => {
        looked.push(height);
        return false;
      },
      send: () => undefined,
      blame: () => expect.unreachable(),
    });
    for (const height of [1, 2, 3]) part.wait(height, () => undefined);
    expect(looked).toEqual([1, 2, 3]);
  });

  it('is bounded, and promises nothing about blocks far ahead', () => {
    const links = new Links(['a', 'b']);
    const [a, b] = links.nodes as [NodeId, NodeId];
    for (let count = 0; count < reachWaitersMax; count++) links.part(a).wait(1, () => undefined);
    expect(() => links.part(a).wait(1, () => undefined)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    links.underWay.length = 0;
    links.part(b).receive(a, encodeReachMessage({ word: 'applied', isQuestion: true, height: 1_000_000 }));
    links.apply(b, 1_000_000);
    expect(links.underWay).toEqual([]);
  });
});
