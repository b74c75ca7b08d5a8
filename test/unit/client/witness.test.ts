import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { present, toHex } from '../../../src/base/index.ts';
import { type MemoryFile, type SignedSighting, Witness } from '../../../src/client/index.ts';
import { sha256, verifySignature } from '../../../src/crypto/index.ts';
import { cosignatureMessage } from '../../../src/verify/index.ts';
import { ReceiptLedger, who } from '../../support/receipt-ledger.ts';

const { publicKey, signer } = who('patients');

/** A disk on which the next write may fail, before it or after it happened. */
class Disk implements MemoryFile {
  bytes: Uint8Array | undefined;
  mishap: 'none' | 'before' | 'after' = 'none';

  read(): Uint8Array | undefined {
    return this.bytes;
  }

  write(bytes: Uint8Array): void {
    const { mishap } = this;
    this.mishap = 'none';
    if (mishap === 'before') throw new Error('power failed');
    this.bytes = bytes;
    if (mishap === 'after') throw new Error('power failed');
  }
}

let ledger: ReceiptLedger;
let rival: ReceiptLedger;
const forkHeight = 5;

beforeAll(async () => {
  [ledger, rival] = [await ReceiptLedger.begin(), await ReceiptLedger.begin()];
  for (const one of [ledger, rival]) {
    await one.block([one.access()]);
    await one.block([]);
  }
  await ledger.block([ledger.access()]);
  await rival.block([]);
  for (const one of [ledger, rival]) for (let more = 0; more < 3; more++) await one.block([one.access()]);
});

function begun(): Disk {
  const disk = new Disk();
  Witness.begin(disk, { ledgerId: ledger.genesis.ledgerId, witness: publicKey, keyName: 'witness/patients' });
  return disk;
}

function on(memory: Disk, nowMs = () => 1_900_000_000_000): Witness {
  return new Witness({ signer, memory, nowMs, verify: verifySignature }, publicKey);
}

/** What a node that shows this history would send to the witness. */
async function shown(witness: Witness, height: number, by = ledger): Promise<Uint8Array> {
  const { last } = witness;
  if (last === undefined) return (await by.receipts.checkpoint(height, [])).bytes;
  if (height > last.height) return (await by.receipts.consistency(last.height, height, last.height)).bytes;
  return (await by.receipts.checkpoint(height, [], last.height)).bytes;
}

function holds({ witness, signature, ...statement }: SignedSighting, by = ledger): boolean {
  const message = cosignatureMessage(ledger.genesis.ledgerId, statement);
  const { height, blockHash } = statement;
  return verifySignature(witness, message, signature) && toHex(blockHash) === toHex(sha256(by.header(height)));
}

