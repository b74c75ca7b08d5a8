import type { NodeList } from '../../api/index.ts';
import { AssentError, present } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { governanceKey } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { joinLedger } from '../join/join-ledger.ts';
import { identityOfKey } from '../keys/people.ts';
import { nodeUrls } from '../ledger/node-urls.ts';
import { submitAs } from '../ledger/submit.ts';
import { shortNodeId } from '../output/words.ts';
import type { Report } from '../session.ts';
import { roleIn, untilNodes, waitsFor } from './await-change.ts';

/** One node for another of the same member, by their ids. */
export interface Replacement {
  readonly old: string;
  readonly node: string;
  /** Where others reach the new one, `host:port`. */
  readonly address: string;
}

/**
 * Submits `governance.replaceNode` with the member's key, unless it was. Throws `not-found` where the ledger knows
 * neither node, and what it refused.
 */
export async function askForReplacement(
  context: Context,
  client: AssentClient,
  replacement: Replacement,
): Promise<void> {
  const { old, node, address } = replacement;
  const list = await client.nodes();
  if (roleIn(list, node) !== undefined || waitsFor(list, node)) return;
  const leaving = list.nodes.find(({ nodeId }) => nodeId === old);
  if (leaving === undefined)
    throw new AssentError('not-found', `The ledger has no node ${old} that could be replaced.`);
  const home = await context.home('read');
  const sender = await identityOfKey(
    home,
    context.options.as ?? governanceKey(leaving.member).name,
    undefined,
    'governance',
  );
  const payload = { nodeKey: old, newNodeKey: node, address };
  await submitAs(home, sender, 'governance.replaceNode', payload, 'committed');
  context.remark(`${leaving.member} replaces node ${shortNodeId(old)} by ${shortNodeId(node)}: it is in the ledger.`);
}

/** Whether the replacement has taken effect. Throws `change-dropped` when it never will. */
export function isReplaced(list: NodeList, { old, node }: Pick<Replacement, 'old' | 'node'>): boolean {
  if (roleIn(list, old) === undefined) return roleIn(list, node) !== undefined;
  // The old node's removal is the last of the steps.
  if (waitsFor(list, old)) return false;
  throw new AssentError(
    'change-dropped',
    `The members dropped the replacement of node ${shortNodeId(old)} by ${shortNodeId(node)}.`,
  );
}

export interface ElsewhereOptions {
  readonly directory: string;
  readonly apiPort?: number;
  readonly p2pPort?: number;
  readonly host?: string;
}

/** `assent node replace` for a node of any machine: makes the directory, and leaves it to the operator to start it. */
export async function replaceElsewhere(context: Context, old: string, options: ElsewhereOptions): Promise<Report> {
  const client = context.client();
  const list = await client.nodes();
  const member = list.nodes.find(({ nodeId }) => nodeId === old)?.member ?? configuredMember(context);
  const joined = await joinLedger({ ...options, member, nodeUrls: nodeUrls(context) });
  const { nodeId: node, address, directory } = joined;
  await askForReplacement(context, client, { old, node, address });
  context.remark(`Start the new node on its machine, if it does not run: assent start --dir ${directory}`);
  await untilNodes(
    client,
    { sentence: `Node ${shortNodeId(node)} has not taken the place of ${shortNodeId(old)}` },
    (now) => isReplaced(now, { old, node }),
  );
  const text = `Node ${shortNodeId(node)} has the place of ${shortNodeId(old)}, which stops by itself; its directory is kept.`;
  return { json: { oldNodeId: old, nodeId: node, directory, address }, text };
}

/** A node that has left already has no member in the ledger; the key that acts says it. */
function configuredMember(context: Context): string {
  const as = context.required(context.options.as, "--as NAME, the member's key");
  return present(as.split('/').at(-1), 'a text has a last part');
}
