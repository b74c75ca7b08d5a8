import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError, concatBytes, present, toHex } from '../../../src/base/index.ts';
import { encodeBlockCertificate } from '../../../src/consensus/certificate-codec.ts';
import { encodeJustification } from '../../../src/consensus/index.ts';
import { sha256, verifySignature } from '../../../src/crypto/index.ts';
import {
  type ConfigurationHistory,
  decodeHistory,
  encodeHistory,
  type HistoryStep,
  historyLinksMax,
  type KnownConfiguration,
  type ProvedConfiguration,
  verifyHistory,
} from '../../../src/verify/index.ts';
import {
  blockOn,
  type Change,
  certificateOf,
  configurationOf,
  forgeChain,
  genesis,
  growth,
  historyOf,
  known,
  stepOf,
} from './forge-history.ts';

const chain = forgeChain(growth);

function change(index: number): Change {
  return present(chain[index], 'the chain has four changes');
}

function verdict(history: ConfigurationHistory, from: KnownConfiguration = known): readonly ProvedConfiguration[] {
  return verifyHistory(history, from, verifySignature);
}

/** The history of the chain with one step replaced. */
function withStep(index: number, replace: (step: HistoryStep) => Partial<HistoryStep>): ConfigurationHistory {
  const history = historyOf(chain);
  return { ...history, steps: history.steps.map((step, at) => (at === index ? { ...step, ...replace(step) } : step)) };
}

/** The code and the height of what is thrown, and what its message says. */
function refusal(history: ConfigurationHistory, from?: KnownConfiguration): string {
  try {
    verdict(history, from);
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    expect(error.code).toBe('history-invalid');
    return error.message;
  }
  return 'it verifies';
}

describe('a configuration history', () => {
  it('proves each change from genesis on', () => {
    const proved = verdict(historyOf(chain));
    expect(proved.map(({ step, height, term }) => [step, height, term])).toEqual([
      ['add', 2, 1],
      ['promote', 5, 1],
      ['add', 7, 3],
      ['promote', 12, 3],
    ]);
    expect(proved.at(-1)?.configuration).toEqual(configurationOf([1, 2, 3, 4, 5]));
  });

  it('goes on from any configuration that it proved', () => {
    const [, second] = verdict(historyOf(chain));
    const from = { ...known, ...present(second, 'it has four steps') };
    expect(verdict(historyOf(chain.slice(2), from), from)).toHaveLength(2);
    expect(verdict(historyOf([], from), from)).toEqual([]);
  });

  it('is refused from another beginning, or of another ledger', () => {
    const history = historyOf(chain);
    expect(refusal({ ...history, knownHeight: 1 })).toContain('the configuration that is known');
    expect(refusal({ ...history, knownHash: sha256(genesis.hash) })).toContain('the configuration that is known');
    expect(refusal(history, { ...known, height: 2 })).toContain('the configuration that is known');
    expect(refusal({ ...history, ledgerId: sha256(history.ledgerId) })).toContain('another ledger');
  });

  it('is refused with a change left out, whichever it is (scenario 58)', () => {
    for (const index of chain.keys()) {
      const history = historyOf(chain.filter((_, at) => at !== index));
      if (index === chain.length - 1) expect(verdict(history)).toHaveLength(3);
      else expect(refusal(history)).toMatch(/one step|configuration before/);
    }
  });

  it('is refused with a pair left out that changes nothing together, where other nodes were in force meanwhile', () => {
    const back = forgeChain([
      { configuration: configurationOf([1, 2, 3], [4]), citedBy: [1, 2], certifiedBy: [1, 2] },
      { configuration: configurationOf([1, 2, 3], [4, 5]), citedBy: [1, 2], certifiedBy: [1, 2] },
      { configuration: configurationOf([1, 2, 3], [5]), citedBy: [1, 2], certifiedBy: [1, 2] },
    ]);
    expect(verdict(historyOf(back))).toHaveLength(3);
    expect(refusal(historyOf(back.slice(2)))).toContain('no certificate of the configuration before');
  });

  it('is refused with the steps in another order, or one twice', () => {
    expect(refusal(historyOf([...chain].reverse()))).toMatch(/step/);
    expect(refusal(historyOf([change(0), change(0)]))).toContain('do not ascend');
  });

  it('is refused where the terms fall', () => {
    const [first, second] = growth;
    const falling = forgeChain([
      { ...present(first, 'a plan'), term: 3 },
      { ...present(second, 'a plan'), term: 2 },
    ]);
    expect(refusal(historyOf(falling))).toContain('do not ascend');
  });

  it('is refused where one step changes two voters', () => {
    const leap = forgeChain([{ configuration: configurationOf([1, 2]), citedBy: [1, 2], certifiedBy: [1, 2] }]);
    expect(verdict(historyOf(leap))).toHaveLength(1);
    for (const configuration of [configurationOf([1]), configurationOf([1, 2, 4]), configurationOf([1, 2, 3, 4])]) {
      const forged = forgeChain([
        { configuration, citedBy: [1, 2, 3], certifiedBy: configuration.nodes.map((_, at) => at + 1) },
      ]);
      expect(refusal(historyOf(forged))).toContain('more or less than one node');
    }
    const other = forgeChain([{ configuration: configurationOf([1, 2], [], 1), citedBy: [1, 2], certifiedBy: [1, 2] }]);
    expect(refusal(historyOf(other))).toContain('more or less than one node');
  });

  it('is refused where a removed key comes back', () => {
    const forged = forgeChain([
      { configuration: configurationOf([1, 2, 3], [4]), citedBy: [1, 2], certifiedBy: [1, 2] },
      { configuration: configurationOf([1, 2, 3]), citedBy: [1, 2], certifiedBy: [1, 2] },
      { configuration: configurationOf([1, 2, 3], [4]), citedBy: [1, 2], certifiedBy: [1, 2] },
    ]);
    expect(verdict(historyOf(forged.slice(0, 2)))).toHaveLength(2);
    expect(refusal(historyOf(forged))).toContain('a removed key comes back');
  });
});

