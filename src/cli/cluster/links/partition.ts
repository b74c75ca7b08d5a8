import { AssentError } from '../../../base/index.ts';
import type { Context } from '../../context.ts';
import type { Report } from '../../session.ts';
import type { ClusterFile, ClusterLinks } from '../cluster-file.ts';
import { isRunning } from '../processes.ts';
import { selectNode } from '../survey.ts';
import { tellRelay } from './control.ts';
import type { LinkFaults } from './relay.ts';

/**
 * `assent cluster partition 1,2/3`: two nodes stay linked when some group holds both, so `1,3/2,3` cuts only the link of
 * 1 and 2. Nodes that are not named are a group of their own. What was cut before and is not now is whole again.
 */
export async function partition(context: Context, cluster: ClusterFile, text: string): Promise<Report> {
  const links = linksOf(context, cluster);
  const groups = await groupsIn(context, cluster, text);
  const cut = links.routes
    .filter(({ from, to }) => !groups.some((group) => group.has(from) && group.has(to)))
    .map(({ from, to }) => ({ from, to }));
  if (cut.length === 0) throw new AssentError('usage', `"${text}" cuts nothing: one group holds all nodes.`);
  const { delays } = await tellRelay(links.controlPort, null);
  return faultsReport(await tellRelay(links.controlPort, { cut, delays }));
}

/** `assent cluster delay 1 2 50`: what the first sends to the second takes so much longer; 0 takes the delay back. */
export async function delay(
  context: Context,
  cluster: ClusterFile,
  way: { readonly from: string; readonly to: string; readonly delayMs: number },
): Promise<Report> {
  const links = linksOf(context, cluster);
  const from = await linkedNode(context, cluster, way.from);
  const to = await linkedNode(context, cluster, way.to);
  if (from === to) throw new AssentError('usage', `Node ${from} has no link to itself.`);
  const { cut, delays } = await tellRelay(links.controlPort, null);
  const others = delays.filter((one) => one.from !== from || one.to !== to);
  const now = way.delayMs === 0 ? others : [...others, { from, to, delayMs: way.delayMs }];
  return faultsReport(await tellRelay(links.controlPort, { cut, delays: now }));
}

/** `assent cluster heal`: all links are whole, and take no longer than they must. */
export async function heal(context: Context, cluster: ClusterFile): Promise<Report> {
  return faultsReport(await tellRelay(linksOf(context, cluster).controlPort, { cut: [], delays: [] }));
}

/** The faults that hold now; undefined for a cluster whose nodes are linked directly, or whose relay does not run. */
export async function currentFaults({ links }: ClusterFile): Promise<LinkFaults | undefined> {
  return links === null || !isRunning(links.process) ? undefined : tellRelay(links.controlPort, null);
}

/** What is wrong with the links, for people: a line each. */
export function faultsText({ cut, delays }: LinkFaults): string {
  const cutTexts = cut
    .filter(({ from, to }) => from < to || !cut.some((one) => one.from === to && one.to === from))
    .map(({ from, to }) => (cut.some((one) => one.from === to && one.to === from) ? `${from}–${to}` : `${from}→${to}`));
  const lines = [cutTexts.length === 0 ? 'No link is cut.' : `Cut: ${cutTexts.join(', ')}.`];
  if (delays.length > 0)
    lines.push(`Delayed: ${delays.map(({ from, to, delayMs }) => `${from}→${to} by ${delayMs} ms`).join(', ')}.`);
  return lines.join('\n');
}

function faultsReport(faults: LinkFaults): Report {
  return { json: faults, text: faultsText(faults) };
}

/** The number of the node that a person named. Throws `usage` for one that is linked past the relay. */
async function linkedNode({ clusterDirectory }: Context, cluster: ClusterFile, selector: string): Promise<number> {
  const { number } = await selectNode(clusterDirectory, cluster, selector);
  if (!cluster.links?.routes.some(({ from, to }) => from === number || to === number))
    throw new AssentError('usage', `Node ${number} came later and is linked directly; its links cannot be cut.`);
  return number;
}

async function groupsIn(context: Context, cluster: ClusterFile, text: string): Promise<readonly ReadonlySet<number>[]> {
  const named = new Set<number>();
  const groups: Set<number>[] = [];
  for (const part of text.split('/')) {
    const group = new Set<number>();
    for (const selector of part.split(',')) group.add(await linkedNode(context, cluster, selector.trim()));
    for (const number of group) named.add(number);
    groups.push(group);
  }
  return [...groups, new Set(cluster.nodes.map(({ number }) => number).filter((number) => !named.has(number)))];
}

function linksOf({ clusterDirectory }: Context, { links }: ClusterFile): ClusterLinks {
  if (links === null)
    throw new AssentError(
      'usage',
      `The nodes of the cluster in ${clusterDirectory} are linked directly, so no link can be cut. Make one that can ` +
        'with `assent cluster up --links --dir` and another directory.',
    );
  if (!isRunning(links.process))
    throw new AssentError(
      'node-unreachable',
      `The relay of the cluster's links in ${clusterDirectory} does not run; start it with \`assent cluster up\`.`,
    );
  return links;
}
