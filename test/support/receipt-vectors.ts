import { concatBytes, present, toHex } from '../../src/base/index.ts';
import { ackMessage, encodeBlockCertificate } from '../../src/consensus/index.ts';
import { encodeNodeId, leafHash, merkleRoot, rangePath, sha256 } from '../../src/crypto/index.ts';
import {
  type CanonicalValue,
  decodeCanonical,
  decodeHeader,
  encodeCanonical,
  encodeHeader,
} from '../../src/ledger/index.ts';
import {
  type AccessLogContent,
  type Cosignature,
  encodeCheckpoint,
  encodeReceipt,
  entryTimeOf,
  openReceipt,
  type Receipt,
  type ReceiptFault,
  type ReceiptKind,
  type ReceiptOf,
} from '../../src/verify/index.ts';
import { cosignaturesOf, cosignedCheckpoint } from './cosigning.ts';
import { ReceiptLedger, who } from './receipt-ledger.ts';

/** A receipt with what is pinned and what comes of it. */
export interface ReceiptVector {
  readonly name: string;
  readonly what: string;
  readonly pinned: ({ readonly genesisHash: Uint8Array } | { readonly checkpoint: Uint8Array }) & {
    readonly witnesses?: VectorWitnesses;
  };
  readonly receipt: Uint8Array;
  /** `ok`, or the code. */
  readonly expect: 'ok' | ReceiptFault;
}

/** What is demanded; `cosigned` names the vector whose receipt is the cosigned checkpoint. */
export interface VectorWitnesses {
  readonly keys: readonly Uint8Array[];
  readonly atLeast: number;
  readonly cosigned?: string;
}

/** The ledger of the vectors: what it is made of stands in docs/verification.md, "Test vectors". */
export interface VectorLedger {
  readonly ledger: ReceiptLedger;
  readonly recovered: ReceiptLedger;
  /** A transaction of block 3 whose nearest certificate is three configurations younger. */
  readonly old: string;
  /** One of the newest but one block. */
  readonly young: string;
  readonly afterRecovery: string;
}

