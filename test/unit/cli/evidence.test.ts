import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ApiServer, type NodeService } from '../../../src/api/server/index.ts';
import { silentLogger, toHex } from '../../../src/base/index.ts';
import { encodeNodeId } from '../../../src/crypto/index.ts';
import { evidenceList, evidenceView } from '../../../src/node/service/evidence-answers.ts';
import { encodeEvidence, evidenceId } from '../../../src/verify/index.ts';
import { documentOf, runCli } from '../../support/cli.ts';
import { ackOf, ledgerId, liar, record, signedAck, tip } from '../verify/forge-evidence.ts';

const proof = encodeEvidence(record('two-acks', signedAck(ackOf(tip(3, 7))), signedAck(ackOf(tip(3, 7, 'fork')))));
const id = toHex(evidenceId(proof));
const ledger = toHex(ledgerId);
const culprit = encodeNodeId(liar.publicKey);
const directory = mkdtempSync(join(tmpdir(), 'assent-evidence-'));
const cli = (...args: string[]) => runCli(args, { workingDirectory: directory });

afterAll(() => rmSync(directory, { recursive: true }));

/** A node that answers about evidence, and nothing else. */
async function nodeWithProof(): Promise<string> {
  const known = {
    entries: [{ id, kind: 'two-acks', culprit, term: 3 }] as const,
    notStored: 0,
    record: (asked: string) => (asked === id ? proof : undefined),
  };
  const service: Partial<NodeService> = {
    evidence: async () => evidenceList(known),
    evidenceRecord: async (asked) => evidenceView(known, asked),
  };
  const onBug = (error: unknown): void => {
    throw error;
  };
  const server = new ApiServer({ service: service as NodeService, version: '1.2.3', logger: silentLogger, onBug });
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close(100));
  return `http://127.0.0.1:${port}`;
}

describe('evidence verify', () => {
  beforeAll(() => writeFileSync(join(directory, 'proof.bin'), proof));

  it('needs nothing but the file, and says what is proved of which key', async () => {
    const { exitCode, stdout, stderr } = await cli('evidence', 'verify', 'proof.bin');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(
      stdout,
    ).toBe(`Proved, as of generation 0, term 3: the holder of the key of node ${culprit.slice(-8)} acknowledged two blocks of height 7 in term 3.

evidence    ${id}
kind        two-acks
node        ${culprit}
ledger      ${ledger}
generation  0
term        3
`);
  });

  it('with --json has the verdict as one document', async () => {
    const result = await cli('evidence', 'verify', 'proof.bin', '--ledger', ledger, '--json');
    expect(documentOf(result)).toEqual({
      verified: true,
      id,
      kind: 'two-acks',
      ledgerId: ledger,
      generation: 0,
      culprit,
      term: 3,
      deed: 'acknowledged two blocks of height 7 in term 3',
    });
  });

  it('reads standard input', async () => {
    expect((await runCli(['evidence', 'verify', '-'], { workingDirectory: directory, input: proof })).exitCode).toBe(0);
  });

  it('ends with 4 for what proves nothing, is no record, or is of another ledger', async () => {
    const changed = proof.slice();
    changed[changed.length - 5] = (changed.at(-5) as number) ^ 1;
    writeFileSync(join(directory, 'changed.bin'), changed);
    writeFileSync(join(directory, 'other.bin'), 'no record');
    for (const [args, sentence] of [
      [['changed.bin'], /signature of an ack does not verify/],
      [['other.bin'], /no record of evidence/],
      [['proof.bin', '--ledger', '0'.repeat(64)], /of the ledger/],
    ] as const) {
      const { exitCode, stdout, stderr } = await cli('evidence', 'verify', ...args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
      expect(stderr).toMatch(sentence);
      expect(stderr).toMatch(/\[verification-failed\]\n$/);
    }
  });

  it('ends with 2 without the file, or with half an id of a ledger', async () => {
    expect(await cli('evidence', 'verify', 'absent.bin')).toMatchObject({ exitCode: 2 });
    expect(await cli('evidence', 'verify', 'proof.bin', '--ledger', ledger.slice(0, 12))).toMatchObject({
      exitCode: 2,
    });
  });
});

describe('evidence of a node', () => {
  it('is listed, shown by the beginning of its id, and written to a file that verifies', async () => {
    const node = await nodeWithProof();
    const { stdout } = await cli('evidence', 'list', '--node', node);
    expect(stdout).toBe(`evidence      kind      node      term
${id.slice(0, 12)}  two-acks  ${culprit.slice(-8)}     3
`);
    expect(documentOf(await cli('evidence', 'list', '--node', node, '--json'))).toEqual({
      evidence: [{ id, kind: 'two-acks', culprit, term: 3 }],
      notStored: 0,
    });
    const shown = await cli('evidence', 'show', id.slice(0, 12), '--out', 'shown.bin', '--node', node);
    expect(shown.stdout).toContain('acknowledged two blocks of height 7');
    expect(new Uint8Array(readFileSync(join(directory, 'shown.bin')))).toEqual(proof);
    expect((await cli('evidence', 'verify', 'shown.bin')).exitCode).toBe(0);
  });

  it('that there is not ends with 1', async () => {
    const node = await nodeWithProof();
    for (const unknown of ['0000', '0'.repeat(64)]) {
      const { exitCode, stderr } = await cli('evidence', 'show', unknown, '--node', node);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('[not-found]');
    }
    expect((await cli('evidence', 'show', 'zz', '--node', node)).exitCode).toBe(2);
  });
});
