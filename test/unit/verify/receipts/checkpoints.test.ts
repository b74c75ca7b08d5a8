import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AssentError, compareBytes, present, toHex } from '../../../../src/base/index.ts';
import { createSigner, sha256, verifySignature } from '../../../../src/crypto/index.ts';
import {
  type Comparison,
  type Cosignature,
  compareCheckpoints,
  cosignatureMessage,
  encodeCheckpoint,
  isSplit,
  type Pinned,
  type ReceiptVerdict,
  type SplitView,
  verifyReceipt,
  verifySplitView,
} from '../../../../src/verify/index.ts';
import { cosignaturesOf, cosignedCheckpoint } from '../../../support/cosigning.ts';
import { ReceiptLedger, who } from '../../../support/receipt-ledger.ts';
import { edited } from '../../../support/receipt-vectors/editing.ts';

const key = (name: string): Uint8Array => who(name).publicKey;
const names = ['patients', 'auditor', 'university', 'ombudsman'];

let ledger: ReceiptLedger;
let genesisHash: Uint8Array;
let cosigned: Uint8Array;

function verdictOf(bytes: Uint8Array, pinned: Omit<Pinned, 'genesisHash'> = {}): ReceiptVerdict {
  return verifyReceipt(bytes, { genesisHash, ...pinned }, verifySignature);
}

function withCosignatures(change: (cosignatures: readonly Cosignature[]) => readonly Cosignature[]): Uint8Array {
  return edited('checkpoint', cosigned, (receipt) => ({
    ...receipt,
    content: { cosignatures: change(receipt.content.cosignatures) },
  }));
}

beforeAll(async () => {
  ledger = await ReceiptLedger.begin();
  genesisHash = ledger.genesis.ledgerId;
  await ledger.block([ledger.access()]);
  await ledger.change('node-add', 4);
  await ledger.block([ledger.access()]);
  cosigned = await cosignedCheckpoint(ledger, 5, 'patients', 'auditor', 'university');
});

describe('a cosigned checkpoint', () => {
  it('proves a block, and who saw it when', () => {
    const verdict = verdictOf(cosigned);
    expect(verdict).toMatchObject({ ok: true, kind: 'checkpoint', asOf: { height: 5 }, certifiedBy: { height: 5 } });
    const witnesses = verdict.ok && verdict.kind === 'checkpoint' ? verdict.cosignatures : [];
    expect(witnesses.map(({ witness }) => toHex(witness)).sort()).toEqual(
      ['patients', 'auditor', 'university'].map((name) => toHex(key(name))).sort(),
    );
  });

  it('is also one without any cosignature', async () => {
    expect(verdictOf(await cosignedCheckpoint(ledger, 5))).toMatchObject({ ok: true, cosignatures: [] });
  });

  it('is refused with a cosignature that is forged, or of another ledger, block, time or kind', async () => {
    const [time, height, blockHash] = [7, 5, sha256(ledger.header(5))];
    const seed = createSigner(sha256());
    const { publicKey, signer } = who('patients');
    const other = sha256(Uint8Array.of(1));
    const good = { time, height, blockHash };
    const signatures = {
      'another key': seed.sign(cosignatureMessage(genesisHash, good)),
      'another ledger': signer.sign(cosignatureMessage(other, good)),
      'another height': signer.sign(cosignatureMessage(genesisHash, { ...good, height: 6 })),
      'another block': signer.sign(cosignatureMessage(genesisHash, { ...good, blockHash: other })),
      'another time': signer.sign(cosignatureMessage(genesisHash, { ...good, time: 8 })),
      'no kind': signer.sign(cosignatureMessage(genesisHash, good).slice('assent/cosignature/v1'.length)),
    };
    const made = (signature: Uint8Array) =>
      verdictOf(withCosignatures(() => [{ witness: publicKey, time, signature }]));
    expect(made(signer.sign(cosignatureMessage(genesisHash, good)))).toMatchObject({ ok: true });
    for (const [what, signature] of Object.entries(signatures))
      expect(made(signature), what).toMatchObject({ ok: false, code: 'receipt-cosignature-invalid' });
    const replayed = edited('checkpoint', await cosignedCheckpoint(ledger, 6), (receipt) => ({
      ...receipt,
      content: { cosignatures: cosignaturesOf(ledger, 5, 'patients') },
    }));
    expect(verdictOf(replayed)).toMatchObject({ ok: false, code: 'receipt-cosignature-invalid' });
  });

  it('is refused with a witness twice, or in another order', () => {
    for (const change of [
      (all: readonly Cosignature[]) => [present(all[0], 'one'), ...all],
      (all: readonly Cosignature[]) => all.toReversed(),
    ])
      expect(verdictOf(withCosignatures(change))).toMatchObject({ ok: false, code: 'receipt-cosignature-invalid' });
  });

  it('is refused with any bit of a cosignature changed, also where the digest is made anew', () => {
    for (const field of ['witness', 'signature'] as const)
      for (let bit = 0; bit < 8 * 32; bit++) {
        const changed = withCosignatures(([first, ...rest]) => {
          const before = present(first, 'one');
          const bytes = before[field].with(bit >>> 3, (before[field][bit >>> 3] as number) ^ (1 << (bit & 7)));
          return [{ ...before, [field]: bytes }, ...rest].sort((one, two) => compareBytes(one.witness, two.witness));
        });
        expect(verdictOf(changed), `${field} ${bit}`).toMatchObject({ ok: false, code: 'receipt-cosignature-invalid' });
      }
  });
});

