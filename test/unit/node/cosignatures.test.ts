import { beforeEach, describe, expect, it } from 'vitest';
import type { CosignatureBody } from '../../../src/api/index.ts';
import { AssentError, present, silentLogger, toHex } from '../../../src/base/index.ts';
import { sha256, verifySignature } from '../../../src/crypto/index.ts';
import { cosignaturesPerWitnessMax } from '../../../src/node/cosignatures/store.ts';
import { prefixedKey, prefixRange } from '../../../src/storage/index.ts';
import { cosignatureMessage, verifyReceipt } from '../../../src/verify/index.ts';
import { ReceiptLedger, who } from '../../support/receipt-ledger.ts';

let ledger: ReceiptLedger;

beforeEach(async () => {
  ledger = await ReceiptLedger.begin();
  await ledger.keepCosignatures();
  for (let more = 0; more < 3; more++) await ledger.block([]);
});

function body(name: string, height: number, change: Partial<CosignatureBody> = {}, time = 7): CosignatureBody {
  const { did, signer } = who(name);
  const blockHash = sha256(ledger.header(height));
  const signature = signer.sign(cosignatureMessage(ledger.genesis.ledgerId, { time, height, blockHash }));
  return { witness: did, hash: toHex(blockHash), time, signature: toHex(signature), ...change };
}

async function witnessesAt(reference: string, witnesses = 0): Promise<{ height: number; count: number }> {
  const { bytes, height } = await ledger.checkpoints.get({ reference }, { witnesses });
  const verdict = verifyReceipt(bytes, { genesisHash: ledger.genesis.ledgerId }, verifySignature);
  return { height, count: verdict.ok && verdict.kind === 'checkpoint' ? verdict.cosignatures.length : -1 };
}

describe('cosignatures that a node keeps', () => {
  it('are of members and of the witnesses that its operator named; it gives them out with the block', async () => {
    for (const name of ['north', 'patients', 'auditor'])
      expect(await ledger.checkpoints.cosign(3, body(name, 3))).toEqual({ isNew: true });
    await expect(ledger.checkpoints.cosign(3, body('stranger', 3))).rejects.toMatchObject({ code: 'witness-unknown' });
    expect(await witnessesAt('3')).toEqual({ height: 3, count: 3 });
    expect(await witnessesAt('latest')).toEqual({ height: 5, count: 0 });
  });

  it('are found again by how many a block has', async () => {
    await ledger.checkpoints.cosign(3, body('north', 3));
    await ledger.checkpoints.cosign(3, body('patients', 3));
    await ledger.checkpoints.cosign(4, body('patients', 4));
    expect(await witnessesAt('latest', 1)).toEqual({ height: 4, count: 1 });
    expect(await witnessesAt('latest', 2)).toEqual({ height: 3, count: 2 });
    await expect(witnessesAt('latest', 3)).rejects.toMatchObject({ code: 'not-found' });
    await expect(witnessesAt('4', 2)).rejects.toMatchObject({ code: 'not-found' });
    const { checkpoints } = await ledger.checkpoints.list();
    expect(checkpoints.map(({ height, cosignatures }) => [height, cosignatures.length])).toEqual([
      [4, 1],
      [3, 2],
    ]);
  });

  it('are refused when they are forged, of another block, or of another ledger', async () => {
    const other = await ReceiptLedger.begin('other');
    const { signer } = who('patients');
    const foreign = cosignatureMessage(other.genesis.ledgerId, {
      time: 7,
      height: 3,
      blockHash: sha256(ledger.header(3)),
    });
    const cases: readonly [CosignatureBody, string][] = [
      [body('patients', 3, { time: 8 }), 'signature-invalid'],
      [body('patients', 4), 'signature-invalid'],
      [body('patients', 3, { witness: who('auditor').did }), 'signature-invalid'],
      [body('patients', 3, { signature: toHex(signer.sign(foreign)) }), 'signature-invalid'],
    ];
    for (const [given, code] of cases)
      await expect(ledger.checkpoints.cosign(3, given)).rejects.toMatchObject({ code });
    await expect(
      ledger.checkpoints.cosign(99, { ...body('patients', 3), ...signedElsewhere(99) }),
    ).rejects.toMatchObject({
      code: 'block-unknown',
    });
    await expect(ledger.checkpoints.cosign(3, { ...body('patients', 3), ...signedElsewhere(3) })).rejects.toMatchObject(
      {
        code: 'checkpoint-contradicted',
      },
    );
    expect((await ledger.checkpoints.list()).checkpoints).toEqual([]);
  });

  it('are kept once, eight of each witness, the newest; one that is old pushes nothing out', async () => {
    while (ledger.height < cosignaturesPerWitnessMax + 4) await ledger.block([]);
    await ledger.checkpoints.cosign(3, body('auditor', 3));
    for (let height = 3; height < 3 + cosignaturesPerWitnessMax + 1; height++)
      expect(await ledger.checkpoints.cosign(height, body('patients', height))).toEqual({ isNew: true });
    expect(await ledger.checkpoints.cosign(3, body('patients', 3))).toEqual({ isNew: false });
    expect(await ledger.checkpoints.cosign(5, body('patients', 5, {}, 99))).toEqual({ isNew: false });
    const { checkpoints } = await ledger.checkpoints.list();
    expect(checkpoints).toHaveLength(cosignaturesPerWitnessMax + 1);
    expect(checkpoints.at(-1)).toMatchObject({ height: 3, cosignatures: [{ witness: who('auditor').did }] });
    expect(await ledger.store.range({ ...prefixRange('cosignature'), limit: 10 })).toHaveLength(2);
  });

  it('are there after a restart; a damaged record is left out and can be sent again', async () => {
    await ledger.checkpoints.cosign(3, body('north', 3));
    await ledger.checkpoints.cosign(3, body('patients', 3));
    await ledger.keepCosignatures();
    expect(await witnessesAt('3')).toEqual({ height: 3, count: 2 });
    const key = prefixedKey('cosignature', who('patients').publicKey);
    const record = present(ledger.store.get(key), 'it was written');
    const said: string[] = [];
    const logger = { ...silentLogger, error: (_: object, message: string) => void said.push(message) };
    for (let place = 0; place < record.length; place++) {
      await ledger.write([{ type: 'put', key, value: record.with(place, (record[place] as number) ^ 1) }]);
      await ledger.keepCosignatures(logger);
      expect(await witnessesAt('3')).toEqual({ height: 3, count: 1 });
    }
    expect(said).toHaveLength(record.length);
    expect(await ledger.checkpoints.cosign(3, body('patients', 3))).toEqual({ isNew: true });
  });

  it('change nothing where the journal has no room', async () => {
    ledger.store.write = () => {
      throw new AssentError('overloaded', 'full');
    };
    await expect(ledger.checkpoints.cosign(3, body('patients', 3))).rejects.toMatchObject({ code: 'overloaded' });
    expect((await ledger.checkpoints.list()).checkpoints).toEqual([]);
  });
});

function signedElsewhere(height: number): Pick<CosignatureBody, 'hash' | 'signature'> {
  const blockHash = sha256();
  const message = cosignatureMessage(ledger.genesis.ledgerId, { time: 7, height, blockHash });
  return { hash: toHex(blockHash), signature: toHex(who('patients').signer.sign(message)) };
}