export async function vectorLedger(): Promise<VectorLedger> {
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

const subject = who('ana').publicKey;
const witnessKeys = ['patients', 'auditor', 'university'].map((name) => who(name).publicKey);

/** Good receipts of each kind, and broken ones, each with the code that it comes to. */
export async function receiptVectors(made: VectorLedger): Promise<ReceiptVector[]> {
  const { ledger, recovered, old, young, afterRecovery } = made;
  const { receipts } = ledger;
  const genesis = { genesisHash: ledger.genesis.ledgerId };
  const at = (height: number): { checkpoint: Uint8Array } => ({ checkpoint: encodeCheckpoint(ledger.header(height)) });
  const third = timeOf(ledger, 3);
  const eighth = timeOf(ledger, 8);
  const vectors: ReceiptVector[] = [];
  const add = (
    name: string,
    what: string,
    pinned: ReceiptVector['pinned'],
    receipt: Uint8Array,
    verdict: ReceiptVector['expect'] = 'ok',
  ): void => void vectors.push({ name, what, pinned, receipt, expect: verdict });

  const transaction = (await receipts.transaction(old)).bytes;
  const value = (await receipts.state(`access/log/${toHex(subject)}`)).bytes;
  const absence = (await receipts.state('access/log/nobody')).bytes;
  const consistency = (await receipts.consistency(3, 10)).bytes;
  const middle = (await receipts.accessLog({ subject, from: eighth, to: eighth + 1 })).bytes;
  const below = (await receipts.transaction(old, 10)).bytes;
  const above = (await receipts.transaction(young, 5)).bytes;
  const recovery = (await recovered.receipts.transaction(afterRecovery)).bytes;
  const ofRecovered = { genesisHash: recovered.genesis.ledgerId };

  add('transaction', 'three configurations old', genesis, transaction);
  add('transaction-head', 'in the certified block itself', genesis, (await receipts.transaction(young)).bytes);
  add('state', 'a value', genesis, value);
  add('state-absent', 'a key that is not there', genesis, absence);
  const logKey = `access/log/${toHex(subject)}`;
  add('state-older', 'a value as of block 3', genesis, (await receipts.state(logKey, undefined, 3)).bytes);
  add('state-older-absent', 'the same key as of block 2', genesis, (await receipts.state(logKey, undefined, 2)).bytes);
  add('consistency', 'blocks 3 and 10', genesis, consistency);
  add('access-log', 'the whole log', genesis, (await receipts.accessLog({ subject, from: 0, to: undefined })).bytes);
  add('access-log-middle', 'one block of it, with both neighbours', genesis, middle);
  add(
    'access-log-gap',
    'a time without entries',
    genesis,
    (await receipts.accessLog({ subject, from: third + 1, to: third + 2 })).bytes,
  );
  add(
    'access-log-empty',
    'of a subject that has none',
    genesis,
    (await receipts.accessLog({ subject: who('nobody').publicKey, from: 0, to: undefined })).bytes,
  );
  add('checkpoint-below', 'of a block below the pinned one', at(10), below);
  add('checkpoint-above', 'of a block above the pinned one', at(5), above);
  add('checkpoint-genesis', 'from genesis, for whoever has pinned a checkpoint', at(5), transaction);
  const cosigned = await cosignedCheckpoint(ledger, 10, 'patients', 'auditor');
  const demand = (atLeast: number, file?: string): ReceiptVector['pinned'] => ({
    ...genesis,
    witnesses: { keys: witnessKeys, atLeast, ...(file !== undefined && { cosigned: file }) },
  });
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

  add('recovery', 'across a recovery, in generation 1', ofRecovered, recovery);

  add('broken-other-genesis', 'another genesis is pinned', ofRecovered, transaction, 'receipt-of-another-ledger');
  add('broken-other-checkpoint', 'another checkpoint is pinned', at(9), below, 'receipt-of-another-ledger');
  add('broken-checkpoint-above', 'another checkpoint is pinned', at(6), above, 'receipt-of-another-ledger');
  add('broken-unpinned', 'made for a checkpoint, and a genesis is pinned', genesis, below, 'receipt-of-another-ledger');
  add('broken-cut', 'the last byte is missing', genesis, transaction.slice(0, -1), 'receipt-malformed');
  add('broken-longer', 'a byte follows', genesis, concatBytes(transaction, Uint8Array.of(0)), 'receipt-malformed');
  add('broken-version', 'version 2', genesis, transaction.with(1, 2), 'receipt-malformed');
  add(
    'broken-kind',
    'an unknown kind',
    genesis,
    encodeCanonical([1, 'assent-receipt', 'promise', new Uint8Array(1), null, [], [], null, [], new Uint8Array(32)]),
    'receipt-malformed',
  );
  add(
    'broken-not-canonical',
    'the version in a longer form',
    genesis,
    concatBytes(transaction.slice(0, 1), Uint8Array.of(0xcc, 1), transaction.slice(2)),
    'receipt-malformed',
  );

  add(
    'broken-digest',
    'all holds, and the digest is another: damage on the way',
    genesis,
    flipped(absence, absence.length - 1),
    'receipt-malformed',
  );
  const { configurations, head } = opened('transaction', transaction);
  for (const [index] of configurations.entries())
    add(
      `broken-change-${index + 1}-missing`,
      `change ${index + 1} of the nodes is cut out`,
      genesis,
      edited('transaction', transaction, (receipt) => ({
        ...receipt,
        configurations: configurations.toSpliced(index, 1),
      })),
      'receipt-history-invalid',
    );
  add(
    'broken-no-history',
    'all changes are cut out',
    genesis,
    edited('transaction', transaction, (receipt) => ({ ...receipt, configurations: [] })),
    'receipt-history-invalid',
  );
  add(
    'broken-change-twice',
    'a change stands there twice',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      configurations: configurations.toSpliced(1, 0, present(configurations[0], 'a change')),
    })),
    'receipt-history-invalid',
  );
  add(
    'broken-recovery-signature',
    "the members' signature of the recovery is another",
    ofRecovered,
    edited('transaction', recovery, (receipt) => ({
      ...receipt,
      configurations: receipt.configurations.map((step, index) =>
        index === 0 ? step : { ...step, justification: flipped(step.justification, 330) },
      ),
    })),
    'receipt-history-invalid',
  );
  const ofHead = (await recovered.receipts.state('access/log/nobody')).bytes;
  add(
    'broken-head-term',
    'a head certified in a term before that of the recovery below it',
    ofRecovered,
    edited('state', ofHead, (receipt) => ({
      ...receipt,
      head: headOfTerm(receipt.head.header, 1, [5, 6]),
    })),
    'receipt-history-invalid',
  );
  const thresholdless = encodeCanonical([
    ...(decodeCanonical(ledger.genesis.bytes) as readonly CanonicalValue[]).slice(0, 6),
    [['governance.threshold', 0]],
    ledger.genesis.content.ruleSet,
  ]);
  add(
    'broken-genesis-threshold',
    'a genesis by which no member need sign a recovery, pinned',
    { genesisHash: sha256(thresholdless) },
    edited('transaction', transaction, (receipt) => ({ ...receipt, genesis: thresholdless })),
    'receipt-malformed',
  );
  const certificate = present(head.certificate, 'a certificate');
  const withCertificate = (bytes: Uint8Array): Uint8Array =>
    edited('transaction', transaction, (receipt) => ({ ...receipt, head: { ...head, certificate: bytes } }));
  add(
    'broken-signature',
    'a bit of a signature',
    genesis,
    withCertificate(flipped(certificate, certificate.length - 40)),
    'receipt-certificate-invalid',
  );
  add(
    'broken-minority',
    'one signature is missing',
    genesis,
    withCertificate(
      concatBytes(certificate.slice(0, 80), Uint8Array.of((certificate[80] as number) - 1), certificate.slice(81, -96)),
    ),
    'receipt-certificate-invalid',
  );
  add(
    'broken-certificate-term',
    'the acks are of another term',
    genesis,
    withCertificate(flipped(certificate, 7)),
    'receipt-certificate-invalid',
  );
  add(
    'broken-certificate-bytes',
    'a byte follows the certificate',
    genesis,
    withCertificate(concatBytes(certificate, Uint8Array.of(0))),
    'receipt-malformed',
  );
  add(
    'broken-head',
    'the header of another block',
    genesis,
    edited('transaction', transaction, (receipt) => ({ ...receipt, head: { ...head, header: ledger.header(11) } })),
    'receipt-certificate-invalid',
  );
  add(
    'broken-path',
    'a hash on the way to the block',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      block: { ...present(receipt.block, 'a block'), path: swapped(present(receipt.block, 'a block').path) },
    })),
    'receipt-block-unproved',
  );
  add(
    'broken-block',
    'another block on the same way',
    genesis,
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      block: { ...present(receipt.block, 'a block'), header: ledger.header(4) },
    })),
    'receipt-block-unproved',
  );
  const contentOf = (
    change: (content: ReceiptOf<'transaction'>['content']) => Partial<ReceiptOf<'transaction'>['content']>,
  ): Uint8Array =>
    edited('transaction', transaction, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, ...change(receipt.content) },
    }));
  add(
    'broken-place',
    'another place in the block',
    genesis,
    contentOf(({ index }) => ({ index: index + 1 })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-place-outside',
    'a place that the block does not have',
    genesis,
    contentOf(() => ({ index: 3 })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-transaction',
    'a bit of the transaction',
    genesis,
    contentOf((content) => ({ transaction: flipped(content.transaction, 60) })),
    'receipt-transaction-unproved',
  );
  add(
    'broken-result',
    'another result',
    genesis,
    contentOf(() => ({ result: encodeCanonical([1, false, 'refused', 'rule']) })),
    'receipt-result-unproved',
  );

  add(
    'broken-value',
    'another value',
    genesis,
    edited('state', value, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, value: flipped(present(receipt.content.value, 'a value'), 3) },
    })),
    'receipt-state-unproved',
  );
  add(
    'broken-value-denied',
    'a value is passed off as absent',
    genesis,
    edited('state', value, (receipt) => ({ ...receipt, content: { ...receipt.content, value: undefined } })),
    'receipt-state-unproved',
  );
  add(
    'broken-absence',
    'the absence of another key',
    genesis,
    edited('state', absence, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, key: 'access/log/somebody' },
    })),
    'receipt-state-unproved',
  );
  add(
    'broken-older',
    'the header of another older block',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, older: ledger.header(4) },
    })),
    'receipt-consistency-unproved',
  );
  add(
    'broken-inclusion',
    'a hash on the way to the older block',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, inclusionPath: swapped(receipt.content.inclusionPath) },
    })),
    'receipt-consistency-unproved',
  );
  add(
    'broken-consistency',
    'a hash of the consistency proof',
    genesis,
    edited('consistency', consistency, (receipt) => ({
      ...receipt,
      content: { ...receipt.content, consistencyPath: swapped(receipt.content.consistencyPath) },
    })),
    'receipt-consistency-unproved',
  );

  const log = (
    name: string,
    what: string,
    change: (content: AccessLogContent) => Partial<AccessLogContent>,
    code: ReceiptFault = 'receipt-range-incomplete',
  ): void =>
    add(
      name,
      what,
      genesis,
      edited('access-log', middle, (receipt) => ({
        ...receipt,
        content: { ...receipt.content, ...change(receipt.content) },
      })),
      code,
    );
  log('broken-entry-missing', 'an entry is removed', ({ entries }) => ({ entries: entries.toSpliced(1, 1) }));
  log('broken-entry-before-missing', 'the entry before the range is dropped', ({ entries, first }) => ({
    entries: entries.slice(1),
    first: first + 1,
  }));
  log('broken-entry-after-missing', 'the entry after the range is dropped', ({ entries }) => ({
    entries: entries.slice(0, -1),
  }));
  log(
    'broken-log-truncated',
    'the state record of a shorter log',
    ({ log: record }) => ({ log: flipped(present(record, 'a record'), 2) }),
    'receipt-state-unproved',
  );
  log('broken-entries-swapped', 'two entries change places', ({ entries }) => ({
    entries: entries.with(1, present(entries[2], 'an entry')).with(2, present(entries[1], 'an entry')),
  }));
  log('broken-range-longer', 'the time is said to begin earlier', ({ from }) => ({ from: from - 1 }));
  log('broken-range-end', 'the time is said to have no end', () => ({ to: undefined }));
  log(
    'broken-other-subject',
    'the log of another subject',
    () => ({ subject: who('ben').publicKey }),
    'receipt-state-unproved',
  );
  // The honest range of fewer entries, said to be complete for the longer time.
  const shorter = opened(
    'access-log',
    (await receipts.accessLog({ subject, from: eighth + 1, to: undefined })).bytes,
  ).content;
  log('broken-shorter-range', 'a shorter range, said to be the longer one', ({ from, to }) => ({
    ...shorter,
    from,
    to,
  }));
  const whole = opened('access-log', (await receipts.accessLog({ subject, from: 0, to: undefined })).bytes).content;
  const leaves = whole.entries.map((entry) => leafHash(entry));
  const [newest] = whole.entries.slice(-1) as [Uint8Array];
  log('broken-entry-beyond', 'an entry follows the last one of the log', () => ({
    ...whole,
    entries: [...whole.entries, newest],
  }));
  log('broken-place-beyond', 'a place that the log does not have, with its root as the path', () => ({
    ...whole,
    from: entryTimeOf(newest) + 1,
    first: whole.entries.length,
    entries: [newest],
    rangePath: [merkleRoot(leaves)],
  }));
  log('broken-range-in-block', 'the entries before and after the range are of one block', () => ({
    ...whole,
    from: eighth + 1,
    to: eighth,
    first: 3,
    entries: whole.entries.slice(3, 5),
    rangePath: rangePath(leaves, 3, 5),
  }));
  return vectors;
}

