import { present, toHex } from '../../../src/base/index.ts';
import { encodeCheckpoint } from '../../../src/verify/index.ts';
import { cosignedCheckpoint } from '../cosigning.ts';
import { ReceiptLedger, who } from '../receipt-ledger.ts';
import type { ReceiptVector } from './vector.ts';

/** The ledger of the vectors: what it is made of stands in docs/verification.md, "Test vectors". */
interface VectorLedger {
  readonly ledger: ReceiptLedger;
  readonly recovered: ReceiptLedger;
  /** A transaction of block 3 whose nearest certificate is three configurations younger. */
  readonly old: string;
  /** One of the newest but one block. */
  readonly young: string;
  readonly afterRecovery: string;
}

async function vectorLedger(): Promise<VectorLedger> {
  const ledger = await ReceiptLedger.begin('vectors');
  const ids = await ledger.block([ledger.access(), ledger.access(), ledger.access()]);
  await ledger.change('node-add', 4);
  await ledger.change('node-promote', 4);
  await ledger.block([ledger.access(), ledger.access()]);
  await ledger.change('node-remove', 1);
  await ledger.forgetCertificates(3, ledger.height - 1);
  const [young] = await ledger.block([ledger.access()]);
  await ledger.block([ledger.access()]);
  const recovered = await ReceiptLedger.begin('recovered');
  await recovered.change('node-add', 4);
  await recovered.recover([5, 6, 7]);
  const [afterRecovery] = await recovered.block([recovered.access()]);
  return {
    ledger,
    recovered,
    old: present(ids[1], 'an id'),
    young: present(young, 'an id'),
    afterRecovery: present(afterRecovery, 'an id'),
  };
}

/** Whose log it is. */
export const subject: Uint8Array = who('ana').publicKey;
/** Under which the state keeps that log. */
export const logKey: string = `access/log/${toHex(subject)}`;
const witnessKeys = ['patients', 'auditor', 'university'].map((name) => who(name).publicKey);

type Pinned = ReceiptVector['pinned'];

/** What vectors are made of: a ledger, good receipts of it, and what can be pinned. */
export interface Material extends VectorLedger {
  readonly receipts: ReceiptLedger['receipts'];
  readonly genesis: { readonly genesisHash: Uint8Array };
  readonly ofRecovered: { readonly genesisHash: Uint8Array };
  /** A pinned block. */
  readonly at: (height: number) => { readonly checkpoint: Uint8Array };
  /** So many of three witnesses are demanded; `cosigned` names the vector with the cosigned checkpoint. */
  readonly demand: (atLeast: number, cosigned?: string) => Pinned;
  /** Times of the third block and the eighth. */
  readonly third: number;
  readonly eighth: number;
  readonly transaction: Uint8Array;
  readonly value: Uint8Array;
  readonly absence: Uint8Array;
  readonly consistency: Uint8Array;
  /** Of the log: the eighth block, with both neighbours. */
  readonly middle: Uint8Array;
  /** Of a block below the pinned tenth, and of one above the pinned fifth. */
  readonly below: Uint8Array;
  readonly above: Uint8Array;
  readonly recovery: Uint8Array;
  readonly cosigned: Uint8Array;
}

export async function vectorMaterial(): Promise<Material> {
  const made = await vectorLedger();
  const { ledger, recovered, old, young, afterRecovery } = made;
  const { receipts } = ledger;
  const genesis = { genesisHash: ledger.genesis.ledgerId };
  const eighth = timeOf(ledger, 8);
  return {
    ...made,
    receipts,
    genesis,
    ofRecovered: { genesisHash: recovered.genesis.ledgerId },
    at: (height) => ({ checkpoint: encodeCheckpoint(ledger.header(height)) }),
    demand: (atLeast, cosigned) => ({
      ...genesis,
      witnesses: { keys: witnessKeys, atLeast, ...(cosigned !== undefined && { cosigned }) },
    }),
    third: timeOf(ledger, 3),
    eighth,
    transaction: (await receipts.transaction(old)).bytes,
    value: (await receipts.state(logKey)).bytes,
    absence: (await receipts.state('access/log/nobody')).bytes,
    consistency: (await receipts.consistency(3, 10)).bytes,
    middle: (await receipts.accessLog({ subject, from: eighth, to: eighth + 1 })).bytes,
    below: (await receipts.transaction(old, 10)).bytes,
    above: (await receipts.transaction(young, 5)).bytes,
    recovery: (await recovered.receipts.transaction(afterRecovery)).bytes,
    cosigned: await cosignedCheckpoint(ledger, 10, 'patients', 'auditor'),
  };
}

function timeOf({ ledger }: ReceiptLedger, height: number): number {
  return present(ledger.block(height), 'a block').header.timestamp;
}
