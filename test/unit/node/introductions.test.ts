import { describe, expect, it } from 'vitest';
import { present, silentLogger, utf8 } from '../../../src/base/index.ts';
import type { ProvedChange } from '../../../src/consensus/index.ts';
import { encodeNodeId, type NodeId, verifySignature } from '../../../src/crypto/index.ts';
import { encodeCanonical } from '../../../src/ledger/index.ts';
import { Introductions, type KnowingNode } from '../../../src/node/introductions.ts';
import { encodeHistory } from '../../../src/verify/index.ts';
import {
  type ChangePlan,
  configurationOf,
  forgeChain,
  growth,
  historyOf,
  known,
  ledgerId,
  signers,
} from '../verify/forge-history.ts';

function idOf(number: number): NodeId {
  return encodeNodeId(present(signers[number - 1], 'the signer exists').publicKey);
}

/** Three voters become five, and the fourth leaves again. */
const plans: readonly ChangePlan[] = [
  ...growth,
  { configuration: configurationOf([1, 2, 3, 5], [4]), citedBy: [1, 2, 3], certifiedBy: [1, 2, 3] },
  { configuration: configurationOf([1, 2, 3, 5]), citedBy: [1, 2, 3], certifiedBy: [1, 2, 3] },
];
const chain = forgeChain(plans);

/** Where the chain stands after so many changes. */
function placeOf(changeCount: number): { height: number; configuration: ProvedChange['configuration'] } {
  const { block } = present(chain[changeCount - 1], 'the chain has the change');
  return { height: block.height, configuration: block.configuration };
}

/** A node whose chain has the first so many of the changes. */
class Knowing implements KnowingNode {
  readonly learned: ProvedChange[] = [];
  readonly introductions: Introductions;
  readonly #changeCount: number;

  constructor(changeCount: number) {
    this.#changeCount = changeCount;
    this.introductions = new Introductions({
      ledgerId,
      replica: () => this,
      openRecovery: () => undefined,
      verify: verifySignature,
      logger: silentLogger,
    });
  }

  readonly history = {
    after: (height: number, hash?: Uint8Array) => {
      const begin = height === 0 ? 0 : chain.findIndex(({ block }) => block.height === height) + 1;
      const from = begin === 0 ? known : placeOf(begin);
      const isKnown =
        begin <= this.#changeCount && hash !== undefined && Buffer.compare(hash, from.configuration.hash) === 0;
      return isKnown ? historyOf(chain.slice(begin, this.#changeCount), from) : undefined;
    },
  };

  get newestCertified(): { height: number; configuration: ProvedChange['configuration'] } {
    return this.learned.at(-1) ?? (this.#changeCount === 0 ? known : placeOf(this.#changeCount));
  }

  learnConfigurations(changes: readonly ProvedChange[]): void {
    this.learned.push(...changes);
  }

  membership(): { connected: ReadonlySet<NodeId> } {
    return { connected: new Set(this.newestCertified.configuration.nodes.map(({ id }) => id)) };
  }
}

/** What one node says to another that asks it. */
function told(asking: Knowing, asked: Knowing): Uint8Array {
  return asked.introductions.answer('someone', asking.introductions.request());
}

describe('a node that was away', () => {
  it.each([0, 1, 2, 3])('after %i changes learns the rest from a stranger, and knows it then', (changeCount) => {
    const lagging = new Knowing(changeCount);
    const answer = told(lagging, new Knowing(4));
    expect(lagging.introductions.take(idOf(5), answer)).toBe(true);
    expect(lagging.learned.map(({ height, blockHash }) => ({ height, blockHash }))).toEqual(
      chain.slice(changeCount, 4).map(({ block: { height, hash } }) => ({ height, blockHash: hash })),
    );
  });

  it('does not know a stranger whom the newest configuration does not name, but learns', () => {
    for (const stranger of [idOf(4), idOf(6)]) {
      const lagging = new Knowing(0);
      expect(lagging.introductions.take(stranger, told(lagging, new Knowing(6)))).toBe(false);
      expect(lagging.learned).toHaveLength(6);
    }
  });

  it('refuses what is nothing new, also when it is true', () => {
    const lagging = new Knowing(4);
    expect(lagging.introductions.take(idOf(5), encodeHistory(historyOf([], placeOf(4))))).toBe(false);
    const early = new Knowing(0);
    const answer = told(early, new Knowing(4));
    expect(early.introductions.take(idOf(5), answer)).toBe(true);
    expect(early.introductions.take(idOf(5), answer), 'the same again').toBe(false);
    expect(early.learned).toHaveLength(4);
  });

  it('refuses what is not proved, whatever the bytes are', () => {
    const lagging = new Knowing(0);
    const skipped = encodeHistory(historyOf(chain.filter((_, index) => index !== 1).slice(0, 3)));
    const other = encodeHistory({ ...historyOf(chain.slice(0, 4)), ledgerId: known.configuration.hash });
    for (const answer of [skipped, other, utf8('hello'), new Uint8Array(1024 * 1024), Uint8Array.of(0x95)]) {
      expect(lagging.introductions.take(idOf(5), answer)).toBe(false);
    }
    expect(lagging.learned).toEqual([]);
  });
});

describe('a node that is asked', () => {
  const knowing = new Knowing(4);

  it('says nothing to one that knows as much, or more, or of another chain', () => {
    expect(told(new Knowing(4), knowing)).toEqual(new Uint8Array());
    expect(told(new Knowing(6), knowing)).toEqual(new Uint8Array());
    const elsewhere = encodeCanonical([1, 2, known.configuration.hash]);
    expect(knowing.introductions.answer('someone', elsewhere)).toEqual(new Uint8Array());
  });

  it.each([
    ['of another version', encodeCanonical([2, 0, known.configuration.hash])],
    ['without a hash', encodeCanonical([1, 0, null])],
    ['with a text for a height', encodeCanonical([1, '0', known.configuration.hash])],
    ['with more in it', encodeCanonical([1, 0, known.configuration.hash, 0])],
    ['that is no list', encodeCanonical(1)],
    ['that is cut', encodeCanonical([1, 0, known.configuration.hash]).subarray(0, -1)],
    ['of nothing', new Uint8Array()],
  ])('says nothing to a request %s', (_, request) => {
    expect(knowing.introductions.answer('someone', request)).toEqual(new Uint8Array());
  });
});
