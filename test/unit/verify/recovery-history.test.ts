import { describe, expect, it } from 'vitest';
import { present } from '../../../src/base/index.ts';
import type { Configuration, Justification } from '../../../src/consensus/index.ts';
import { type Signer, verifySignature } from '../../../src/crypto/index.ts';
import { encodeRecovery, encodeRecoveryStatement, recoveryMessage } from '../../../src/ledger/index.ts';
import { type KnownConfiguration, recoveriesOf, verifyHistory } from '../../../src/verify/index.ts';
import {
  type Block,
  blockOn,
  type Change,
  certificateOf,
  configurationOf,
  forgeChain,
  genesis,
  historyOf,
  known,
  ledgerGenesis,
  ledgerId,
  signers,
} from './forge-history.ts';

const signer = (number: number): Signer => present(signers[number - 1], 'a signer');
const north = signer(6);
const from: KnownConfiguration = { ...known, openRecovery: recoveriesOf(ledgerGenesis, verifySignature) };

const start: Block = { bytes: new Uint8Array(), hash: ledgerId, height: 0, term: 1, configuration: genesis };
const base = blockOn(start);

function statement(founded: Configuration, on: Block = base, by: readonly Signer[] = [north]): Uint8Array {
  const { generation, nodes } = founded;
  const content = { generation, nodes: nodes.map(({ publicKey, role }) => ({ publicKey, role, member: 'north' })) };
  const { height, term, hash } = on;
  const made = { ledgerId, base: { height, term, hash }, content, createdAt: 1_000_000 };
  const signatures = by.map(({ publicKey, sign }) => ({
    governanceKey: publicKey,
    signature: sign(recoveryMessage(made)),
  }));
  return encodeRecovery({ statement: made, statementBytes: encodeRecoveryStatement(made), signatures });
}

/** The block that founds a generation of nodes 4 and 5, with what a test has otherwise. */
function founding(
  changes: {
    readonly configuration?: Configuration;
    readonly recovery?: Uint8Array;
    readonly on?: Block;
    readonly term?: number;
    readonly certifiedBy?: readonly number[];
  } = {},
): Change {
  const { configuration = configurationOf([4, 5], [], 1), on = base, term = 2, certifiedBy = [4, 5] } = changes;
  const { recovery = statement(configuration) } = changes;
  const justification: Justification = { configuration, recovery };
  const block = blockOn(on, justification, { term });
  return { block, justification, links: [], certificate: certificateOf(block, certifiedBy) };
}

function refusal(change: Change, trusted: KnownConfiguration = from): string {
  try {
    verifyHistory(historyOf([change]), trusted, verifySignature);
  } catch (error) {
    expect(error).toMatchObject({ code: 'history-invalid' });
    return (error as Error).message;
  }
  return 'it verifies';
}

describe('a configuration history across a recovery', () => {
  it('proves the generation that members founded, and the changes after it', () => {
    const change = founding();
    const below = blockOn(change.block);
    const grown = configurationOf([4, 5], [2], 1);
    const justification = { block: certificateOf(below, [4, 5]), configuration: grown };
    const block = blockOn(below, justification);
    const next = { block, justification, links: [], certificate: certificateOf(block, [4, 5]) };
    // Node 2 was of the generation that ended.
    expect(() => verifyHistory(historyOf([change, next]), from, verifySignature)).toThrow('a removed key comes back');
    const [proved] = verifyHistory(historyOf([change]), from, verifySignature);
    expect(proved).toMatchObject({ height: 2, term: 2, configuration: { generation: 1 } });
    expect(proved?.step).toBeUndefined();
    const goesOn = configurationOf([4, 5], [6], 1);
    const addition = { block: certificateOf(below, [4, 5]), configuration: goesOn };
    const added = blockOn(below, addition);
    const last = { block: added, justification: addition, links: [], certificate: certificateOf(added, [4, 5]) };
    const all = verifyHistory(historyOf([change, last]), from, verifySignature);
    expect(all.map(({ step }) => step)).toEqual([undefined, 'add']);
  });

  it.each<[what: string, reason: string, change: Change]>([
    ['signed by nobody', 'does not hold', founding({ recovery: statement(configurationOf([4, 5], [], 1), base, []) })],
    [
      'signed by no member',
      'does not hold',
      founding({ recovery: statement(configurationOf([4, 5], [], 1), base, [signer(1)]) }),
    ],
    [
      'on another block',
      'does not stand on the base',
      founding({ on: blockOn(start, {}, { timestamp: 5 }), recovery: statement(configurationOf([4, 5], [], 1)) }),
    ],
    [
      'on a base that is said to be higher',
      'does not stand on the base',
      founding({ recovery: statement(configurationOf([4, 5], [], 1), { ...base, height: 2 }) }),
    ],
    ['in the term of its base', 'does not stand on the base', founding({ term: 1 })],
    [
      'with other nodes than were signed for',
      'another configuration',
      founding({ recovery: statement(configurationOf([4], [], 1)) }),
    ],
    ['of a generation that is skipped', 'not of the next', founding({ configuration: configurationOf([4, 5], [], 2) })],
    ['certified by too few', 'no majority', founding({ certifiedBy: [4] })],
  ])('proves none %s', (_what, reason, change) => {
    expect(refusal(change)).toContain(reason);
  });

  it('proves none with a key that was in force before, also where it is none of genesis', () => {
    const [added] = forgeChain([
      { configuration: configurationOf([1, 2, 3], [4]), citedBy: [1, 2], certifiedBy: [1, 2] },
    ]);
    const before = present(added, 'a change');
    const configuration = configurationOf([4, 5], [], 1);
    const founded = founding({ on: before.block, recovery: statement(configuration, before.block), configuration });
    expect(() => verifyHistory(historyOf([before, founded]), from, verifySignature)).toThrow(
      'a key comes back by a recovery',
    );
  });

  it('proves none to whoever does not know the members', () => {
    expect(refusal(founding(), known)).toContain('does not hold');
  });
});
