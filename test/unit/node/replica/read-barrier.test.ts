import { beforeEach, describe, expect, it } from 'vitest';
import { AssentError } from '../../../../src/base/index.ts';
import { type BlockReference, type Message, tipOf } from '../../../../src/consensus/index.ts';
import { ReadBarrier, type ReadState, readersMax, requestsMax } from '../../../../src/node/replica/read-barrier.ts';
import { blockCertificate, leaderId, PlayedChain, start, TestedNode, termCertificate } from './hand-peers.ts';

const electionTicks = 10;

let requests: number[];
let appliedHeight: number;
let certifiedHeight: number;
let hastened: number;
let isLeaderless: boolean;
let barrier: ReadBarrier;
beforeEach(() => {
  requests = [];
  appliedHeight = 5;
  certifiedHeight = 5;
  hastened = 0;
  isLeaderless = false;
  barrier = new ReadBarrier({
    request: (context) => requests.push(context),
    firstContext: () => 70,
    heights: { certified: () => certifiedHeight, applied: () => appliedHeight },
    hasten: () => {
      hastened += 1;
    },
    isLeaderless: () => isLeaderless,
    electionTicks,
  });
});

/** What each reader came to: `read` or a code. */
function readers(count: number, state: ReadState = 'applied'): string[] {
  const ends: string[] = [];
  for (let reader = 0; reader < count; reader++) barrier.read(state, (error) => ends.push(error?.code ?? 'read'));
  return ends;
}

function ticks(count: number): void {
  for (let tick = 0; tick < count; tick++) barrier.tick();
}

describe('the read barrier', () => {
  it('has a few requests under way, and those that come beyond them share the next', () => {
    const first = readers(requestsMax);
    const later = readers(3);
    const asked = Array.from({ length: requestsMax }, (_, place) => 70 + place);
    expect([requests, barrier.waiting]).toEqual([asked, requestsMax + 3]);
    barrier.answer({ context: 71, height: 5 });
    const next = 70 + requestsMax;
    expect([first, later, requests]).toEqual([['read'], [], [...asked, next]]);
    barrier.answer({ context: next, height: 5 });
    expect([first, later, barrier.waiting]).toEqual([['read'], ['read', 'read', 'read'], requestsMax - 1]);
  });

  it('takes each answer for those who came before its request only', () => {
    const first = readers(1);
    const later = readers(1);
    barrier.answer({ context: 70, height: 5 });
    expect([first, later]).toEqual([['read'], []]);
    barrier.answer({ context: 70, height: 5 });
    expect(later).toEqual([]);
  });

  it('waits until the height is applied, and hurries what is on its way there', () => {
    const ends = readers(2);
    barrier.answer({ context: 70, height: 6 });
    barrier.answer({ context: 71, height: 7 });
    expect([hastened, ends]).toEqual([2, []]);
    const at = (height: number): BlockReference => ({ height }) as BlockReference;
    expect([5, 6, 7, 8].map((height) => barrier.awaits(at(height)))).toEqual([false, true, true, false]);
    appliedHeight = 6;
    barrier.advanced();
    expect(ends).toEqual(['read']);
    appliedHeight = 8;
    barrier.advanced();
    expect([ends, barrier.waiting]).toEqual([['read', 'read'], 0]);
  });

  it('answers who reads what is certified without a write, and the others after it', () => {
    const [certified, applied] = [readers(1, 'certified'), readers(1, 'applied')];
    barrier.answer({ context: 70, height: 6 });
    expect([hastened, barrier.awaits({ height: 6 } as BlockReference)]).toEqual([0, false]);
    barrier.answer({ context: 71, height: 6 });
    expect([hastened, barrier.awaits({ height: 6 } as BlockReference)]).toEqual([1, true]);
    barrier.advanced();
    expect([certified, applied]).toEqual([[], []]);
    certifiedHeight = 6;
    barrier.advanced();
    expect([certified, applied, barrier.waiting]).toEqual([['read'], [], 1]);
    expect([readers(1, 'certified'), readers(1)]).toEqual([[], []]);
    barrier.answer({ context: 72, height: 6 });
    expect([hastened, barrier.waiting]).toEqual([1, 2]);
    appliedHeight = 6;
    barrier.advanced();
    barrier.answer({ context: 73, height: 6 });
    expect([applied, barrier.waiting]).toEqual([['read'], 0]);
  });

  it('takes no answer to a request that was given up for one that came later', () => {
    const ends = readers(1);
    ticks(2 * electionTicks);
    expect(ends).toEqual(['no-quorum']);
    const later = readers(1);
    expect(requests).toEqual([70, 71]);
    barrier.answer({ context: 70, height: 4 });
    expect(later).toEqual([]);
    barrier.answer({ context: 71, height: 5 });
    expect(later).toEqual(['read']);
  });

  it('asks again, once a tick, while an election may be under way', () => {
    const ends = readers(1);
    barrier.answer({ context: 70 });
    const later = readers(1);
    expect([ends, requests]).toEqual([[], [70]]);
    ticks(1);
    barrier.answer({ context: 71, height: 5 });
    expect([ends, later, requests]).toEqual([['read'], ['read'], [70, 71]]);
  });

  it('refuses at once when no leader has been known for long', () => {
    isLeaderless = true;
    const ends = readers(1);
    barrier.answer({ context: 70 });
    expect(ends).toEqual(['no-quorum']);
  });

  it('refuses each reader after two election timeouts, whatever it waits for, and none before', () => {
    const unapplied = readers(1);
    barrier.answer({ context: 70, height: 6 });
    ticks(1);
    const asked = readers(1);
    ticks(1);
    const next = readers(1);
    ticks(2 * electionTicks - 3);
    expect([unapplied, asked, next]).toEqual([[], [], []]);
    ticks(1);
    expect([unapplied, asked, next]).toEqual([['node-behind'], [], []]);
    ticks(1);
    // Who came later is asked for with a request of its own.
    expect([asked, next, requests]).toEqual([['no-quorum'], [], [70, 71, 72]]);
    ticks(1);
    expect([next, barrier.waiting]).toEqual([['no-quorum'], 0]);
  });

  it('takes a bounded number of readers', () => {
    const ends = readers(readersMax + 1);
    expect(ends).toEqual(['overloaded']);
  });

  it('leaves nobody without an answer when it closes', () => {
    const ends = readers(2);
    barrier.answer({ context: 70, height: 6 });
    const next = readers(1);
    barrier.close(new AssentError('shutting-down', 'The node is stopping.'));
    expect([ends, next, readers(1)]).toEqual([
      ['shutting-down', 'shutting-down'],
      ['shutting-down'],
      ['shutting-down'],
    ]);
  });
});

