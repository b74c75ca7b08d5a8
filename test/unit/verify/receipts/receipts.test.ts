import { beforeAll, describe, expect, it } from 'vitest';
import { present, toHex, uint64Bytes } from '../../../../src/base/index.ts';
import { verifySignature } from '../../../../src/crypto/index.ts';
import { decodeHeader } from '../../../../src/ledger/index.ts';
import { prefixedKey } from '../../../../src/storage/index.ts';
import {
  encodeCheckpoint,
  encodeReceipt,
  openReceipt,
  type Pinned,
  type Receipt,
  type ReceiptVerdict,
  receiptFromJson,
  receiptToJson,
  verifyReceipt,
} from '../../../../src/verify/index.ts';
import { ReceiptLedger, who } from '../../../support/receipt-ledger.ts';

let ledger: ReceiptLedger;
let old: string;
let pinned: Pinned;

function verdictOf(bytes: Uint8Array, by: Pinned = pinned): ReceiptVerdict {
  return verifyReceipt(bytes, by, verifySignature);
}

beforeAll(async () => {
  ledger = await ReceiptLedger.begin();
  pinned = { genesisHash: ledger.genesis.ledgerId };
  old = present((await ledger.block([ledger.access(), ledger.access()]))[1], 'an id');
  await ledger.change('node-add', 4);
  await ledger.change('node-promote', 4);
  await ledger.block([ledger.access()]);
  await ledger.change('node-remove', 1);
  await ledger.block([ledger.access(), ledger.access(), ledger.access()]);
  await ledger.block([]);
});

