import { AssentError } from '../../base/index.ts';
import { isRemoved } from '../cluster/removed.ts';
import type { Context } from '../context.ts';

/** Base URLs of the nodes to ask: `--node`, ASSENT_NODE, else the local cluster's, its first node first. */
export function nodeUrls(context: Context): string[] {
  const named = context.options.node ?? context.shell.environment['ASSENT_NODE'];
  if (named !== undefined && named !== '') return named.split(',').map(checkedUrl);
  const { cluster } = context;
  if (cluster === undefined)
    throw new AssentError(
      'node-unreachable',
      `No node was named and there is no local cluster in ${context.clusterDirectory}; start one with \`assent cluster up\`, or name a node with --node.`,
    );
  const there = cluster.nodes.filter((node) => !isRemoved(context.clusterDirectory, node));
  return there.map(({ apiPort }) => `http://127.0.0.1:${apiPort}`);
}

function checkedUrl(text: string): string {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new AssentError('usage', `"${text}" is no URL of a node; write it like http://127.0.0.1:7301.`);
  return url.href.replace(/\/+$/, '');
}
