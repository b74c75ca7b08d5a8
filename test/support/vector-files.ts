import { compareBytes, present, toHex } from '../../src/base/index.ts';
import { encodeCanonical } from '../../src/ledger/index.ts';
import { compareCheckpoints, isSplit, openReceipt, receiptToJson, verifyReceipt } from '../../src/verify/index.ts';
import { cosignedCheckpoint } from './cosigning.ts';
import { primitiveVectors } from './primitive-vectors.ts';
import { ReceiptLedger } from './receipt-ledger.ts';
import { type ReceiptVector, receiptVectors } from './receipt-vectors/index.ts';

/** The files of test/vectors/receipts by name, as they come out of the code: always the same. */
export async function vectorFiles(): Promise<Map<string, Uint8Array>> {
  const vectors = await receiptVectors();
  const files = new Map<string, Uint8Array>();
  for (const vector of vectors) {
    files.set(`${vector.name}.receipt`, vector.receipt);
    if (vector.expect === 'ok') files.set(`${vector.name}.json`, text(receiptToJson(openReceipt(vector.receipt))));
  }
  files.set('index.json', text(vectors.map((vector) => indexEntry(vector, files))));
  files.set('primitives.json', text(primitiveVectors()));
  for (const [name, bytes] of await splitViewFiles()) files.set(name, bytes);
  return files;
}

function text(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`);
}

function indexEntry(
  { name, what, pinned, receipt, expect }: ReceiptVector,
  made: ReadonlyMap<string, Uint8Array>,
): object {
  const { witnesses, ...trusted } = pinned;
  const fileOf = (vector: string): string => `${vector}.receipt`;
  const demand = witnesses && {
    keys: witnesses.keys,
    atLeast: witnesses.atLeast,
    ...(witnesses.cosigned !== undefined && { cosigned: present(made.get(fileOf(witnesses.cosigned)), 'a vector') }),
  };
  const verdict = verifyReceipt(receipt, { ...trusted, ...(demand && { witnesses: demand }) });
  const shown = witnesses && {
    ...witnesses,
    ...(witnesses.cosigned !== undefined && { cosigned: fileOf(witnesses.cosigned) }),
  };
  const pin = plain({ ...trusted, witnesses: shown });
  const entry = { name, what, file: fileOf(name), pinned: pin, expect };
  return verdict.ok ? { ...entry, verdict: plain(verdict) } : entry;
}

/** Two histories of one ledger, whose nodes 1 and 2 certified both, as evidence; and files that prove nothing. */
async function splitViewFiles(): Promise<Map<string, Uint8Array>> {
  const [one, other] = [await ReceiptLedger.begin('vectors'), await ReceiptLedger.begin('vectors')];
  await one.block([one.access()]);
  await other.block([]);
  const genesisHash = one.genesis.ledgerId;
  const [ours, theirs] = [
    await cosignedCheckpoint(one, 3, 'patients', 'auditor'),
    await cosignedCheckpoint(other, 3, 'auditor'),
  ];
  const split = compareCheckpoints(ours, theirs, { genesisHash });
  if (!isSplit(split)) throw new Error('the two histories are one');
  const { evidence, ...verdict } = split;
  const twice = encodeCanonical([1, 'assent-split-view', ours, ours]);
  const before = await cosignedCheckpoint(one, 2);
  const agreeing = encodeCanonical([1, 'assent-split-view', ...[ours, before].sort(compareBytes)]);
  const index = [
    {
      name: 'split-view',
      what: 'two blocks of height 3',
      file: 'split-view.evidence',
      genesisHash,
      expect: 'ok',
      verdict,
    },
    {
      name: 'broken-split-twice',
      what: 'one receipt twice',
      file: 'broken-split-twice.evidence',
      genesisHash,
      expect: 'verification-failed',
    },
    {
      name: 'broken-split-agreeing',
      what: 'two blocks of one history',
      file: 'broken-split-agreeing.evidence',
      genesisHash,
      expect: 'verification-failed',
    },
  ];
  return new Map([
    ['split-view.evidence', evidence],
    ['broken-split-twice.evidence', twice],
    ['broken-split-agreeing.evidence', agreeing],
    ['split-views.json', text(plain(index))],
  ]);
}

/** Bytes as hexadecimal; what is undefined is left out. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, plain(item)]),
  );
}