describe('a change', () => {
  it('counts with a majority of the new configuration only', () => {
    const last = change(3);
    for (const by of [
      [3, 4],
      [1, 2],
      [3, 4, 6],
    ]) {
      const certificate = encodeBlockCertificate(certificateOf(last.block, by));
      expect(refusal(withStep(3, () => ({ certificate })))).toContain('no majority of the new configuration');
    }
  });

  it('needs the certificate of its own last block, in that block’s own term and of this ledger', () => {
    const first = change(0);
    const [link] = first.links;
    const top = present(link, 'one block stands on the first change');
    for (const wrong of [
      certificateOf(first.block, [1, 2]),
      certificateOf(top, [1, 2], { term: 2 }),
      certificateOf(top, [1, 2], { blockHash: first.block.hash }),
      change(1).certificate,
    ]) {
      expect(refusal(withStep(0, () => ({ certificate: encodeBlockCertificate(wrong) })))).toContain('last block');
    }
    const wrong = [
      certificateOf(top, [1, 2], {}, sha256(known.ledgerId)),
      certificateOf(top, [1, 2], { configurationHash: genesis.hash }),
    ];
    for (const certificate of wrong.map(encodeBlockCertificate))
      expect(refusal(withStep(0, () => ({ certificate })))).toContain('no majority');
  });

  it('is refused with a link missing, of another chain, or across another change', () => {
    expect(refusal(withStep(2, ({ links }) => ({ links: links.slice(1) })))).toContain('not linked');
    expect(refusal(withStep(2, ({ links }) => ({ links: links.slice(0, -1) })))).toContain('last block');
    expect(refusal(withStep(0, () => ({ links: stepOf(change(2)).links.slice(0, 1) })))).toContain('not linked');
    const later = blockOn(change(0).block, {}, { configurationHash: configurationOf([1, 2, 3, 4]).hash });
    const links = [later.bytes];
    const certificate = encodeBlockCertificate(certificateOf(later, [1, 2, 3]));
    expect(refusal(withStep(0, () => ({ links, certificate })))).toContain('another change');
    for (const wrong of [{ height: 9 }, { ledgerId: sha256(known.ledgerId) }]) {
      const stray = blockOn(change(0).block, {}, wrong);
      const strayCertificate = encodeBlockCertificate(certificateOf(stray, [1, 2]));
      const replaced = withStep(0, () => ({ links: [stray.bytes], certificate: strayCertificate }));
      expect(refusal(replaced)).toContain('not linked');
    }
    const falling = blockOn(change(2).block, {}, { term: 2 });
    expect(refusal(withStep(2, () => ({ links: [falling.bytes] })))).toContain('not linked');
  });

  it.each<[string, Parameters<typeof certificateOf>[2] | undefined, readonly number[], string]>([
    ['none', undefined, [1, 2], 'cites no certificate'],
    ['one of another term', { term: 2 }, [1, 2], 'of another term'],
    ['one from above it', { height: 2 }, [1, 2], 'no certificate between it and the change before'],
    ['one under another configuration', { configurationHash: configurationOf([1, 2]).hash }, [1, 2], 'before'],
    ['one of a minority', {}, [1], 'no certificate of the configuration before'],
    ['one of strangers', {}, [4, 5], 'no certificate of the configuration before'],
  ])('is refused that cites %s', (_, ack, by, message) => {
    const start = { hash: known.ledgerId, height: 0, term: 1, configuration: genesis };
    const below = blockOn(start);
    const configuration = configurationOf([1, 2, 3], [4]);
    const justification = { configuration, ...(ack && { block: certificateOf(below, by, ack) }) };
    const block = blockOn(below, justification);
    const forged = { block, justification, links: [], certificate: certificateOf(block, [1, 2]) };
    expect(refusal(historyOf([forged]))).toContain(message);
  });

  it('is refused that cites a certificate below the change before', () => {
    const [first] = forgeChain(growth.slice(0, 1));
    const before = present(first, 'one change');
    const configuration = configurationOf([1, 2, 3, 4]);
    const justification = { configuration, block: present(before.justification.block, 'it cites one') };
    const block = blockOn(present(before.links.at(-1), 'it has a link'), justification);
    const forged = { block, justification, links: [], certificate: certificateOf(block, [1, 2, 4]) };
    expect(refusal(historyOf([before, forged]))).toContain('no certificate between it and the change before');
  });

  it('may cite the certificate of the change before', () => {
    const [before] = forgeChain([{ ...present(growth[0], 'a plan'), links: 0 }]);
    const { block: below, certificate, ...first } = present(before, 'one change');
    const justification = { configuration: configurationOf([1, 2, 3, 4]), block: certificate };
    const block = blockOn(below, justification);
    const second = { block, justification, links: [], certificate: certificateOf(block, [1, 2, 4]) };
    expect(verdict(historyOf([{ ...first, block: below, certificate }, second]))).toHaveLength(2);
  });

  it('is refused whose header names another configuration or justification', () => {
    const { justification } = change(0);
    const other = { ...justification, configuration: configurationOf([1, 2, 3], [5]) };
    expect(refusal(withStep(0, () => ({ justification: encodeJustification(other) })))).toContain("not the header's");
    const below = blockOn({ hash: known.ledgerId, height: 0, term: 1, configuration: genesis });
    const mixed = { block: certificateOf(below, [1, 2]), configuration: configurationOf([1, 2, 3], [4]) };
    const block = blockOn(below, mixed, { configurationHash: other.configuration.hash });
    const forged = { block, justification: mixed, links: [], certificate: certificateOf(block, [1, 2]) };
    expect(refusal(historyOf([forged]))).toContain('not the one that the header names');
    const foreign = blockOn(below, mixed, { ledgerId: sha256(known.ledgerId) });
    const forgedForeign = {
      block: foreign,
      justification: mixed,
      links: [],
      certificate: certificateOf(foreign, [1, 2]),
    };
    expect(refusal(historyOf([forgedForeign]))).toContain('another ledger');
    const none = { block: certificateOf(below, [1, 2]) };
    const plain = blockOn(below, none);
    const forgedPlain = { block: plain, justification: none, links: [], certificate: certificateOf(plain, [1, 2]) };
    expect(refusal(historyOf([forgedPlain]))).toContain('changes no configuration');
  });
});