describe('a reader at a follower', () => {
  type Append = Extract<Message, { type: 'append' }>;
  let chain: PlayedChain;
  let node: TestedNode;
  let block: BlockReference;
  let first: Append;
  beforeEach(async () => {
    chain = await PlayedChain.create();
    node = new TestedNode();
    const certificate = termCertificate(1, start);
    block = chain.seal(start, 1, 1_000_001, { justification: { term: certificate } });
    first = { type: 'append', term: 1, sequence: 1, previous: start, blocks: [block], termCertificate: certificate };
  });

  function read(state: ReadState = 'applied'): string[] {
    const ends: string[] = [];
    const height = (): number => (state === 'applied' ? node.ledger.applied : node.ledger.certified.facts).height;
    node.replica.read(state, (error) => ends.push(error?.code ?? `at ${height()}`));
    return ends;
  }

  function contexts(): number[] {
    return node.sent.flatMap(({ to, message }) =>
      to === leaderId && message.type === 'read-index-request' ? [message.context] : [],
    );
  }

  function answer(height: number | undefined): void {
    const context = contexts().at(-1) as number;
    node.hear(chain, { type: 'read-index-reply', context, ...(height !== undefined && { height }) });
  }

  it('has a commit written that would ride with the next append', () => {
    node.hear(chain, { ...first, certificate: blockCertificate(block) });
    node.sync();
    expect(node.ledger.applied.height).toBe(0);
    const ends = read();
    answer(1);
    expect(ends).toEqual([]);
    node.sync();
    expect(ends).toEqual(['at 1']);
  });

  it('reads what is certified before the block itself is on the disk, and nothing that is not', () => {
    node.hear(chain, first);
    node.sync();
    const second = chain.seal(tipOf(block), 1, 1_000_002);
    node.hear(chain, { type: 'append', term: 1, sequence: 2, previous: tipOf(block), blocks: [second] });
    const ends = read('certified');
    answer(1);
    expect(ends).toEqual([]);
    const next: Append = { type: 'append', term: 1, sequence: 3, previous: tipOf(second), blocks: [] };
    node.hear(chain, { ...next, certificate: blockCertificate(second) });
    expect([ends, node.ledger.applied.height]).toEqual([['at 2'], 0]);
    const afterwards = read('applied');
    answer(2);
    expect(afterwards).toEqual([]);
    node.sync();
    expect([afterwards, node.faults]).toEqual([['at 2'], []]);
  });

  it('has a commit written at once that comes after the answer', () => {
    node.hear(chain, first);
    node.sync();
    const ends = read();
    answer(1);
    const next: Append = { type: 'append', term: 1, sequence: 2, previous: start, blocks: [block] };
    node.hear(chain, { ...next, certificate: blockCertificate(block) });
    node.sync();
    expect(ends).toEqual(['at 1']);
  });

  it('begins with another number after each start', () => {
    const numbers = [node, new TestedNode(9)].map((started) => {
      node = started;
      node.hear(chain, first);
      node.sync();
      read();
      return contexts().at(-1);
    });
    expect(new Set(numbers).size).toBe(2);
  });

  it('is refused when its leader falls silent, and when the node has stopped', () => {
    node.hear(chain, first);
    node.sync();
    const ends = read();
    expect(contexts()).toHaveLength(1);
    node.ticks(199);
    node.sync();
    expect(ends).toEqual([]);
    node.ticks(1);
    expect(ends).toEqual(['no-quorum']);
    const last = read();
    node.replica.stop();
    expect([...last, ...read()]).toEqual(['shutting-down', 'shutting-down']);
    expect(node.faults).toEqual([]);
  });
});