describe('receipts that a node makes', () => {
  it('prove a transaction with its result, from genesis', async () => {
    const { bytes, height } = await ledger.receipts.transaction(old);
    const verdict = verdictOf(bytes);
    expect(verdict).toMatchObject({
      ok: true,
      kind: 'transaction',
      index: 1,
      asOf: { height },
      anchor: { type: 'genesis', ledgerId: ledger.genesis.ledgerId },
      certifiedBy: { height, changes: 0 },
      result: { ok: true },
    });
    expect(verdict.ok && verdict.kind === 'transaction' && toHex(verdict.id)).toBe(old);
  });

  it('prove it under a certificate that is three configurations younger', async () => {
    const younger = await ReceiptLedger.begin();
    const [id = ''] = await younger.block([younger.access()]);
    const { height } = younger;
    await younger.change('node-add', 4);
    await younger.change('node-promote', 4);
    await younger.change('node-remove', 1);
    await younger.block([]);
    await younger.forgetCertificates(height, younger.height - 1);
    const { bytes } = await younger.receipts.transaction(id);
    expect(verdictOf(bytes, { genesisHash: younger.genesis.ledgerId })).toMatchObject({
      ok: true,
      asOf: { height },
      certifiedBy: { height: younger.height, changes: 3 },
    });
  });

  it('prove a value of the state, and that there is none', async () => {
    const subject = toHex(who('ana').publicKey);
    const there = verdictOf((await ledger.receipts.state(`access/log/${subject}`)).bytes);
    expect(there).toMatchObject({ ok: true, kind: 'state', asOf: { height: ledger.height } });
    expect(there.ok && there.kind === 'state' && there.value).toBeInstanceOf(Uint8Array);
    const absent = verdictOf((await ledger.receipts.state('access/log/nobody')).bytes);
    expect(absent).toMatchObject({ ok: true, kind: 'state', key: 'access/log/nobody', value: undefined });
  });

  it('prove what stood in the state after any block, and that there was nothing', async () => {
    const subject = toHex(who('ana').publicKey);
    const key = `access/log/${subject}`;
    const sizes = new Set<string>();
    for (let height = 1; height <= ledger.height; height++) {
      const { bytes } = await ledger.receipts.state(key, undefined, height);
      const verdict = verdictOf(bytes);
      expect(verdict).toMatchObject({ ok: true, kind: 'state', asOf: { height } });
      sizes.add(verdict.ok && verdict.kind === 'state' && verdict.value ? toHex(verdict.value) : '');
      for (const checkpoint of [1, ledger.height]) {
        const pinned = { checkpoint: encodeCheckpoint(ledger.header(checkpoint)) };
        const made = await ledger.receipts.state(key, checkpoint, height);
        expect(verdictOf(made.bytes, pinned)).toMatchObject({ ok: true, asOf: { height } });
      }
    }
    expect(sizes.size).toBeGreaterThan(2);
    const before = verdictOf((await ledger.receipts.state(key, undefined, 1)).bytes);
    expect(before).toMatchObject({ ok: true, kind: 'state', value: undefined });
    const above = ledger.receipts.state(key, undefined, ledger.height + 1);
    await expect(above).rejects.toMatchObject({ code: 'block-unknown' });
  });

  it('prove nothing of a state when they are of another block', async () => {
    const key = `access/log/${toHex(who('ana').publicKey)}`;
    const [older, newer] = [3, ledger.height].map((at) => ledger.receipts.state(key, undefined, at));
    const [of, from] = [
      openReceipt((await present(older, 'one')).bytes),
      openReceipt((await present(newer, 'one')).bytes),
    ];
    const swapped = encodeReceipt({ ...of, content: from.content } as Receipt);
    expect(verdictOf(swapped)).toMatchObject({ ok: false, code: 'receipt-state-unproved' });
  });

  it('prove that one block stands in the history of another', async () => {
    for (let older = 1; older < ledger.height; older++)
      for (const newer of [older + 1, ledger.height]) {
        const { bytes } = await ledger.receipts.consistency(older, newer);
        expect(verdictOf(bytes)).toMatchObject({ ok: true, asOf: { height: newer }, older: { height: older } });
      }
  });

  it('prove every range of an access log to be complete', async () => {
    const subject = who('ana').publicKey;
    const whole = verdictOf((await ledger.receipts.accessLog({ subject, from: 0, to: undefined })).bytes);
    const all = whole.ok && whole.kind === 'access-log' ? whole.entries : [];
    expect(all.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4, 5]);
    const times = [...new Set(all.map(({ at }) => at))];
    const bounds = [0, ...times, ...times.map((at) => at + 1), present(times.at(-1), 'a time') + 1000];
    for (const from of bounds)
      for (const to of [...bounds, undefined]) {
        if (to !== undefined && to <= from) continue;
        const verdict = verdictOf((await ledger.receipts.accessLog({ subject, from, to })).bytes);
        if (!verdict.ok || verdict.kind !== 'access-log') throw new Error(JSON.stringify(verdict));
        expect(verdict.from).toBeLessThanOrEqual(from);
        if (verdict.to !== undefined) expect(verdict.to).toBeGreaterThanOrEqual(to ?? Number.POSITIVE_INFINITY);
        const within = (at: number): boolean => at >= from && (to === undefined || at < to);
        expect(verdict.entries.filter(({ at }) => within(at))).toEqual(all.filter(({ at }) => within(at)));
      }
    const nobody = who('nobody').publicKey;
    const empty = verdictOf((await ledger.receipts.accessLog({ subject: nobody, from: 5, to: 9 })).bytes);
    expect(empty).toMatchObject({ ok: true, size: 0, entries: [], from: 0, to: undefined });
  });

  it('prove an access log to be complete as it was after any block', async () => {
    const subject = who('ana').publicKey;
    const whole = verdictOf((await ledger.receipts.accessLog({ subject, from: 0 })).bytes);
    const all = whole.ok && whole.kind === 'access-log' ? whole.entries : [];
    for (let at = 1; at <= ledger.height; at++) {
      const { timestamp } = decodeHeader(ledger.header(at));
      const { bytes, height } = await ledger.receipts.accessLog({ subject, from: 0, at });
      const entries = all.filter((entry) => entry.at <= timestamp);
      expect(height).toBe(at);
      expect(verdictOf(bytes)).toMatchObject({ ok: true, asOf: { height: at }, size: entries.length, to: undefined });
      expect(verdictOf(bytes)).toMatchObject({ entries });
    }
    const unknown = ledger.receipts.accessLog({ subject, from: 0, at: ledger.height + 1 });
    await expect(unknown).rejects.toMatchObject({ code: 'block-unknown' });
  });

  it('begin with a checkpoint that the verifier has pinned, below it or above', async () => {
    for (let height = 1; height <= ledger.height; height++) {
      const checkpoint = encodeCheckpoint(ledger.header(height));
      const { bytes } = await ledger.receipts.transaction(old, height);
      expect(verdictOf(bytes, { checkpoint })).toMatchObject({ ok: true, anchor: { type: 'checkpoint', height } });
      expect(verdictOf(bytes)).toMatchObject({ ok: false, code: 'receipt-of-another-ledger' });
      const newest = await ledger.receipts.consistency(1, ledger.height, height);
      expect(verdictOf(newest.bytes, { checkpoint })).toMatchObject({ ok: true, asOf: { height: ledger.height } });
    }
  });

  it('go on across a recovery, with what enough members signed', async () => {
    const other = await ReceiptLedger.begin('recovered');
    await other.change('node-add', 4);
    await other.recover([5, 6, 7]);
    const [id = ''] = await other.block([other.access()]);
    const { bytes } = await other.receipts.transaction(id);
    expect(verdictOf(bytes, { genesisHash: other.genesis.ledgerId })).toMatchObject({
      ok: true,
      certifiedBy: { generation: 1, changes: 2 },
    });
    const checkpoint = encodeCheckpoint(other.header(1));
    const since = await other.receipts.transaction(id, 1);
    expect(verdictOf(since.bytes, { checkpoint })).toMatchObject({ ok: true, certifiedBy: { generation: 1 } });
  });

  it('are not made of what is damaged: the node says so, and gives out nothing', async () => {
    const damaged = await ReceiptLedger.begin('damaged');
    const [id = ''] = await damaged.block([damaged.access()]);
    const { height } = damaged;
    await damaged.block([]);
    await damaged.forgetCertificates(height, height);
    expect(
      verdictOf((await damaged.receipts.transaction(id)).bytes, { genesisHash: damaged.genesis.ledgerId }).ok,
    ).toBe(true);
    const key = prefixedKey('historyNode', uint64Bytes(1));
    const node = present(damaged.store.get(key), 'the nodes of block 1');
    await damaged.write([{ type: 'put', key, value: node.with(40, (node[40] as number) ^ 1) }]);
    await expect(damaged.receipts.transaction(id)).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  it('are the same in binary and as JSON, and nothing is lost between', async () => {
    const made = [
      await ledger.receipts.transaction(old),
      await ledger.receipts.state('access/log/nobody', 1),
      await ledger.receipts.consistency(1, 3),
      await ledger.receipts.accessLog({ subject: who('ana').publicKey, from: 0, to: undefined }, 4),
    ];
    for (const { bytes } of made) {
      const receipt = openReceipt(bytes);
      const text = JSON.stringify(receiptToJson(receipt));
      expect(receiptFromJson(JSON.parse(text))).toEqual(receipt);
      expect(openReceipt(text)).toEqual(receipt);
      expect(openReceipt(new TextEncoder().encode(text))).toEqual(receipt);
    }
  });

  it('are refused as JSON with a name twice, which shows one thing and says another', async () => {
    const { bytes } = await ledger.receipts.state('access/log/nobody', 1);
    const text = JSON.stringify(receiptToJson(openReceipt(bytes)));
    const shown = text.replace('"key":', '"key":"shown","key":');
    const escaped = text.replace('"key":', '"k\\u0065y":"a:\\"b","key":');
    for (const twice of [shown, escaped]) {
      expect(JSON.parse(twice)).toEqual(JSON.parse(text));
      expect(verifyReceipt(twice, pinned)).toMatchObject({ ok: false, code: 'receipt-malformed' });
    }
    const quoted = receiptToJson({
      ...openReceipt(bytes),
      content: { ...openReceipt(bytes).content, key: 'a":{\\"b:' },
    } as never);
    expect(openReceipt(JSON.stringify(quoted))).toMatchObject({ content: { key: 'a":{\\"b:' } });
  });
});
