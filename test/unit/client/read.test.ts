import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { AssentClient, identityOf } from '../../../src/client/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { committed, failure, ScriptedNode } from './scripted-node.ts';

const { did } = identityOf(sha256(utf8('a seed')));
const id = 'ab'.repeat(32);

describe('reading', () => {
  it('asks for the route of the API, and checks the answer by its schema', async () => {
    const domains = { domains: [{ name: 'st-mary', custodian: 'mary', policy: {} }] };
    await using node = await ScriptedNode.start(({ target }) => ({
      json: target === '/v1/domains' ? domains : { domains: 3 },
    }));
    const client = new AssentClient({ nodes: [node.url] });
    expect(await client.domains()).toEqual(domains);
    await expect(client.credentials(did)).rejects.toMatchObject({ code: 'reply-invalid' });
    await expect(client.link('st-mary', did)).rejects.toMatchObject({ code: 'reply-invalid' });
    expect(node.received.map(({ target }) => decodeURIComponent(target))).toEqual([
      '/v1/domains',
      `/v1/agents/${did}/credentials`,
      `/v1/domains/st-mary/subjects/${did}`,
    ]);
  });

  it('asks for the consistency that the client was made for, or that the read names', async () => {
    await using node = await ScriptedNode.start(() => ({ json: { domains: [] } }));
    await new AssentClient({ nodes: [node.url] }).domains({ consistency: 'local' });
    const client = new AssentClient({ nodes: [node.url], consistency: 'local' });
    await client.domains();
    await client.domains({ consistency: 'linearizable' });
    expect(node.received.map(({ target }) => target)).toEqual([
      '/v1/domains?consistency=local',
      '/v1/domains?consistency=local',
      '/v1/domains?consistency=linearizable',
    ]);
  });

  it('leaves it to the node how new a decision is, unless it is told', async () => {
    await using node = await ScriptedNode.start(() => ({ json: { decisions: [] } }));
    const client = new AssentClient({ nodes: [node.url] });
    await client.decideAll([]);
    await client.decideAll([], { consistency: 'in-force' });
    await new AssentClient({ nodes: [node.url], consistency: 'local' }).decideAll([]);
    expect(node.received.map(({ target }) => target)).toEqual([
      '/v1/decisions',
      '/v1/decisions?consistency=in-force',
      '/v1/decisions?consistency=local',
    ]);
  });

  it('asks whether a block is in force for as long as it is told', async () => {
    await using node = await ScriptedNode.start(() => ({ json: { height: 7, inForce: true, others: [] } }));
    const client = new AssentClient({ nodes: [node.url] });
    expect(await client.inForce(7)).toEqual({ height: 7, inForce: true, others: [] });
    await client.inForce(8, { waitMs: 0 });
    expect(node.received.map(({ target }) => target)).toEqual([
      '/v1/blocks/7/in-force?timeoutMs=10000',
      '/v1/blocks/8/in-force?timeoutMs=0',
    ]);
  });

  it('refuses an address that is none, before anything is sent', () => {
    for (const url of ['', '127.0.0.1:7401', 'ftp://127.0.0.1', 'http://'])
      expect(() => new AssentClient({ nodes: [url] })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('passes on what a node says is wrong, without asking another', async () => {
    await using node = await ScriptedNode.start(() => failure('not-found'));
    await using other = await ScriptedNode.start(() => 'drop');
    const client = new AssentClient({ nodes: [node.url, other.url] });
    await expect(client.domain('nowhere')).rejects.toMatchObject({ code: 'not-found', message: 'Failed: not-found.' });
    expect(other.received).toHaveLength(0);
  });

  it('asks the next node when one is busy, lags or is gone', async () => {
    await using busy = await ScriptedNode.start(() => failure('overloaded'));
    await using lagging = await ScriptedNode.start(() => failure('transaction-unknown'));
    await using dying = await ScriptedNode.start(() => 'drop');
    const transaction = { kind: 'test.kind', sender: did, validUntil: 1, payload: {} };
    await using node = await ScriptedNode.start(() => ({ json: { ...committed(id), transaction } }));
    const client = new AssentClient({ nodes: [busy.url, dying.url, lagging.url, node.url] });
    expect(await client.transaction(id)).toMatchObject({ id, receipt: { height: 7 }, transaction });
    const without = new AssentClient({ nodes: [dying.url, lagging.url] });
    await expect(without.transaction(id)).rejects.toMatchObject({ code: 'transaction-unknown' });
    await expect(new AssentClient({ nodes: [dying.url] }).status()).rejects.toMatchObject({ code: 'node-unreachable' });
  });

  it('walks a stream page by page', async () => {
    const entry = (height: number) => ({ height, index: 0, timestamp: 1, transactionId: id, entry: { type: 'x' } });
    await using node = await ScriptedNode.start(({ target }) => ({
      json: target.includes('cursor=1.0.0') ? { entries: [entry(2)] } : { entries: [entry(1)], next: '1.0.0' },
    }));
    const heights: number[] = [];
    for await (const { height } of new AssentClient({ nodes: [node.url] }).entries('access', did)) heights.push(height);
    expect(heights).toEqual([1, 2]);
  });

  it('waits until a node is ready, and says what was wrong when none becomes it', async () => {
    await using node = await ScriptedNode.start((_received, count) =>
      count < 3 ? failure('no-quorum') : { json: { ok: true } },
    );
    await new AssentClient({ nodes: [node.url] }).waitForReady({ timeoutMs: 60_000 });
    expect(node.received).toHaveLength(3);
    await using never = await ScriptedNode.start(() => failure('recovering'));
    const waiting = new AssentClient({ nodes: [never.url] }).waitForReady({ timeoutMs: 5_000 });
    await expect(waiting).rejects.toMatchObject({ code: 'recovering' });
  });
});
