import { beforeAll, expect, it } from 'vitest';
import { present, toHex } from '../../src/base/index.ts';
import { signAs } from '../../src/cli/ledger/submit.ts';
import { buildTransaction, type SignedTransaction } from '../../src/client/index.ts';
import { anchorItemsMax } from '../../src/contracts/index.ts';
import { ensureGateway } from '../../src/demo/enrol.ts';
import { type Custodian, custodiansIn } from '../../src/demo/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';
import { occurrences, sameHead, until } from './support.ts';

/** How many of each kind; together some ten megabytes. */
const floodCount = 96;
const senders = 8;
/** With its envelope this comes close to the most that a transaction may have, 64 KiB. */
const paddingBytes = 65_000;

const { cluster, home } = clusterOfThree();
let custodian: Custodian;
beforeAll(async () => {
  custodian = present(custodiansIn(home)[0], 'the consortium has domains');
  await ensureGateway(home, custodian);
});

/** As many commitments as one transaction takes: the most work that one can make. */
function largeAnchor(): SignedTransaction {
  const hex = (length: number): string => toHex(home.random.bytes(length));
  const items = Array.from({ length: anchorItemsMax }, () => ({
    eventId: hex(16),
    source: hex(32),
    canonical: hex(32),
  }));
  return signAs(home, custodian.gateway, 'record.anchor', { domain: custodian.domain, items });
}

/** 64 KiB under a good signature that no rule set takes. */
function largeNonsense(): SignedTransaction {
  return buildTransaction({
    ledgerId: home.ledgerId,
    kind: 'record.anchor',
    payload: [new Uint8Array(paddingBytes)],
    validUntil: home.clock.nowMs() + 60_000,
    signer: custodian.gateway.signer,
    random: home.random,
  });
}

it('long reads and a flood of 64 KiB transactions at one node cost no election', async () => {
  const leader = await cluster.leader();
  const { term } = await sameHead(cluster, 1, 2, 3);
  const flooded = cluster.client(leader);
  const anchors = Array.from({ length: floodCount }, largeAnchor);
  const nonsense = Array.from({ length: floodCount }, largeNonsense);
  let reading = true;
  let entriesRead = 0;
  const reader = async (): Promise<void> => {
    while (reading) for await (const _entry of flooded.domainRecords(custodian.domain)) entriesRead += 1;
  };
  const readers = [reader(), reader()];

  const waiting = anchors.flatMap((anchor, place) => [anchor, present(nonsense[place], 'as many')]);
  const statuses = new Map<string, string>();
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
        statuses.set(next.id, (await flooded.submit(next, { timeoutMs: 40_000 })).status);
    }),
  );
  await until('the readers came through', () => entriesRead > floodCount * anchorItemsMax, 40_000);
  reading = false;
  await Promise.all(readers);

  expect(nonsense.filter(({ id }) => statuses.get(id) !== 'refused')).toEqual([]);
  expect(anchors.filter(({ id }) => statuses.get(id) !== 'committed')).toEqual([]);
  const after = await sameHead(cluster, 1, 2, 3);
  expect(after.term).toBe(term);
  expect((await cluster.client(leader).status()).role).toBe('leader');
  const counts = await occurrences(flooded);
  expect(anchors.filter(({ id }) => counts.get(id) !== 1)).toEqual([]);
  expect(nonsense.filter(({ id }) => counts.has(id))).toEqual([]);
}, 120_000);
