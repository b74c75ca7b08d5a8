import { present } from '../../../src/base/index.ts';
import type { Cosignature } from '../../../src/verify/index.ts';
import { cosignaturesOf, cosignedCheckpoint } from '../cosigning.ts';
import { edited, flipped } from './editing.ts';
import type { Material } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** Cosigned checkpoints, and what is demanded of witnesses. */
export async function cosignedVectors(material: Material): Promise<readonly ReceiptVector[]> {
  const { ledger, genesis, demand, value, below, cosigned } = material;
  const { vectors, add } = vectorList();
  add('cosigned', 'a block that two witnesses cosigned', genesis, cosigned);
  add('cosigned-by-nobody', 'a block without cosignatures', genesis, await cosignedCheckpoint(ledger, 10));
  add('cosigned-demanded', 'two of three witnesses are demanded, and there', demand(2), cosigned);
  add('cosigned-below', 'a receipt that is proved by the cosigned block', demand(2, 'cosigned'), below);
  add('broken-witnesses', 'three witnesses are demanded', demand(3), cosigned, 'receipt-witnesses-missing');
  add(
    'broken-witnesses-above',
    'a receipt that another block proves',
    demand(2, 'cosigned'),
    value,
    'receipt-witnesses-missing',
  );
  const cosignatures = (change: (all: readonly Cosignature[]) => readonly Cosignature[]): Uint8Array =>
    edited('checkpoint', cosigned, (receipt) => ({
      ...receipt,
      content: { cosignatures: change(receipt.content.cosignatures) },
    }));
  const broken = 'receipt-cosignature-invalid';
  add(
    'broken-cosignature',
    'a bit of a cosignature',
    genesis,
    cosignatures(([first, ...rest]) => [
      { ...present(first, 'one'), signature: flipped(present(first, 'one').signature, 40) },
      ...rest,
    ]),
    broken,
  );
  add(
    'broken-cosignature-time',
    'another time of a cosignature',
    genesis,
    cosignatures((all) => all.map((one) => ({ ...one, time: one.time + 1 }))),
    broken,
  );
  add(
    'broken-cosignature-twice',
    'a witness stands there twice',
    demand(2),
    cosignatures((all) => [present(all[0], 'one'), ...all]),
    broken,
  );
  add(
    'broken-cosignature-replayed',
    'the cosignatures of another block',
    genesis,
    cosignatures(() => cosignaturesOf(ledger, 9, 'patients', 'auditor')),
    broken,
  );
  return vectors;
}
