import type { Context } from '../context.ts';
import type { DemoOutcome } from '../demo/run-demo.ts';
import { table } from '../output/table.ts';
import { countText, durationText, shortHash, shortNodeId } from '../output/words.ts';
import type { Report } from '../session.ts';
import { faultsText } from './links/partition.ts';
import type { LinkFaults } from './links/relay.ts';
import { apiUrl, type NodeView } from './survey.ts';
import type { UpResult } from './up.ts';

/** `assent cluster status`: every node's status, a stopped node as its id and role; what is wrong with links that can be cut. */
export function clusterReport(context: Context, views: readonly NodeView[], links?: LinkFaults): Report {
  const json = {
    nodes: views.map(({ node, state, status }) => status ?? { nodeId: node.nodeId, role: roleWithoutStatus(state) }),
    ...(links !== undefined && { links }),
  };
  const { style } = context;
  const rows = views.map(({ node, state, status }) => {
    const role = status?.role ?? roleWithoutStatus(state);
    const painted = role === 'leader' ? style.good(role) : status === undefined ? style.bad(role) : role;
    return [
      String(node.number),
      painted,
      node.member,
      status === undefined ? '' : String(status.term),
      status === undefined ? '' : String(status.height),
      status === undefined ? '' : shortHash(status.headHash),
      status === undefined ? '' : durationText(status.uptimeMs),
      apiUrl(node),
      shortNodeId(node.nodeId),
      node.process === null || state === 'stopped' || state === 'removed' ? '' : String(node.process.pid),
    ];
  });
  const right = (title: string) => ({ title, align: 'right' }) as const;
  const columns = [
    right('node'),
    'role',
    'member',
    right('term'),
    right('height'),
    'head',
    'up',
    'API',
    'node id',
    right('pid'),
  ];
  const text = table(style, columns, rows);
  return { json, text: links === undefined ? text : `${text}\n${faultsText(links)}` };
}

function roleWithoutStatus(state: NodeView['state']): string {
  // A process that runs and does not answer is starting, or stuck.
  return state === 'running' ? 'unreachable' : state;
}

/** `assent cluster up`: where the nodes can be reached. */
export function upReport(context: Context, result: UpResult, demo: DemoOutcome | undefined, detached: boolean): Report {
  const { directory, cluster, created, started } = result;
  const nodes = cluster.nodes.map((node) => ({
    number: node.number,
    nodeId: node.nodeId,
    member: node.member,
    api: apiUrl(node),
    p2p: `/ip4/127.0.0.1/tcp/${node.p2pPort}`,
    pid: node.process?.pid ?? null,
  }));
  const { ledgerId } = cluster;
  const json = { directory, ledgerId, created, started, nodes, ...(demo === undefined ? {} : { demo: demo.summary }) };
  return { json, text: upText(context, result, demo, detached) };
}

/** The same for people. */
export function upText(
  context: Context,
  { directory, cluster, created, started }: UpResult,
  demo: DemoOutcome | undefined,
  detached: boolean,
): string {
  const { style } = context;
  const { ledgerId, nodes } = cluster;
  const ledger = `ledger ${shortHash(ledgerId)} in ${directory}`;
  const lines = [headline()];
  lines.push(...nodes.map((node) => `  node ${node.number}  ${apiUrl(node)}  ${style.faint(node.member)}`));
  const { passphraseFile } = context.homePlace;
  if (created && passphraseFile !== undefined)
    lines.push(style.faint(`  keys in ${context.homePlace.directory}, their passphrase in ${passphraseFile}`));
  if (demo !== undefined) {
    const { anchored, skipped, patients } = demo.summary;
    lines.push(`Demo: ${countText(patients, 'patient')}, ${anchored} records anchored, ${skipped} were there before.`);
  }
  if (started.length === 0) return lines.join('\n');
  lines.push(detached ? 'Stop them with `assent cluster down`.' : 'Ctrl-C stops them.');
  return lines.join('\n');

  function headline(): string {
    if (started.length === 0) return `All ${countText(nodes.length, 'node')} run already: ${ledger}.`;
    if (created) return `${countText(nodes.length, 'node')} of a new ledger run: ${ledger}.`;
    return `${countText(started.length, 'node')} started: ${ledger}.`;
  }
}
