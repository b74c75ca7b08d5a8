import { describe, expect, it } from 'vitest';
import { present } from '../../../src/base/index.ts';
import { createSigner, type Signer, verifySignature } from '../../../src/crypto/index.ts';
import {
  approvalThreshold,
  checkRecovery,
  createGenesis,
  decodeBlock,
  decodeCanonical,
  encodeCanonical,
  encodeRecovery,
  encodeRecoveryStatement,
  type Genesis,
  type NodeConfiguration,
  openRecovery,
  type RecoveryContent,
  type RecoveryStatement,
  recoveryConfiguration,
  recoveryMessage,
  type SignedRecovery,
  VerifiedBlock,
} from '../../../src/ledger/index.ts';
import { simulatedRules } from '../../support/simulated-rules.ts';
import { genesis as loneGenesis, openLedger, proposer, put } from './fixture.ts';

const signer = (fill: number): Signer => createSigner(new Uint8Array(32).fill(fill));
const [north, south, west] = [signer(11), signer(12), signer(13)];
const members = { north, south, west };
const oldNode = signer(21);
const [first, second] = [signer(31), signer(32)];

function genesisOf(parameters: Genesis['content']['parameters'] = []): Genesis {
  return createGenesis({
    ledgerName: 'test',
    createdAt: 1_000_000,
    members: Object.entries(members).map(([name, { publicKey }]) => ({ name, governanceKey: publicKey })),
    nodes: [{ publicKey: oldNode.publicKey, member: 'north', role: 'voter' }],
    domains: [],
    parameters,
    ruleSet: simulatedRules.ruleSet,
  });
}

const genesis = genesisOf();

const statement: RecoveryStatement = {
  ledgerId: genesis.ledgerId,
  base: { height: 12, term: 3, hash: new Uint8Array(32).fill(9) },
  content: {
    generation: 1,
    nodes: [
      { publicKey: first.publicKey, member: 'north', role: 'voter', address: 'north.example:7400' },
      { publicKey: second.publicKey, member: 'south', role: 'learner' },
    ],
  },
  createdAt: 1_800_000_000_000,
};

function signedBy(signers: readonly Signer[], of: RecoveryStatement = statement): SignedRecovery {
  const signatures = signers.map(({ publicKey, sign }) => {
    return { governanceKey: publicKey, signature: sign(recoveryMessage(of)) };
  });
  return openRecovery(encodeRecovery({ statement: of, statementBytes: encodeRecoveryStatement(of), signatures }));
}

const check = (recovery: SignedRecovery, under: Genesis = genesis): void =>
  checkRecovery(recovery, under, verifySignature);
const refused = (reason: string) =>
  expect.objectContaining({ code: 'recovery-invalid', message: expect.stringContaining(reason) });

