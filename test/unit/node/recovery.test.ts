import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { transactionMediaType } from '../../../src/api/index.ts';
import { statusView } from '../../../src/api/schemas/status.ts';
import { present } from '../../../src/base/index.ts';
import {
  encodeRecovery,
  encodeRecoveryStatement,
  openRecovery,
  recoveryMessage,
  type SignedRecovery,
} from '../../../src/ledger/index.ts';
import {
  applyRecovery,
  draftRecovery,
  loadConfig,
  type RecoveryReport,
  type RunningNode,
  reportOfStopped,
  startNode,
} from '../../../src/node/index.ts';
import { type PreparedNode, prepareNode } from '../../support/node-directory.ts';
import { signedCredential } from '../../support/signed-credential.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const address = 'north.example:7400';

/** The directory of a node that runs a ledger alone. */
function loneNode(): PreparedNode & { readonly directory: string; readonly file: string } {
  const directory = temporaryDirectory();
  const prepared = prepareNode(directory);
  const { p2p, api, timing } = prepared.config;
  const file = join(directory, 'node.json');
  writeFileSync(file, JSON.stringify({ p2p, api, timing, log: { file: 'node.log' } }));
  return { ...prepared, directory, file };
}

type LoneNode = ReturnType<typeof loneNode>;

async function start({ file }: LoneNode): Promise<RunningNode> {
  const node = await startNode(loadConfig(file));
  onTestFinished(() => node.stop());
  while (!(await fetch(`${node.apiUrl}/readyz`)).ok);
  return node;
}

/** Runs the node until it has committed so many transactions, and stops it. */
async function commit(place: LoneNode, count: number): Promise<void> {
  const node = await start(place);
  for (let sent = 0; sent < count; sent++) {
    const headers = { 'content-type': transactionMediaType };
    const body = signedCredential(place);
    expect((await fetch(`${node.apiUrl}/v1/transactions`, { method: 'POST', body, headers })).status).toBe(200);
  }
  await node.stop();
}

const report = ({ file }: LoneNode): Promise<RecoveryReport> => reportOfStopped(loadConfig(file), address);

function signed({ genesis, member }: LoneNode, reports: readonly RecoveryReport[], generations = 1): SignedRecovery {
  const { statement: drafted } = draftRecovery(genesis, reports, [], Date.now()).recovery;
  const { content } = drafted;
  const statement = { ...drafted, content: { ...content, generation: content.generation + generations - 1 } };
  const signature = member.sign(recoveryMessage(statement));
  const signatures = [{ governanceKey: member.publicKey, signature }];
  return openRecovery(encodeRecovery({ statement, statementBytes: encodeRecoveryStatement(statement), signatures }));
}

async function statusOf(node: RunningNode) {
  return statusView.parse(await (await fetch(`${node.apiUrl}/v1/status`)).json());
}

it('a stopped node goes on from the base under a new key, and a second application changes nothing', async () => {
  const place = loneNode();
  await commit(place, 3);
  const before = await report(place);
  expect(await report(place), 'the key that was made waits').toEqual(before);
  expect(before.certified.height).toBe(before.tip.height);
  const recovery = signed(place, [before]);
  const applied = await applyRecovery(place.file, recovery);
  expect(applied).toMatchObject({ changed: true, nodeId: before.node });
  expect(applied.report).toMatchObject({ generation: 0, abandoned: [], acknowledged: [], beginsEmpty: false });
  expect(await applyRecovery(place.file, recovery)).toEqual({ ...applied, changed: false });
  const node = await start(place);
  const status = await statusOf(node);
  expect(status).toMatchObject({ nodeId: before.node, configuration: { generation: 1, voters: [before.node] } });
  expect(status.height).toBeGreaterThan(before.tip.height);
  await node.stop();
  // And again, from there.
  const next = await report(place);
  await applyRecovery(place.file, signed(place, [next]));
  expect(await statusOf(await start(place))).toMatchObject({ nodeId: next.node, configuration: { generation: 2 } });
});