describe('a witness', () => {
  it('cosigns a certified block, then blocks that have its history', async () => {
    const disk = begun();
    for (const height of [2, 3, 7]) {
      const witness = on(disk);
      const sighting = witness.cosign(await shown(witness, height));
      expect(sighting).toMatchObject({ height, witness: publicKey });
      expect(holds(sighting)).toBe(true);
    }
    expect(on(disk).last).toMatchObject({ height: 7 });
  });

  it('says a time of its own that never goes back', async () => {
    const disk = begun();
    const first = on(disk, () => 5000);
    const at = first.cosign(await shown(first, 2)).time;
    const later = on(disk, () => 10);
    expect([at, later.cosign(await shown(later, 3)).time]).toEqual([5000, 5001]);
  });

  it('repeats for the same block what it signed, and nothing else', async () => {
    const disk = begun();
    const first = on(disk);
    const sighting = first.cosign(await shown(first, 4));
    const again = on(disk, () => 1);
    expect(again.cosign(await shown(again, 4))).toEqual(sighting);
    const fromGenesis = (await ledger.receipts.checkpoint(4, [])).bytes;
    expect(again.cosign(fromGenesis)).toEqual(sighting);
  });

  it('never goes back', async () => {
    const disk = begun();
    const witness = on(disk);
    witness.cosign(await shown(witness, 4));
    const bytes = disk.bytes;
    const below = await shown(witness, 3);
    expect(() => witness.cosign(below)).toThrow(
      expect.objectContaining({ code: 'witness-refused', message: expect.stringContaining('is below block 4') }),
    );
    expect(disk.bytes).toBe(bytes);
  });

  it('signs no fork, at the height that it signed or above', async () => {
    for (const height of [forkHeight, forkHeight + 1]) {
      const witness = on(begun());
      witness.cosign(await shown(witness, forkHeight));
      const other = await shown(witness, height, rival).catch(() => undefined);
      const fromGenesis = (await rival.receipts.checkpoint(height, [])).bytes;
      for (const receipt of other === undefined ? [fromGenesis] : [other, fromGenesis])
        expect(() => witness.cosign(receipt)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(witness-refused|receipt-)/) }),
        );
      expect(witness.last).toMatchObject({ height: forkHeight });
    }
  });

  it('wants a proof of the consistency with the last block, not only a certified one above', async () => {
    const witness = on(begun());
    witness.cosign(await shown(witness, 3));
    for (const receipt of [
      (await ledger.receipts.checkpoint(7, [])).bytes,
      (await ledger.receipts.checkpoint(7, [], 3)).bytes,
      (await ledger.receipts.consistency(2, 7, 3)).bytes,
    ])
      expect(() => witness.cosign(receipt)).toThrow(expect.objectContaining({ code: 'witness-refused' }));
  });

  it('signs nothing of another ledger, and nothing that nobody certified', async () => {
    const witness = on(begun());
    const other = await ReceiptLedger.begin('other');
    const foreign = (await other.receipts.checkpoint(2, [])).bytes;
    expect(() => witness.cosign(foreign)).toThrow(expect.objectContaining({ code: 'receipt-of-another-ledger' }));
    const broken = (await ledger.receipts.checkpoint(2, [])).bytes;
    expect(() => witness.cosign(broken.with(broken.length - 100, 0))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^receipt-/) }),
    );
    expect(witness.last).toBeUndefined();
  });

  it('stops without its memory, with a damaged one, or with that of another key', () => {
    expect(() => on(new Disk())).toThrow(expect.objectContaining({ code: 'witness-refused' }));
    const disk = begun();
    const whole = present(disk.bytes, 'begun');
    for (let place = 0; place < whole.length; place++) {
      disk.bytes = whole.with(place, (whole[place] as number) ^ 4);
      expect(() => on(disk)).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
    }
    disk.bytes = whole;
    const { publicKey: stranger } = who('auditor');
    expect(() => new Witness({ signer, memory: disk, nowMs: () => 0 }, stranger)).toThrow(/another key/);
    expect(() =>
      Witness.begin(disk, { ledgerId: ledger.genesis.ledgerId, witness: publicKey, keyName: 'again' }),
    ).toThrow(expect.objectContaining({ code: 'witness-refused' }));
  });

  it('stops when others hold a cosignature of its key that its memory does not know', async () => {
    const disk = begun();
    const before = present(disk.bytes, 'begun');
    const witness = on(disk);
    const [third, fifth] = [witness.cosign(await shown(witness, 3)), witness.cosign(await shown(witness, 5))];
    witness.heardOf([third, fifth]);
    disk.bytes = before;
    const forgetful = on(disk);
    expect(() => forgetful.heardOf([fifth])).toThrow(expect.objectContaining({ code: 'witness-refused' }));
    // What anyone could make up does not stop it.
    forgetful.heardOf([
      { ...fifth, signature: third.signature },
      { ...fifth, witness: who('auditor').publicKey },
    ]);
  });

  it('gives out one history only, whatever it is shown and whenever the power fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            isRival: fc.boolean(),
            height: fc.integer({ min: 2, max: 8 }),
            mishap: fc.constantFrom('none', 'none', 'before', 'after'),
          }),
          { maxLength: 12 },
        ),
        async (steps) => {
          const disk = begun();
          const given: SignedSighting[] = [];
          for (const { isRival, height, mishap } of steps) {
            const witness = on(disk);
            const receipt = await shown(witness, height, isRival ? rival : ledger).catch(() => undefined);
            if (receipt === undefined) continue;
            disk.mishap = mishap as Disk['mishap'];
            try {
              given.push(witness.cosign(receipt));
            } catch {
              // Refused, or the power failed.
            }
            disk.mishap = 'none';
            // Somebody else may hold what was signed and never said.
            const { last } = on(disk);
            if (last !== undefined) given.push(last);
          }
          const ofOne = (one: ReceiptLedger): boolean => given.every((sighting) => holds(sighting, one));
          expect(ofOne(ledger) || ofOne(rival)).toBe(true);
          const heights = given.map(({ height }) => height);
          expect(heights).toEqual(heights.toSorted((left, right) => left - right));
          for (const { height, signature } of given)
            expect(
              given
                .filter((other) => other.height === height)
                .every((other) => other.signature === signature || toHex(other.signature) === toHex(signature)),
            ).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });
});
