import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/index.ts';
import {
  AssentClient,
  buildTransaction,
  exitCodeOf,
  identityOf,
  receiptOf,
  type SignedTransaction,
} from '../../../src/client/index.ts';
import { createSigner, encodeNodeId, sha256 } from '../../../src/crypto/index.ts';
import { committed, failure, outcomes, refused, ScriptedNode } from './scripted-node.ts';

const { signer } = identityOf(sha256(utf8('a seed')), createSigner);
const ledgerId = sha256(utf8('a ledger'));

function transaction(size = 0): SignedTransaction {
  const payload = [1, new Uint8Array(size)];
  return buildTransaction({ ledgerId, kind: 'test.kind', payload, validUntil: 1_800_000_000_000, signer });
}

/** A port on which nobody listens. */
async function closedUrl(): Promise<string> {
  const node = await ScriptedNode.start(() => 'drop');
  const { url } = node;
  await node[Symbol.asyncDispose]();
  return url;
}

describe('submitting one transaction', () => {
  it('ends with the receipt of its commit', async () => {
    await using node = await ScriptedNode.start(({ ids }) => outcomes(committed(ids[0] ?? '')));
    const sent = transaction();
    const outcome = await new AssentClient({ nodes: [`${node.url}/`] }).submit(sent);
    expect(outcome).toMatchObject({ status: 'committed', id: sent.id, receipt: { height: 7 } });
    expect(receiptOf(outcome).id).toBe(sent.id);
    expect(exitCodeOf(outcome)).toBe(0);
    expect(node.received).toHaveLength(1);
    expect(toHex(node.received[0]?.body ?? new Uint8Array())).toBe(toHex(sent.bytes));
    expect(node.received[0]?.target).toMatch(/^\/v1\/transactions\?wait=in-force&timeoutMs=\d+&ledger=[0-9a-f]{64}$/);
  });

  it.each(['committed', 'none'] as const)('waits as little as it is told: %s', async (wait) => {
    await using node = await ScriptedNode.start(({ ids }) => outcomes(committed(ids[0] ?? '')));
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { wait });
    expect(outcome).not.toHaveProperty('inForce');
    expect(node.received[0]?.target).toContain(`?wait=${wait}&`);
  });

  it('tells what the node says of the last block, and whoever waits for it asks once', async () => {
    const others = [{ nodeId: encodeNodeId(new Uint8Array(32).fill(1)), member: 'st-mary', standing: 'unknown' }];
    for (const inForce of [
      { height: 7, inForce: true, others: [] },
      { height: 7, inForce: false, others },
    ]) {
      await using node = await ScriptedNode.start(({ ids }) => ({
        json: { outcomes: ids.map((id) => committed(id)), inForce },
      }));
      const client = new AssentClient({ nodes: [node.url] });
      expect(await client.submit(transaction())).toMatchObject({ status: 'committed', inForce });
      const both = await client.submitBatch([transaction(), transaction()]);
      expect(both).toMatchObject([{ inForce }, { inForce }]);
      expect(node.received).toHaveLength(2);
    }
  });

  it('takes a rule as final: code, rule and sentence, and nobody else is asked', async () => {
    const refusal = { code: 'not-a-member', rule: 'sender-is-member', sentence: 'Only a member can do this.' };
    await using node = await ScriptedNode.start(({ ids }) => outcomes(committed(ids[0] ?? '', refusal)));
    await using other = await ScriptedNode.start(() => 'drop');
    const outcome = await new AssentClient({ nodes: [node.url, other.url] }).submit(transaction());
    expect(outcome).toMatchObject({ status: 'refused', ...refusal, receipt: { height: 7 } });
    expect(exitCodeOf(outcome)).toBe(1);
    expect(() => receiptOf(outcome)).toThrow(expect.objectContaining({ code: 'refused' }));
    expect(other.received).toHaveLength(0);
  });

  it.each([
    ['signature-invalid', 1],
    ['transaction-malformed', 2],
    ['window-expired', 1],
  ] as const)('takes %s as final', async (code, exitCode) => {
    await using node = await ScriptedNode.start(() => failure(code));
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction());
    expect(outcome).toMatchObject({ status: 'refused', code });
    expect(exitCodeOf(outcome)).toBe(exitCode);
    expect(node.received).toHaveLength(1);
  });

  it('posts the same bytes to the next node when one has no quorum, and keeps the one that took it', async () => {
    await using without = await ScriptedNode.start(() => failure('no-quorum'));
    await using node = await ScriptedNode.start(({ ids }) => outcomes(committed(ids[0] ?? '')));
    const client = new AssentClient({ nodes: [without.url, node.url] });
    expect((await client.submit(transaction())).status).toBe('committed');
    expect(toHex(without.received[0]?.body ?? new Uint8Array())).toBe(toHex(node.received[0]?.body ?? utf8('x')));
    await client.submit(transaction());
    expect([without.received.length, node.received.length]).toEqual([1, 2]);
  });

  it('says that nothing happened when nobody listens, without waiting for its deadline', async () => {
    const client = new AssentClient({ nodes: [await closedUrl(), await closedUrl()] });
    const outcome = await client.submit(transaction(), { timeoutMs: 3_600_000 });
    expect(outcome).toMatchObject({ status: 'nothing-happened', code: 'node-unreachable' });
    expect(exitCodeOf(outcome)).toBe(3);
  });

  it('says that nothing happened when every node refused to take it until the deadline', async () => {
    await using node = await ScriptedNode.start(() => failure('no-quorum'));
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { timeoutMs: 500 });
    expect(outcome).toMatchObject({ status: 'nothing-happened', code: 'no-quorum' });
    expect(node.received.length).toBeGreaterThan(1);
  });

  it('comes back when a node is free again', async () => {
    await using node = await ScriptedNode.start(({ ids }, count) =>
      count < 3 ? failure('overloaded', { 'retry-after': '0' }) : outcomes(committed(ids[0] ?? '')),
    );
    expect((await new AssentClient({ nodes: [node.url] }).submit(transaction())).status).toBe('committed');
    expect(node.received).toHaveLength(3);
  });
});

