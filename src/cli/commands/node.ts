import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import { webClock } from '../../client/index.ts';
import { decodeNodeId } from '../../crypto/index.ts';
import { selectNode } from '../cluster/survey.ts';
import type { Context } from '../context.ts';
import { memberIn } from '../keys/member.ts';
import { nodeIdOf } from '../ledger/nodes.ts';
import { submitProposal } from '../ledger/propose.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { replaceInCluster } from '../nodes/replace.ts';
import { type ElsewhereOptions, replaceElsewhere } from '../nodes/replacement.ts';
import { facts, table } from '../output/table.ts';
import { shortNodeId } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addHistory } from './node-history.ts';
import { wholeNumber } from './values.ts';

const examples = `
A node is named by its number in the local cluster, by its id, or by the end of its id. Proposals are made with a
member's key (--as), and other members vote on them: \`assent proposal\`.

Examples:
  $ assent node list
  $ assent node propose add 12D3KooW… --member riverside --address riverside.example:7400 --as member/st-mary
  $ assent node propose promote 4 --as member/st-mary
  $ assent node replace 2                a new key for node 2 of the local cluster, after its disk was lost
  $ assent node replace 12D3KooW… --new-dir ./node --as member/st-mary
  $ assent node retire 12D3KooW… --as member/st-mary    its key is in the wrong hands
  $ assent node transfer                 before the leader's machine is restarted
  $ assent node transfer 2               to node 2 of the local cluster`;

export function addNode(program: Command, session: Session): void {
  const node = program.command('node').description('the nodes of the ledger').addHelpText('after', examples);
  node.command('list').description('the nodes, and the approved changes that wait').action(session.run(list));
  addHistory(node, session);
  node.command('show <node>').description('one node').action(session.run(show));
  node
    .command('transfer [node]')
    .description('hand the leadership to a node, else to the voter that is furthest; nothing that is committed is lost')
    .action(session.run(transfer));
  node
    .command('replace <node>')
    .description('give a node of the own member a new key: a new node takes its place, the old one leaves for ever')
    .option('--new-dir <dir>', "the new node's directory; for a node that is not of the local cluster")
    .option('--api-port <port>', 'where its API listens (default 7300)', wholeNumber(1, 65_535))
    .option('--p2p-port <port>', 'where the other nodes connect to it (default 7400)', wholeNumber(1, 65_535))
    .option('--host <address>', 'IP address at which the other nodes reach it (default 127.0.0.1)')
    .action(session.run(replace));
  node
    .command('retire <node>')
    .description('take a node of the own member out at once: its key is in the wrong hands')
    .action(session.run(retire));
  const propose = node.command('propose').description("propose a change of the ledger's nodes");
  propose
    .command('add <node-id>')
    .description('let a new node in, as a learner')
    .requiredOption('--member <name>', 'the member that runs it')
    .option('--address <host:port>', 'where others reach it')
    .action(session.run(proposeAdd));
  for (const [verb, description] of [
    ['promote', 'let a learner vote'],
    ['demote', 'let a voter be a learner'],
    ['remove', 'let a node leave, for ever'],
    ['retire', 'let a node leave before all that waits: its key is in the wrong hands'],
  ] as const)
    propose
      .command(`${verb} <node>`)
      .description(description)
      .action(session.run((context, selector: string) => proposeChange(context, verb, selector)));
  propose
    .command('drop-waiting')
    .description('drop all approved changes that wait, such as the promotion of a node that never came')
    .action(session.run((context: Context) => submitProposal(context, { action: 'changes-drop' })));
}

async function list(context: Context): Promise<Report> {
  const reply = await context.client().nodes();
  const numberOf = (nodeId: string): string =>
    String(context.cluster?.nodes.find((node) => node.nodeId === nodeId)?.number ?? '');
  const nodes = table(
    context.style,
    ['', 'node', 'member', 'role', 'since block', 'address'],
    reply.nodes.map(({ nodeId, member, role, sinceHeight, address }) => {
      return [numberOf(nodeId), nodeId, member, role, String(sinceHeight), address ?? ''];
    }),
  );
  const waiting = reply.waiting.map(({ step, nodeId, member }) => [step, nodeId, member]);
  const changes = table(context.style, ['waits', 'node', 'member'], waiting);
  return { json: reply, text: waiting.length === 0 ? nodes : `${nodes}\n\n${changes}` };
}

