import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError, toHex } from '../../../src/base/index.ts';
import {
  type CanonicalValue,
  createGenesis,
  encodeCanonical,
  genesisFromText,
  genesisToText,
  openGenesis,
} from '../../../src/ledger/index.ts';

const key = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
const fields = {
  version: 1,
  ledgerName: 'test',
  createdAt: 1_000_000,
  members: [
    ['clinic', key(1)],
    ['hospital', key(2)],
  ],
  nodes: [
    [key(3), 'clinic', 'voter'],
    [key(4), 'hospital', 'learner'],
  ],
  domains: [['radiology', 'hospital', []]],
  parameters: [['window', 5]],
  ruleSet: 'rules/1',
} satisfies Record<string, CanonicalValue>;

const bytesWith = (change: Partial<Record<keyof typeof fields, CanonicalValue>>): Uint8Array =>
  encodeCanonical(Object.values({ ...fields, ...change }));

describe('a genesis', () => {
  it('is read as it was made, from bytes and from text', () => {
    const genesis = openGenesis(bytesWith({}));
    expect(createGenesis(genesis.content)).toEqual(genesis);
    expect(genesisFromText(genesisToText(genesis))).toEqual(genesis);
    expect(genesis.content.nodes.map(({ role }) => role)).toEqual(['voter', 'learner']);
  });

  it.each([
    ['another version', { version: 2 }],
    ['a ledger name in capitals', { ledgerName: 'Test' }],
    ['an empty ledger name', { ledgerName: '' }],
    ['a time before the epoch', { createdAt: -1 }],
    ['a time that is a text', { createdAt: 'now' }],
    ['members that are no list', { members: 'clinic' }],
    ['a member without a key', { members: [['clinic']] }],
    ['a member with a short key', { members: [['clinic', new Uint8Array(31)]] }],
    ['two members of one name', { members: [...fields.members, ['clinic', key(9)]] }],
    ['two members of one key', { members: [...fields.members, ['other', key(1)]] }],
    ['no nodes', { nodes: [] }],
    ['learners only', { nodes: [[key(3), 'clinic', 'learner']] }],
    ['a node of another role', { nodes: [...fields.nodes, [key(5), 'clinic', 'leader']] }],
    ['a node of nobody', { nodes: [...fields.nodes, [key(5), 'nobody', 'voter']] }],
    ['a node twice', { nodes: [...fields.nodes, [key(3), 'hospital', 'voter']] }],
    ['a node with a long key', { nodes: [[new Uint8Array(33), 'clinic', 'voter']] }],
    ['a domain of nobody', { domains: [['radiology', 'nobody', []]] }],
    ['a domain twice', { domains: [...fields.domains, ['radiology', 'clinic', []]] }],
    ['a domain without a policy', { domains: [['radiology', 'hospital']] }],
    ['a parameter without a value', { parameters: [['window']] }],
    ['a parameter twice', { parameters: [...fields.parameters, ['window', 6]] }],
    ['a recovery that nobody need sign', { parameters: [['governance.threshold', 0]] }],
    ['a member that decides alone', { parameters: [['governance.threshold', 1]] }],
    ['a decision of more members than there are', { parameters: [['governance.threshold', 3]] }],
    ['a threshold that is no number', { parameters: [['governance.threshold', [2]]] }],
    ['a rule set without a name', { ruleSet: null }],
  ] as const)('is refused with %s', (_what, change) => {
    expect(() => openGenesis(bytesWith(change))).toThrow(expect.objectContaining({ code: 'genesis-invalid' }));
  });

  it('is refused as text that is not one line of hexadecimal', () => {
    const text = toHex(bytesWith({}));
    for (const wrong of ['', '\n', 'xyz', text.slice(1), text.toUpperCase(), `${text}\n${text}`]) {
      expect(() => genesisFromText(wrong)).toThrow(expect.objectContaining({ code: 'genesis-invalid' }));
    }
  });

  it('never becomes another one by a changed byte, and never fails in another way', () => {
    const bytes = bytesWith({});
    const { ledgerId } = openGenesis(bytes);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, difference) => {
        const changed = bytes.slice();
        changed[place] = (changed[place] as number) ^ difference;
        try {
          expect(openGenesis(changed).ledgerId).not.toEqual(ledgerId);
        } catch (error) {
          if (!(error instanceof AssentError)) throw error;
          expect(error.code).toBe('genesis-invalid');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
