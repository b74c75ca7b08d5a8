import { describe, expect, it, onTestFinished } from 'vitest';
import type { InForceView, OtherNode } from '../../../src/api/index.ts';
import { present } from '../../../src/base/index.ts';
import { committedReport, type Submitted, submitAs } from '../../../src/cli/ledger/submit.ts';
import { plainStyle } from '../../../src/cli/output/style.ts';
import { AssentClient } from '../../../src/client/index.ts';
import { encodeNodeId } from '../../../src/crypto/index.ts';
import { identityNamed } from '../../../src/demo/index.ts';
import { committed, ScriptedNode } from '../client/scripted-node.ts';
import { Stage } from '../demo/stage.ts';

/** What is submitted to a node that says this of the block. */
async function submitted(
  inForce: InForceView | undefined,
  ...wait: ['committed'?]
): Promise<{ readonly receipt: Submitted; readonly asked: string }> {
  const stage = await Stage.set();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  await using node = await ScriptedNode.start(({ ids: [id = ''] }) => ({
    json: { outcomes: [committed(id)], ...(inForce && { inForce }) },
  }));
  const home = { ...stage.home(), ledger: new AssentClient({ nodes: [node.url] }) };
  const { name } = present(
    home.keystore.list().find(({ attributes }) => attributes['role'] === 'governance'),
    'a member',
  );
  const sender = identityNamed(home, name);
  const payload = { agent: sender.did, role: 'clinician' };
  const receipt = await submitAs(home, sender, 'credential.issue', payload, ...wait);
  return { receipt, asked: present(node.received[0], 'one request').target };
}

const other = (byte: number, member: string | null, standing: OtherNode['standing']): OtherNode => ({
  nodeId: encodeNodeId(new Uint8Array(32).fill(byte)),
  member,
  standing,
});

const linesOf = (receipt: Submitted): string[] => committedReport(plainStyle, receipt, 'Done.').text.split('\n');

describe('what a command submits', () => {
  it('is in force without another word', async () => {
    const inForce = { height: 7, inForce: true, others: [other(1, 'st-mary', 'barred')] };
    const { receipt, asked } = await submitted(inForce);
    expect(asked).toContain('?wait=in-force&');
    expect(linesOf(receipt)).toEqual([expect.stringMatching(/^Done\. \(block 7, .*\)$/)]);
    expect(committedReport(plainStyle, receipt, 'Done.').json).toMatchObject({ height: 7, inForce });
  });

  it('is told to be none where somebody may still decide without it, and who', async () => {
    const others = [other(1, 'st-mary', 'unknown'), other(2, 'north', 'barred'), other(3, null, 'unknown')];
    const inForce = { height: 7, inForce: false, others };
    const { receipt } = await submitted(inForce);
    const [mary, , nobody] = others.map(({ nodeId }) => nodeId.slice(-8));
    expect(linesOf(receipt)).toEqual([
      expect.stringContaining('Done.'),
      `It is not in force everywhere yet: st-mary (${mary}), ${nobody} may still decide without it.`,
    ]);
    expect(committedReport(plainStyle, receipt, 'Done.').json).toMatchObject({ inForce });
  });

  it('is not passed off as in force while the nodes of the ledger change', async () => {
    const { receipt } = await submitted({ height: 7, inForce: false, others: [] });
    expect(linesOf(receipt).slice(1)).toEqual([expect.stringContaining('changed its nodes')]);
  });

  it('is not passed off as in force where no node could find out', async () => {
    const { receipt } = await submitted(undefined);
    expect(linesOf(receipt).slice(1)).toEqual(['Which nodes may still decide without it is not known.']);
    expect(committedReport(plainStyle, receipt, 'Done.').json).toMatchObject({ inForce: null });
  });

  it('says nothing of that where the commit was all that it waited for', async () => {
    const { receipt, asked } = await submitted(undefined, 'committed');
    expect(asked).toContain('?wait=committed&');
    expect(linesOf(receipt)).toHaveLength(1);
    expect(committedReport(plainStyle, receipt, 'Done.').json).not.toHaveProperty('inForce');
  });
});