/** The header in another term, as these nodes would certify it. */
function headOfTerm(header: Uint8Array, term: number, signers: readonly number[]): Receipt['head'] {
  const content = { ...decodeHeader(header), term };
  const { ledgerId, height, configurationHash } = content;
  const bytes = encodeHeader(content);
  const ack = { term, height, blockHash: sha256(bytes), configurationHash };
  const signatures = signers
    .map((number) => who(`node ${number}`))
    .sort((left, right) => Buffer.compare(left.publicKey, right.publicKey))
    .map(({ publicKey, signer }) => {
      return { signer: encodeNodeId(publicKey), signature: signer.sign(ackMessage(ledgerId, ack)) };
    });
  return { header: bytes, certificate: encodeBlockCertificate({ ack, signatures }) };
}

function timeOf({ ledger }: ReceiptLedger, height: number): number {
  return present(ledger.block(height), 'a block').header.timestamp;
}

export function opened<Kind extends ReceiptKind>(kind: Kind, bytes: Uint8Array): ReceiptOf<Kind> {
  const receipt = openReceipt(bytes);
  if (receipt.kind !== kind) throw new Error(`a receipt of the kind ${receipt.kind}`);
  return receipt as unknown as ReceiptOf<Kind>;
}

export function edited<Kind extends ReceiptKind>(
  kind: Kind,
  bytes: Uint8Array,
  edit: (receipt: ReceiptOf<Kind>) => ReceiptOf<Kind>,
): Uint8Array {
  return encodeReceipt(edit(opened(kind, bytes)) as unknown as Receipt);
}

function flipped(bytes: Uint8Array, place: number): Uint8Array {
  return bytes.with(place, (bytes[place] as number) ^ 1);
}

function swapped(path: readonly Uint8Array[]): Uint8Array[] {
  return path.map((hash, index) => (index === 0 ? flipped(hash, 0) : hash));
}
