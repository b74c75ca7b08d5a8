import { describe, expect, it } from 'vitest';
import { fromHex, present } from '../../../src/base/index.ts';
import {
  type AccessBatchProof,
  accessLogOf,
  proveBatchedAccess,
  sealAccessBatch,
  verifyBatchedAccess,
  verifyLoggedAccess,
  verifyRequestOfAccess,
} from '../../../src/contracts/index.ts';
import { inclusionPath, leafHash, verifySignaturePortable as verify } from '../../../src/crypto/portable.ts';
import { hex, world } from './support.ts';

/** Every way to flip one bit of the first, a middle and the last byte. */
function changesOf(bytes: Uint8Array): Uint8Array[] {
  return [0, bytes.length >> 1, bytes.length - 1].map((place) => {
    const changed = bytes.slice();
    changed[place] = (changed[place] as number) ^ 1;
    return changed;
  });
}

/** Five entries of one batch, and one that was recorded alone before. */
function recorded() {
  const made = world();
  const { ledger } = made;
  made.access();
  const payload = made.batchPayload([{}, {}, { purpose: 'HRESCH' }, { resource: 'other' }, {}]);
  expect(ledger.submit('north-gateway', 'access.recordBatch', payload).output).toMatchObject({ recorded: 5 });
  const ana = ledger.actor('ana');
  const entries = ledger.stream(`access:${ana.keyHex}`);
  const log = present(accessLogOf(ledger.state, ana.key), 'there is a log');
  return { ...made, payload, entries, log };
}

describe('an entry proves alone', () => {
  it('that it stands in its subject’s log', () => {
    const { entries, log } = recorded();
    const leaves = entries.map(leafHash);
    for (const [place, entry] of entries.entries()) {
      const proof = { entry, place, size: log.size, root: log.root, path: inclusionPath(leaves, place) };
      expect(verifyLoggedAccess(proof)).toBe(true);
      for (const changed of changesOf(entry)) expect(verifyLoggedAccess({ ...proof, entry: changed })).toBe(false);
      expect(verifyLoggedAccess({ ...proof, place: (place + 1) % entries.length })).toBe(false);
    }
  });

  it('that its gateway stated it, in a batch of which nothing else is shown', () => {
    const { ledger, payload, entries } = recorded();
    for (const [place, entry] of entries.slice(1).entries()) {
      const proof = present(proveBatchedAccess(payload, place), 'the batch has the entry');
      const holds = (changed: Partial<AccessBatchProof>, other = entry): boolean =>
        verifyBatchedAccess(ledger.ledgerId, other, { ...proof, ...changed }, verify);
      expect(holds({})).toBe(true);
      for (const changed of changesOf(entry)) expect(holds({}, changed)).toBe(false);
      for (const statement of changesOf(proof.statement)) expect(holds({ statement })).toBe(false);
      for (const signature of changesOf(proof.signature)) expect(holds({ signature })).toBe(false);
      for (const root of changesOf(proof.root)) expect(holds({ root })).toBe(false);
      expect(holds({ size: proof.size + 1 })).toBe(false);
      expect(holds({ path: proof.path.slice(1) })).toBe(false);
      expect(holds({}, present(entries[((place + 1) % 5) + 1], 'another entry'))).toBe(false);
      expect(verifyBatchedAccess(new Uint8Array(32), entry, proof, verify)).toBe(false);
    }
    expect(proveBatchedAccess(payload, 5)).toBeUndefined();
  });

  it('that its gateway stated it for this request, and for no other one of the same words', () => {
    const { ledger, payload, entries } = recorded();
    const { root: _root, signature: _signature, accesses, ...content } = payload;
    const [first, ...others] = accesses as { items: object[] }[];
    const items = present(first, 'an access').items.map((item) => ({ ...item, request: hex('another') }));
    const sealed = { ...content, accesses: [{ ...first, items }, ...others] };
    const restated = sealAccessBatch(ledger.ledgerId, ledger.actor('north-gateway').signer, sealed);
    const proof = present(proveBatchedAccess(restated, 0), 'the batch has the entry');
    expect(verifyBatchedAccess(ledger.ledgerId, present(entries[1], 'the first of them'), proof, verify)).toBe(false);
  });

  it('that no batch stated it, when it was recorded alone', () => {
    const { ledger, payload, entries } = recorded();
    const proof = present(proveBatchedAccess(payload, 0), 'the batch has the entry');
    expect(verifyBatchedAccess(ledger.ledgerId, present(entries[0], 'the first'), proof, verify)).toBe(false);
  });

  it('which request it stands for, to whom its gateway shows the request', () => {
    const { ledger, accessPayload, batch, batchPayload } = world();
    const [asked, other] = [accessPayload({ event: 'one' }), accessPayload({ event: 'two' })];
    const late = accessPayload({ event: 'late', validUntil: ledger.nowMs - 1 });
    batch([{ event: 'one' }]);
    batch([{ event: 'late', validUntil: ledger.nowMs - 1 }]);
    const [entry, afterItsTime] = ledger.stream(`access:${ledger.actor('ana').keyHex}`);
    const shown = (payload: Record<string, unknown>) => ({
      request: present(fromHex(String(payload['request'])), 'hexadecimal'),
      requestSignature: present(fromHex(String(payload['requestSignature'])), 'hexadecimal'),
    });
    const holds = (signed: ReturnType<typeof shown>, of = entry): boolean =>
      verifyRequestOfAccess(ledger.ledgerId, present(of, 'an entry'), signed, verify);
    expect(holds(shown(asked))).toBe(true);
    expect(holds(shown(other))).toBe(false);
    expect(holds({ ...shown(asked), requestSignature: shown(other).requestSignature })).toBe(false);
    expect(holds({ ...shown(asked), request: new Uint8Array(3) })).toBe(false);
    expect(holds(shown(late), afterItsTime)).toBe(false);
    // The same words, signed for another time: not what the gateway had when it logged the access.
    expect(holds(shown(accessPayload({ event: 'one', validUntil: ledger.nowMs + 120_000 })))).toBe(false);
    // Other words under the hash of what the agent did ask.
    const { root: _root, signature: _signature, accesses, ...content } = batchPayload([{ event: 'real' }]);
    const [lie] = accesses as { items: object[] }[];
    const items = present(lie, 'an access').items.map((item) => ({ ...item, resource: hex('something else') }));
    const sealed = { ...content, accesses: [{ ...lie, items }] };
    const signer = ledger.actor('north-gateway').signer;
    ledger.submit('north-gateway', 'access.recordBatch', sealAccessBatch(ledger.ledgerId, signer, sealed));
    const logged = ledger.stream(`access:${ledger.actor('ana').keyHex}`).at(-1);
    expect(holds(shown(accessPayload({ event: 'real', resource: 'resource of real' })), logged)).toBe(false);
  });
});