async function show(context: Context, selector: string): Promise<Report> {
  const { nodes, waiting } = await context.client().nodes();
  const ids = nodes.map(({ nodeId }) => nodeId);
  const nodeId = nodeIdOf(context, ids, selector);
  const [view] = nodes.filter((node) => node.nodeId === nodeId);
  const changes = waiting.filter((change) => change.nodeId === nodeId).map(({ step }) => step);
  const text = facts(context.style, [
    ['node', nodeId],
    ['member', view?.member],
    ['role', view?.role],
    ['since block', String(view?.sinceHeight)],
    ['address', view?.address],
    ['waits', changes.length === 0 ? undefined : changes.join(', ')],
  ]);
  return { json: { ...view, waiting: changes }, text };
}

async function retire(context: Context, selector: string): Promise<Report> {
  const home = await context.home('read');
  const { nodes } = await context.client().nodes();
  const nodeKey = nodeIdOf(
    context,
    nodes.map(({ nodeId }) => nodeId),
    selector,
  );
  const receipt = await submitAs(home, memberIn(context, home), 'governance.retireNode', { nodeKey });
  const text = `Node ${shortNodeId(nodeKey)} leaves with the next block that can enact it; \`assent node list\` shows when it has.`;
  return committedReport(context.style, receipt, text, { nodeId: nodeKey });
}

interface ReplaceFlags extends Omit<ElsewhereOptions, 'directory'> {
  readonly newDir?: string;
}

async function replace(context: Context, selector: string, { newDir, ...flags }: ReplaceFlags): Promise<Report> {
  const { cluster, clusterDirectory } = context;
  if (newDir === undefined) {
    if (cluster === undefined)
      throw new AssentError('usage', 'Outside of a local cluster the new node needs a directory: --new-dir.');
    return replaceInCluster(context, await selectNode(clusterDirectory, cluster, selector));
  }
  const { nodes, waiting } = await context.client().nodes();
  const ids = new Set([...nodes, ...waiting].map(({ nodeId }) => nodeId));
  // One that has left already: a second call has to find it.
  const old = decodeNodeId(selector) === undefined ? nodeIdOf(context, [...ids], selector) : selector;
  return replaceElsewhere(context, old, { ...flags, directory: context.path(newDir) });
}

async function proposeAdd(
  context: Context,
  nodeId: string,
  { member, address }: { readonly member: string; readonly address?: string },
): Promise<Report> {
  if (decodeNodeId(nodeId) === undefined)
    throw new AssentError('usage', `"${nodeId}" is no node id; it looks like 12D3KooW….`);
  return submitProposal(context, {
    action: 'node-add',
    nodeKey: nodeId,
    member,
    ...(address === undefined ? {} : { address }),
  });
}

async function proposeChange(context: Context, verb: string, selector: string): Promise<Report> {
  const { nodes, waiting } = await context.client().nodes();
  const ids = new Set([...nodes, ...waiting].map(({ nodeId }) => nodeId));
  return submitProposal(context, { action: `node-${verb}`, nodeKey: nodeIdOf(context, [...ids], selector) });
}

const patienceMs = 10_000;
const pollMs = 50;

/** Hands the leadership over and waits for the leader of the next term. Throws `leadership-kept` when it stays. */
async function transfer(context: Context, selector: string | undefined): Promise<Report> {
  const client = context.client();
  const to = selector === undefined ? null : await target(context, selector);
  const begun = await client.transferLeadership({ to });
  for (const endMs = webClock.monotonicMs() + patienceMs; webClock.monotonicMs() < endMs; ) {
    const { term, leader } = await client.status();
    if (term > begun.term && leader !== null) {
      const text = `Node ${shortNodeId(leader)} leads in term ${term}.`;
      return { json: { to: begun.to, leader, term }, text, exitCode: leader === begun.to ? 0 : 1 };
    }
    await new Promise<void>((resolve) => webClock.after(pollMs, resolve));
  }
  throw new AssentError('leadership-kept', `Node ${shortNodeId(begun.to)} did not take the leadership over.`);
}

async function target(context: Context, selector: string): Promise<string> {
  const { configuration } = await context.client().status();
  return nodeIdOf(context, [...configuration.voters, ...configuration.learners], selector);
}
