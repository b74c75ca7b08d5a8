import { describe, expect, it } from 'vitest';
import { present, silentLogger } from '../../src/base/index.ts';
import { signAs } from '../../src/cli/ledger/submit.ts';
import { AssentClient, buildTransaction, identityOf, webClock } from '../../src/client/index.ts';
import { builtInContracts } from '../../src/contracts/index.ts';
import { createSigner, decodeNodeId, generateSeed, systemRandom } from '../../src/crypto/index.ts';
import { identityNamed } from '../../src/demo/index.ts';
import { encodeCanonical } from '../../src/ledger/index.ts';
import { createTransport } from '../../src/p2p/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { newTransaction, occurrences, until } from './support.ts';

const { cluster, home } = clusterOfThree();

describe('the same signed bytes', () => {
  it('execute once and get one receipt: from two nodes at once, after a restart, and after their window', async () => {
    const transaction = newTransaction(home, Date.now() + 8000);
    const [first, second] = await Promise.all([
      cluster.client(1).submit(transaction, { wait: 'committed' }),
      cluster.client(2).submit(transaction, { wait: 'committed' }),
    ]);
    expect(first.status).toBe('committed');
    expect(second).toEqual(first);
    expect(await cluster.client(3).submit(transaction, { wait: 'committed' })).toEqual(first);

    await cluster.run('cluster', 'down');
    expect((await cluster.run('cluster', 'up', '--detach')).exitCode).toBe(0);
    expect(await cluster.client(2).submit(transaction, { wait: 'committed' })).toEqual(first);

    await until('the ledger is past the window', async () => {
      const outcome = await cluster.client().submit(newTransaction(home));
      return outcome.status === 'committed' && outcome.receipt.timestamp > transaction.validUntil;
    });
    for (const number of [1, 2, 3])
      expect(await cluster.client(number).submit(transaction, { wait: 'committed' })).toEqual(first);
    expect((await occurrences(cluster.client(3))).get(transaction.id)).toBe(1);
  });
});

describe('what is wrong with a submission', () => {
  async function codeOf(bytes: Uint8Array, query = ''): Promise<string> {
    const response = await fetch(`${cluster.urls[0]}/v1/transactions${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    return ((await response.json()) as { error: { code: string } }).error.code;
  }

  function signedFor(change: Partial<Parameters<typeof buildTransaction>[0]>): Uint8Array {
    const kind = 'credential.issue';
    const json = { agent: identityOf(generateSeed(), createSigner).did, role: 'researcher' };
    return buildTransaction({
      ledgerId: home.ledgerId,
      kind,
      payload: builtInContracts.payloadFromJson(kind, json),
      validUntil: Date.now() + 60_000,
      signer: identityNamed(home, 'member/st-mary').signer,
      random: systemRandom,
      ...change,
    }).bytes;
  }

  it('has a code of its own, and the node stays up', async () => {
    const { uptimeMs } = await cluster.client(1).status();
    const flipped = signedFor({});
    flipped[flipped.length - 5] = (flipped[flipped.length - 5] ?? 0) ^ 1;
    const codes = {
      flippedBit: await codeOf(flipped),
      wrongLedger: await codeOf(signedFor({ ledgerId: systemRandom.bytes(32) })),
      ledgerOfAnother: await codeOf(signedFor({}), `?ledger=${'ab'.repeat(32)}`),
      expired: await codeOf(signedFor({ validUntil: Date.now() - 60_000 })),
      tooFar: await codeOf(signedFor({ validUntil: Date.now() + 3_600_000 })),
      oversized: await codeOf(encodeCanonical([new Uint8Array(200_000), new Uint8Array(64)])),
      invalidMsgpack: await codeOf(Uint8Array.of(0xc1, 0xff, 0x00)),
      wrongShape: await codeOf(encodeCanonical(['no', 'transaction'])),
      unknownKind: await codeOf(signedFor({ kind: 'weather.report' })),
      wrongPayload: await codeOf(signedFor({ payload: [1, 'not', 'a', 'credential'] })),
    };
    expect(codes).toEqual({
      flippedBit: 'signature-invalid',
      // Nothing in the bytes says which ledger they are for; whoever sends them can.
      wrongLedger: 'signature-invalid',
      ledgerOfAnother: 'ledger-foreign',
      expired: 'window-expired',
      tooFar: 'window-too-far',
      oversized: 'transaction-too-large',
      invalidMsgpack: 'encoding-invalid',
      wrongShape: 'transaction-malformed',
      unknownKind: 'transaction-kind-unknown',
      wrongPayload: 'transaction-payload-invalid',
    });
    const ledgerId = systemRandom.bytes(32);
    const elsewhere = signAs({ ...home, ledgerId }, identityNamed(home, 'member/st-mary'), 'credential.issue', {
      agent: identityOf(generateSeed(), createSigner).did,
      role: 'researcher',
    });
    expect(await cluster.client(1).submit(elsewhere)).toMatchObject({ status: 'refused', code: 'ledger-foreign' });
    expect((await cluster.client(1).status()).uptimeMs).toBeGreaterThan(uptimeMs);
    expect((await cluster.client(1).submit(newTransaction(home))).status).toBe('committed');
  });
});

describe('a process with a foreign key', () => {
  it('cannot open a stream to any node', async () => {
    const frames: string[] = [];
    const peers = cluster.file.nodes.map(({ nodeId, p2pPort }) => {
      expect(decodeNodeId(nodeId)).toBeDefined();
      return { nodeId, addresses: [`/ip4/127.0.0.1/tcp/${p2pPort}`] };
    });
    const stranger = createTransport({
      nodeKeySeed: generateSeed(),
      ledgerId: home.ledgerId,
      listenAddress: { host: '127.0.0.1', port: 0 },
      peers,
      clock: webClock,
      random: systemRandom,
      logger: silentLogger,
      onFrame: (from) => void frames.push(from),
    });
    await stranger.start();
    try {
      for (const url of cluster.urls)
        await until(`${url} has denied a connection`, async () => {
          const metrics = await (await fetch(`${url}/metrics`)).text();
          return Number(/^assent_connections_denied (\d+)$/m.exec(metrics)?.[1] ?? 0) > 0;
        });
      // It dials again and again, and takes a connection for one until the node has closed it.
      await until('none keeps it', () => stranger.peers().every(({ connected }) => !connected));
      expect(stranger.peers().filter(({ framesIn, framesOut }) => framesIn + framesOut > 0)).toEqual([]);
      expect(frames).toEqual([]);
    } finally {
      await stranger.stop();
    }
    expect(
      present((await new AssentClient({ nodes: cluster.urls }).status()).leader, 'the cluster leads on'),
    ).toBeTruthy();
  });
});