describe('the encoded history', () => {
  const bytes = encodeHistory(historyOf(chain));

  it('has one form', () => {
    expect(decodeHistory(bytes)).toEqual(historyOf(chain));
    expect(toHex(encodeHistory(decodeHistory(bytes)))).toBe(toHex(bytes));
    expect(() => decodeHistory(concatBytes(bytes, Uint8Array.of(0)))).toThrow('configuration history is wrong');
  });

  it('proves nothing with any one byte changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        expect(() => verdict(decodeHistory(changed))).toThrow(expect.objectContaining({ code: 'history-invalid' }));
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when cut, whatever the length', () => {
    for (let length = 0; length < bytes.length; length += 7)
      expect(() => decodeHistory(bytes.subarray(0, length))).toThrow(AssentError);
  });

  it('is bounded in steps and links', () => {
    const step = stepOf(change(0));
    const endless = { ...step, links: Array.from({ length: historyLinksMax + 1 }, () => new Uint8Array(8)) };
    expect(() => decodeHistory(encodeHistory({ ...historyOf([]), steps: [endless] }))).toThrow('bounded list');
    const many = Array.from({ length: 1025 }, () => ({
      ...step,
      header: new Uint8Array(),
      justification: new Uint8Array(),
      links: [],
      certificate: new Uint8Array(),
    }));
    expect(() => decodeHistory(encodeHistory({ ...historyOf([]), steps: many }))).toThrow('bounded list');
  });
});
