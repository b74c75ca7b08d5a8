import type { Command } from 'commander';
import type { StatusView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { webClock } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { shortNodeId } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Examples:
  $ assent node transfer                 before the leader's machine is restarted
  $ assent node transfer 2               to node 2 of the local cluster
  $ assent node transfer 12D3KooW…       to the node with this id, or one that ends so`;

export function addNode(program: Command, session: Session): void {
  const node = program.command('node').description('the nodes of the ledger').addHelpText('after', examples);
  node
    .command('transfer [node]')
    .description('hand the leadership to a node, else to the voter that is furthest; nothing that is committed is lost')
    .action(session.run(transfer));
}

const patienceMs = 10_000;
const pollMs = 50;

/** Hands the leadership over and waits for the leader of the next term. Throws `leadership-kept` when it stays. */
async function transfer(context: Context, selector: string | undefined): Promise<Report> {
  const client = context.client();
  const to = selector === undefined ? null : nodeIdOf(context, await client.status(), selector);
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

/** The node that a person named: its number in the local cluster, its id, or the end of it. Throws `usage`. */
function nodeIdOf(context: Context, { configuration }: StatusView, selector: string): string {
  const ids = [...configuration.voters, ...configuration.learners];
  const numbered = context.cluster?.nodes.find(({ number }) => String(number) === selector)?.nodeId;
  const matching = ids.filter((id) => id === numbered || (selector.length >= 6 && id.endsWith(selector)));
  const [nodeId] = matching;
  if (nodeId !== undefined && matching.length === 1) return nodeId;
  throw new AssentError('usage', `"${selector}" names no node of the ledger; \`assent cluster status\` lists them.`);
}