it('an application that was interrupted is finished by the next, wherever it was', async () => {
  const place = loneNode();
  await commit(place, 1);
  const before = await report(place);
  const recovery = signed(place, [before]);
  const formerKey = readFileSync(join(place.directory, 'node.key'), 'utf8');
  const failing = async (file: string) => {
    mkdirSync(`${file}.new`);
    await expect(applyRecovery(place.file, recovery)).rejects.toThrow('EISDIR');
    rmdirSync(`${file}.new`);
  };
  await failing(join(place.directory, 'abandoned-generation-0.json'));
  expect(await report(place), 'nothing is given up before it is reported').toEqual(before);
  await failing(place.file);
  expect(readFileSync(join(place.directory, 'node.key'), 'utf8')).toBe(formerKey);
  const applied = await applyRecovery(place.file, recovery);
  expect(applied).toMatchObject({ changed: true, nodeId: before.node, report: { formerNode: before.formerNode } });
  expect(JSON.parse(readFileSync(place.file, 'utf8'))).toMatchObject({ member: 'north', p2p: { peers: [] } });
  expect(readFileSync(join(place.directory, 'node.key.generation-0'), 'utf8')).toBe(formerKey);
  expect(await statusOf(await start(place))).toMatchObject({ nodeId: before.node, configuration: { generation: 1 } });
});

it('a directory that has applied more than the base says what is lost, and begins empty', async () => {
  const place = loneNode();
  await commit(place, 2);
  const early = await report(place);
  await commit(place, 3);
  const late = await report(place);
  const applied = await applyRecovery(place.file, signed(place, [early]));
  const gone = present(applied.report, 'there was something');
  expect(gone).toMatchObject({ beginsEmpty: true, base: { height: early.tip.height }, tip: late.tip });
  expect(gone.abandoned.map(({ height }) => height)).toEqual(
    Array.from({ length: late.tip.height - early.tip.height }, (_, index) => early.tip.height + 1 + index),
  );
  expect(gone.abandoned.every(({ certified }) => certified)).toBe(true);
  expect(gone.abandoned.flatMap(({ transactions }) => transactions)).toHaveLength(3);
  expect(gone.acknowledged).toEqual([expect.objectContaining({ node: late.formerNode, height: late.tip.height })]);
  expect(existsSync(join(place.directory, 'data'))).toBe(false);
  expect(existsSync(join(place.directory, 'data.generation-0'))).toBe(true);
});

it('refuses what does not fit, and leaves the directory as it was', async () => {
  const place = loneNode();
  const running = await start(place);
  await expect(report(place)).rejects.toMatchObject({ code: 'storage-locked' });
  await running.stop();
  const made = await report(place);
  const recovery = signed(place, [made]);
  const refusal = (reason: string) =>
    expect.objectContaining({ code: 'recovery-invalid', message: expect.stringContaining(reason) });
  const unsigned = openRecovery(encodeRecovery({ ...recovery, signatures: [] }));
  await expect(applyRecovery(place.file, unsigned)).rejects.toThrow(refusal('0 of the 1 members'));
  const other = loneNode();
  await commit(other, 1);
  const theirs = await report(other);
  expect(() => draftRecovery(place.genesis, [theirs], [], 0)).toThrow(refusal('another ledger'));
  await expect(applyRecovery(other.file, recovery)).rejects.toThrow(refusal('another ledger'));
  const notNamed = signed(place, [{ ...made, node: theirs.node }]);
  await expect(applyRecovery(place.file, notNamed)).rejects.toThrow(refusal('does not name'));
  await expect(applyRecovery(place.file, signed(place, [made], 2))).rejects.toThrow(refusal('founds generation 2'));
  const higher = { ...made.certified, height: made.certified.height + 1 };
  expect(() => draftRecovery(place.genesis, [{ ...made, certified: higher }], [], 0)).toThrow(
    refusal('is not certified'),
  );
  const { certificate } = made.certified;
  const unproved = {
    ...made.certified,
    certificate: certificate.slice(0, -1) + (certificate.endsWith('0') ? '1' : '0'),
  };
  expect(() => draftRecovery(place.genesis, [{ ...made, certified: unproved }], [], 0)).toThrow(
    refusal('is not certified'),
  );
  const former = { ...made, node: made.formerNode };
  expect(() => draftRecovery(place.genesis, [former], [], 0)).toThrow(refusal('not new'));
  expect(() => draftRecovery(place.genesis, [], [], 0)).toThrow(refusal('at least one'));
  const configuration = readFileSync(place.file, 'utf8');
  expect(await statusOf(await start(place))).toMatchObject({
    nodeId: made.formerNode,
    configuration: { generation: 0 },
  });
  expect(readFileSync(place.file, 'utf8')).toBe(configuration);
});