describe('what is not certain is called unknown', () => {
  it('a connection cut after the request', async () => {
    await using node = await ScriptedNode.start(() => 'drop');
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { timeoutMs: 300 });
    expect(outcome.status).toBe('unknown');
    expect(exitCodeOf(outcome)).toBe(5);
    expect(() => receiptOf(outcome)).toThrow(expect.objectContaining({ code: 'outcome-unknown' }));
  });

  it('a node that never answers', async () => {
    await using node = await ScriptedNode.start(() => 'hang');
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { timeoutMs: 200 });
    expect(outcome.status).toBe('unknown');
  });

  it.each([
    ['an answer about another transaction', () => outcomes(committed('0'.repeat(64)))],
    ['too few outcomes', () => outcomes()],
    ['an answer of another program', () => ({ json: { hello: 'world' } })],
    ['an error of another program', () => ({ status: 404, json: 'not here' })],
    ['a bug', () => failure('internal')],
    ['a disk that failed meanwhile', () => failure('storage-failed')],
    ['a node that waited in vain', () => failure('outcome-unknown')],
  ])('%s', async (_name, react) => {
    await using node = await ScriptedNode.start(react);
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { timeoutMs: 200 });
    expect(outcome.status).toBe('unknown');
  });

  it('until another node has the receipt', async () => {
    await using dying = await ScriptedNode.start(() => 'drop');
    await using node = await ScriptedNode.start(({ ids }) => outcomes(committed(ids[0] ?? '')));
    const outcome = await new AssentClient({ nodes: [dying.url, node.url] }).submit(transaction());
    expect(outcome.status).toBe('committed');
  });

  it('also when a node that lags then calls it expired, or cannot take it', async () => {
    for (const code of ['window-expired', 'no-quorum'] as const) {
      await using dying = await ScriptedNode.start(() => 'drop');
      await using lagging = await ScriptedNode.start(() => failure(code));
      const outcome = await new AssentClient({ nodes: [dying.url, lagging.url] }).submit(transaction(), {
        timeoutMs: 300,
      });
      expect(outcome.status).toBe('unknown');
    }
  });

  it('when the caller gives up', async () => {
    const controller = new AbortController();
    await using node = await ScriptedNode.start(() => {
      controller.abort();
      return 'hang';
    });
    const outcome = await new AssentClient({ nodes: [node.url] }).submit(transaction(), { signal: controller.signal });
    expect(outcome.status).toBe('unknown');
    expect(node.received).toHaveLength(1);
  });
});

describe('submitting many', () => {
  it('sends again only what is not settled, and answers in order', async () => {
    const sent = Array.from({ length: 5 }, () => transaction());
    await using node = await ScriptedNode.start(({ ids }, count) =>
      outcomes(
        ...ids.map((id, index) =>
          count === 1 && index % 2 === 1
            ? refused(id, 'overloaded')
            : index === 4
              ? refused(id, 'signature-invalid')
              : committed(id),
        ),
      ),
    );
    const result = await new AssentClient({ nodes: [node.url] }).submitBatch(sent);
    expect(result.map(({ id }) => id)).toEqual(sent.map(({ id }) => id));
    expect(result.map(({ status }) => status)).toEqual(['committed', 'committed', 'committed', 'committed', 'refused']);
    expect(node.received.map(({ ids }) => ids)).toEqual([sent.map(({ id }) => id), [sent[1]?.id, sent[3]?.id]]);
  });

  it('cuts what exceeds 1,000 or 4 MiB into requests, and reports progress', async () => {
    await using node = await ScriptedNode.start(({ ids }) => outcomes(...ids.map((id) => committed(id))));
    const progress: number[] = [];
    const client = new AssentClient({ nodes: [node.url] });
    const many = Array.from({ length: 1001 }, () => transaction());
    expect(await client.submitBatch(many, { onProgress: (done) => progress.push(done) })).toHaveLength(1001);
    expect(progress).toEqual([1000, 1001]);
    const large = Array.from({ length: 100 }, () => transaction(60_000));
    expect((await client.submitBatch(large)).every(({ status }) => status === 'committed')).toBe(true);
    const sizes = node.received.slice(2).map(({ body }) => body.length);
    expect(sizes.length).toBe(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(await client.submitBatch([])).toEqual([]);
  });
});