describe('a demand for witnesses', () => {
  it('is met by so many distinct ones of those that are named, and by nobody else', async () => {
    const checkpoints = new Map<string, Uint8Array>();
    for (let set = 0; set < 1 << names.length; set++) {
      const chosen = names.filter((_, index) => (set >> index) & 1);
      checkpoints.set(chosen.join(), await cosignedCheckpoint(ledger, 5, ...chosen));
    }
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names, { minLength: 1 }), fc.nat(), (signed, named, draw) => {
        const atLeast = 1 + (draw % named.length);
        const verdict = verdictOf(present(checkpoints.get(signed.join()), 'made'), {
          witnesses: { keys: named.map(key), atLeast },
        });
        const met = signed.filter((name) => named.includes(name));
        if (met.length >= atLeast)
          expect(verdict.ok && verdict.witnesses?.map(({ witness }) => toHex(witness)).sort()).toEqual(
            met.map((name) => toHex(key(name))).sort(),
          );
        else expect(verdict).toMatchObject({ ok: false, code: 'receipt-witnesses-missing' });
      }),
      { numRuns: 60 },
    );
  });

  it('that names a witness twice, nobody, or more than there are, is a mistake', () => {
    const twice = [key('patients'), key('patients')];
    for (const witnesses of [
      { keys: twice, atLeast: 2 },
      { keys: [], atLeast: 1 },
      { keys: [key('patients')], atLeast: 2 },
      { keys: [key('patients')], atLeast: 0 },
      { keys: [new Uint8Array(31)], atLeast: 1 },
    ])
      expect(() => verdictOf(cosigned, { witnesses })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('also holds for other receipts: they must be proved by the very block that is cosigned', async () => {
    const keys = ['patients', 'auditor'].map(key);
    const witnesses = { keys, atLeast: 2, cosigned };
    const id = present((await ledger.block([ledger.access()]))[0], 'an id');
    const [younger, fresh] = [(await ledger.receipts.transaction(id)).bytes, (await ledger.receipts.state('a')).bytes];
    const old = (await ledger.receipts.consistency(2, 3, 5)).bytes;
    expect(verdictOf(old, { witnesses })).toMatchObject({
      ok: true,
      kind: 'consistency',
      asOf: { height: 3 },
      anchor: { type: 'checkpoint', height: 5 },
      witnesses: [{}, {}],
    });
    for (const receipt of [younger, fresh, (await ledger.receipts.consistency(2, 3)).bytes])
      expect(verdictOf(receipt, { witnesses })).toMatchObject({ ok: false, code: 'receipt-witnesses-missing' });
    // A later head that has the cosigned block in its history is no such proof, either.
    expect(verdictOf((await ledger.receipts.transaction(id, 5)).bytes, { witnesses })).toMatchObject({ ok: false });
    const few = { keys: ['auditor', 'ombudsman'].map(key), atLeast: 2, cosigned };
    expect(verdictOf(old, { witnesses: few })).toMatchObject({ ok: false, code: 'receipt-witnesses-missing' });
    expect(verdictOf(old, { witnesses: { keys, atLeast: 1 } })).toMatchObject({
      ok: false,
      code: 'receipt-witnesses-missing',
    });
    expect(verdictOf(old, { witnesses: { ...witnesses, cosigned: fresh } })).toMatchObject({ ok: false });
  });

  it('stands beside a pinned checkpoint as beside a genesis', async () => {
    const pinned = {
      checkpoint: encodeCheckpoint(ledger.header(4)),
      witnesses: { keys: [key('auditor')], atLeast: 1 },
    };
    const later = (await ledger.receipts.checkpoint(5, cosignaturesOf(ledger, 5, 'auditor'), 4)).bytes;
    expect(verifyReceipt(later, pinned, verifySignature)).toMatchObject({ ok: true, anchor: { height: 4 } });
  });
});

describe('two checkpoints', () => {
  let rival: ReceiptLedger;
  const compared = (one: Uint8Array, other: Uint8Array, proof?: Uint8Array): Comparison =>
    compareCheckpoints(one, other, { genesisHash, ...(proof && { proof }) }, verifySignature);

  function split(comparison: Comparison): SplitView {
    if (!isSplit(comparison)) throw new Error(`the verdict is ${comparison.verdict}`);
    return comparison;
  }

  beforeAll(async () => {
    // Keys of a majority are misused: they certify other blocks from block 5 on.
    rival = await ReceiptLedger.begin();
    await rival.block([rival.access()]);
    await rival.change('node-add', 4, {});
    await rival.block([]);
    await rival.block([rival.access()]);
    await rival.block([rival.access()]);
  });

  it('of one block are the same; of one history where a receipt says so; else nothing is said', async () => {
    expect(compared(cosigned, cosigned)).toMatchObject({ verdict: 'same', newer: { height: 5 } });
    const third = await cosignedCheckpoint(ledger, 3);
    const proof = (await ledger.receipts.consistency(3, 5)).bytes;
    expect(compared(cosigned, third)).toMatchObject({
      verdict: 'unproved',
      older: { height: 3 },
      newer: { height: 5 },
    });
    expect(compared(cosigned, third, proof)).toMatchObject({ verdict: 'consistent' });
    expect(compared(cosigned, third, (await ledger.receipts.consistency(2, 5)).bytes)).toMatchObject({
      verdict: 'unproved',
    });
  });

  it('of one height and two hashes prove a split view, and name who signed both', async () => {
    const ours = await cosignedCheckpoint(ledger, 6, 'patients', 'auditor');
    const theirs = await cosignedCheckpoint(rival, 6, 'auditor', 'ombudsman');
    const { verdict, height, signedBoth, cosignedBoth, evidence, views } = split(compared(ours, theirs));
    expect({ verdict, height }).toEqual({ verdict: 'split', height: 6 });
    expect(signedBoth).toHaveLength(2);
    expect(cosignedBoth).toEqual([key('auditor')]);
    expect(views.map(({ blockHash }) => blockHash)).toEqual([sha256(ledger.header(6)), sha256(rival.header(6))]);
    expect(split(compared(theirs, ours)).evidence).toEqual(evidence);

    const checked = verifySplitView(evidence, genesisHash);
    expect(checked).toMatchObject({ verdict: 'split', height: 6, signedBoth, cosignedBoth, ledgerId: genesisHash });
    expect(() => verifySplitView(evidence, sha256())).toThrow(AssentError);
    for (let bit = 0; bit < 8 * evidence.length; bit += 61) {
      const flipped = evidence.with(bit >>> 3, (evidence[bit >>> 3] as number) ^ (1 << (bit & 7)));
      expect(() => verifySplitView(flipped, genesisHash, verifySignature), `bit ${bit}`).toThrow(AssentError);
    }
  });

  it('of two heights do so with what either side says of the other height', async () => {
    const [ours, theirs] = [await cosignedCheckpoint(ledger, 6), await cosignedCheckpoint(rival, 8)];
    expect(compared(ours, theirs)).toMatchObject({ verdict: 'unproved' });
    expect(split(compared(ours, theirs, (await rival.receipts.consistency(6, 8)).bytes))).toMatchObject({ height: 6 });
    const mine = (await ledger.receipts.consistency(6, 7)).bytes;
    expect(split(compared(ours, await cosignedCheckpoint(rival, 7), mine))).toMatchObject({
      height: 7,
      verdict: 'split',
    });
  });

  it('prove nothing where one of them does not hold, or is of another ledger', async () => {
    const other = await ReceiptLedger.begin('other');
    expect(() => compared(cosigned, cosigned.with(900, 1))).toThrow(AssentError);
    const theirs = await cosignedCheckpoint(other, 2);
    expect(() => compared(cosigned, theirs)).toThrow(expect.objectContaining({ code: 'receipt-of-another-ledger' }));
  });

  it('across a recovery say that one was abandoned; below its base they prove a split as ever', async () => {
    const [before, after] = [await ReceiptLedger.begin(), await ReceiptLedger.begin()];
    await before.block([before.access()]);
    await after.recover([5, 6, 7]);
    await after.block([after.access()]);
    const abandoned = compared(await cosignedCheckpoint(before, 3), await cosignedCheckpoint(after, 3));
    expect(split(abandoned)).toMatchObject({ verdict: 'abandoned', height: 3, signedBoth: [] });

    await rival.recover([5, 6, 7]);
    const below = compared(
      await cosignedCheckpoint(ledger, 6),
      (await rival.receipts.consistency(6, rival.height)).bytes,
    );
    expect(split(below)).toMatchObject({ verdict: 'split', height: 6 });
  });
});