describe('a recovery statement', () => {
  it('holds with the signatures of as many members as decide on nodes', () => {
    expect(approvalThreshold(genesis.content)).toBe(2);
    const recovery = signedBy([south, north]);
    expect(recovery.statement).toEqual(statement);
    expect(encodeRecovery(recovery)).toEqual(encodeRecovery(signedBy([north, south])));
    check(recovery);
    check(signedBy([north, south, west]));
    expect(() => check(signedBy([north]))).toThrow(refused('1 of the 2 members'));
    const unanimous = genesisOf([['governance.threshold', 3]]);
    const theirs = { ...statement, ledgerId: unanimous.ledgerId };
    expect(() => check(signedBy([north, south], theirs), unanimous)).toThrow(refused('2 of the 3 members'));
    check(signedBy([north, south, west], theirs), unanimous);
  });

  it('counts each member once, and nobody else', () => {
    const recovery = signedBy([north, south]);
    const [one] = recovery.signatures;
    const twice = { ...recovery, signatures: [present(one, 'signed'), present(one, 'signed')] };
    expect(() => openRecovery(encodeRecovery(twice))).toThrow(refused('do not ascend'));
    expect(() => check(signedBy([north, signer(99)]))).toThrow(refused('no member'));
  });

  it('is of one ledger, names members, and takes no key of genesis', () => {
    const foreign = { ...statement, ledgerId: loneGenesis.ledgerId };
    expect(() => check(signedBy([north, south], foreign))).toThrow(refused('another ledger'));
    const withNode = (node: Partial<RecoveryContent['nodes'][0]>): RecoveryStatement => {
      const [head, ...rest] = statement.content.nodes;
      return { ...statement, content: { generation: 1, nodes: [{ ...present(head, 'a node'), ...node }, ...rest] } };
    };
    expect(() => check(signedBy([north, south], withNode({ member: 'east' })))).toThrow(refused('east'));
    expect(() => check(signedBy([north, south], withNode({ publicKey: oldNode.publicKey })))).toThrow(
      refused('not new'),
    );
    for (const [node, reason] of [
      [{ publicKey: second.publicKey }, 'twice'],
      [{ role: 'learner' }, 'no voter'],
      [{ address: 'north.example' }, 'host:port'],
      [{ address: 'north.example:70000' }, 'host:port'],
    ] as const)
      expect(() => signedBy([north], withNode(node)), reason).toThrow(refused(reason));
  });

  it('begins at a certified block, in a generation above the first', () => {
    for (const [wrong, reason] of [
      [{ base: { ...statement.base, height: 0 } }, 'height'],
      [{ base: { ...statement.base, term: 0 } }, 'term'],
      [{ content: { ...statement.content, generation: 0 } }, 'generation'],
    ] as const)
      expect(() => signedBy([north], { ...statement, ...wrong }), reason).toThrow(refused(reason));
  });

  it('is worth nothing once any of its fields is another', () => {
    const recovery = signedBy([north, south]);
    const values = decodeCanonical(recovery.statementBytes) as readonly unknown[];
    const alter = (value: unknown): unknown => {
      if (typeof value === 'number') return value + 1;
      if (typeof value === 'string') return value === 'voter' ? 'learner' : `a${value}`;
      if (value instanceof Uint8Array) return value.with(0, (value[0] as number) ^ 1);
      return value === null ? 'host:1' : undefined;
    };
    let altered = 0;
    const each = (value: unknown, rebuild: (changed: unknown) => readonly unknown[]): void => {
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries())
          each(item, (changed) => rebuild(value.with(index, changed)) as readonly unknown[]);
        return;
      }
      altered += 1;
      const bytes = encodeCanonical(rebuild(alter(value)) as Parameters<typeof encodeCanonical>[0]);
      expect(() => check(openRecovery(encodeRecovery({ ...recovery, statementBytes: bytes })))).toThrow(refused(''));
    };
    for (const [index, value] of values.entries()) each(value, (changed) => values.with(index, changed));
    expect(altered).toBe(15);
    for (const place of recovery.signatures.keys()) {
      const signatures = recovery.signatures.map((entry, index) =>
        index === place ? { ...entry, signature: entry.signature.with(5, (entry.signature[5] as number) ^ 1) } : entry,
      );
      expect(() => check({ ...recovery, signatures })).toThrow(refused('does not verify'));
    }
  });

  it('has one encoding', () => {
    const bytes = encodeRecovery(signedBy([north, south]));
    for (const wrong of [bytes.subarray(0, -1), Uint8Array.of(...bytes, 0), new Uint8Array(), encodeCanonical([1, 2])])
      expect(() => openRecovery(wrong)).toThrow(refused(''));
    const [version, inner, entries] = decodeCanonical(bytes) as readonly [number, Uint8Array, readonly never[]];
    expect(() => openRecovery(encodeCanonical([version, inner, entries.toReversed()]))).toThrow(
      refused('do not ascend'),
    );
    expect(() => openRecovery(encodeCanonical([version + 1, inner, entries]))).toThrow(refused('version'));
  });
});

describe('the block that founds a generation', () => {
  const content: RecoveryContent = {
    generation: 1,
    nodes: [
      { publicKey: first.publicKey, member: 'clinic', role: 'voter' },
      { publicKey: second.publicKey, member: 'clinic', role: 'voter' },
    ],
  };

  async function founded(recovery: RecoveryContent = content) {
    const { ledger } = await openLedger();
    const { draft } = ledger.seal(
      {
        parentHash: loneGenesis.ledgerId,
        term: 1,
        timestamp: 1_000_001,
        enactsChange: false,
        recovery,
        justification: (after: NodeConfiguration | undefined) => after?.bytes ?? new Uint8Array(),
      },
      proposer.publicKey,
      [put('a', 1)],
      (_transaction, reason) => expect.unreachable(reason),
    );
    const block = decodeBlock(draft.sign(proposer).bytes);
    return { draft, block: new VerifiedBlock(block, draft.transactions) };
  }

  it('brings the nodes of the statement, on every node alike', async () => {
    const { draft, block } = await founded();
    expect(draft.configuration).toEqual(recoveryConfiguration(content));
    const { ledger } = await openLedger();
    expect(ledger.execute(block, false, content)).toEqual({ ok: true });
    expect(ledger.configurationOf(draft.hash)).toEqual(recoveryConfiguration(content));
  });

  it('is refused without the statement, with another, or with one that does not follow', async () => {
    const { block } = await founded();
    const { ledger } = await openLedger();
    const refusal = { ok: false, reason: 'configuration' };
    expect(ledger.execute(block, false)).toEqual(refusal);
    expect(ledger.execute(block, true)).toEqual(refusal);
    expect(ledger.execute(block, false, { ...content, nodes: content.nodes.slice(1) })).toEqual(refusal);
    expect(ledger.execute(block, false, { ...content, generation: 2 })).toEqual(refusal);
    await expect(founded({ ...content, generation: 2 })).rejects.toThrow('a recovery that the nodes accepted');
  });
});
