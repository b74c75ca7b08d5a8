import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import { type AddOptions, addNode } from '../cluster/add.ts';
import { type ClusterFile, readCluster } from '../cluster/cluster-file.ts';
import { destroyCluster } from '../cluster/destroy.ts';
import { interruptSignal, unlessAborted } from '../cluster/interrupts.ts';
import { delayMsMax } from '../cluster/links/control.ts';
import { currentFaults, delay, heal, partition } from '../cluster/links/partition.ts';
import { followLogs, lastLines } from '../cluster/logs.ts';
import { clusterReport, upReport } from '../cluster/reports.ts';
import { pauseOne, restartOne, resumeOne, stopOne } from '../cluster/single-node.ts';
import { Interrupted } from '../cluster/start.ts';
import { killNode, stopNode } from '../cluster/stop.ts';
import { surveyCluster } from '../cluster/survey.ts';
import { bringDown, bringUp, stopAll, type UpOptions, watchCluster } from '../cluster/up.ts';
import type { Context } from '../context.ts';
import { runDemo } from '../demo/run-demo.ts';
import type { Report, Session } from '../session.ts';
import { wholeNumber } from './values.ts';

const examples = `
Examples:
  $ assent cluster up --demo --detach      three nodes, an invented consortium with records, in the background
  $ assent cluster up                      the same ledger in the foreground; Ctrl-C stops it
  $ assent cluster kill leader             a power cut for whichever node leads
  $ assent cluster restart 2
  $ assent cluster up --links --detach     one whose links can be cut
  $ assent cluster partition 1,2/3
  $ assent cluster heal
  $ assent cluster add                     a fourth node: it catches up, then it votes
  $ assent cluster logs 1 --lines 20
  $ assent cluster down`;

interface UpFlags extends UpOptions {
  readonly demo?: boolean;
  readonly detach?: boolean;
}

export function addCluster(program: Command, session: Session): void {
  const cluster = program
    .command('cluster')
    .description('a ledger of several nodes on this machine')
    .addHelpText('after', examples);
  cluster
    .command('up')
    .description('start the nodes, making the cluster where there is none; stays until Ctrl-C')
    .option('--nodes <n>', 'how many nodes a new cluster has (default 3)', wholeNumber(1, 99))
    .option(
      '--base-port <port>',
      'APIs listen from this port + 1 on, nodes from + 101; 0: any free ports',
      wholeNumber(0, 65_000),
    )
    .option('--links', 'link the nodes through a relay, so that partition, delay and heal can be used')
    .option('--demo', 'fill the ledger with invented records')
    .option('--detach', 'return when the nodes are ready, and leave them running')
    .action(session.run((context, flags: UpFlags) => up(context, session, flags)));
  cluster.command('status').description('every node as it sees itself').action(session.run(status));
  cluster
    .command('logs [node]')
    .description("the nodes' logs; node: a number or leader")
    .option('--lines <n>', 'how many of the last lines (default 50)', wholeNumber(0, 100_000))
    .option('--follow', 'go on with what is added')
    .action(session.run(logs));
  for (const [verb, description, act] of singleNodeVerbs)
    cluster
      .command(`${verb} <node>`)
      .description(`${description}; node: a number or leader`)
      .action(session.run((context, node: string) => act(context, existing(context), node)));
  cluster
    .command('partition <groups>')
    .description('cut the links between groups of nodes: 1,2/3; whoever is not named is one more group')
    .action(session.run((context, groups: string) => partition(context, existing(context), groups)));
  cluster
    .command('delay <from> <to>')
    .argument('<ms>', 'milliseconds; 0: no more', wholeNumber(0, delayMsMax))
    .description('let what one node sends to another take so much longer')
    .action(
      session.run((context, from: string, to: string, delayMs: number) =>
        delay(context, existing(context), { from, to, delayMs }),
      ),
    );
  cluster
    .command('heal')
    .description('make all links whole again')
    .action(session.run((context) => heal(context, existing(context))));
  cluster
    .command('add')
    .description('one more node, that the members let in and let vote')
    .option('--member <name>', 'the member that runs it (default: the one with the fewest nodes)')
    .option('--no-promote', 'leave it a learner')
    .action(session.run(add));
  cluster.command('down').description('stop all nodes; the ledger stays').action(session.run(down));
  cluster
    .command('destroy')
    .description("stop all nodes and delete the cluster's directories, its keys and its ledger")
    .option('--yes', 'do not ask')
    .action(session.run(destroy));
}

const singleNodeVerbs = [
  ['stop', 'stop one node cleanly', stopOne(stopNode)],
  ['kill', 'end one node at once, as a power cut would (SIGKILL)', stopOne(killNode)],
  ['pause', 'stop the clock of one node (SIGSTOP)', pauseOne],
  ['resume', 'let a paused node go on (SIGCONT)', resumeOne],
  ['restart', 'stop one node if it runs, and start it', restartOne],
] as const;

async function up(context: Context, session: Session, flags: UpFlags): Promise<undefined> {
  const directory = context.clusterDirectory;
  const { signal, release } = interruptSignal(context.shell, () => void bringDown(directory));
  let stays = true;
  try {
    const result = await bringUp(context, flags, signal);
    stays = result.started.length === 0;
    const demo = flags.demo === true ? await unlessAborted(runDemo(context, {}), signal) : undefined;
    if (signal.aborted) throw new Interrupted();
    session.print(context, upReport(context, result, demo, flags.detach === true));
    context.close();
    stays ||= flags.detach === true;
    if (!stays) await watchCluster(context, directory, signal);
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    context.remark('Interrupted; the nodes that were started are stopped.');
    session.exitCode = 130;
  } finally {
    context.close();
    if (!stays) await stopAll(context, directory);
    release();
  }
  return undefined;
}

async function status(context: Context): Promise<Report> {
  const cluster = existing(context);
  const views = await surveyCluster(context.clusterDirectory, cluster);
  return clusterReport(context, views, await currentFaults(cluster));
}

async function add(context: Context, options: AddOptions): Promise<Report> {
  existing(context);
  return addNode(context, options);
}

async function logs(
  context: Context,
  node: string | undefined,
  flags: { lines?: number; follow?: boolean },
): Promise<Report | undefined> {
  const cluster = existing(context);
  const directory = context.clusterDirectory;
  const tails = await lastLines(directory, cluster, node, flags.lines ?? 50);
  if (flags.follow !== true)
    return {
      json: { logs: tails.map(({ number, file, lines }) => ({ node: number, file, lines })) },
      text: tails.flatMap(({ prefix, lines }) => lines.map((line) => `${prefix}${line}`)).join('\n'),
    };
  const { signal, release } = interruptSignal(context.shell, () => undefined);
  try {
    await followLogs(tails, (line) => void context.shell.stdout.write(`${line}\n`), signal);
  } finally {
    release();
  }
  return undefined;
}

async function down(context: Context): Promise<Report> {
  existing(context);
  const stopped = await bringDown(context.clusterDirectory);
  const text = stopped.length === 0 ? 'No node was running.' : `Stopped ${numbersText(stopped)}. The ledger is kept.`;
  return { json: { stopped }, text };
}

async function destroy(context: Context, flags: { yes?: boolean }): Promise<Report> {
  const directory = context.clusterDirectory;
  existing(context, { incomplete: true });
  if (flags.yes !== true) {
    const answer = await context.shell.confirm(`Delete the cluster in ${directory} with its ledger and its keys?`);
    if (answer === undefined)
      throw new AssentError('usage', 'Nobody can be asked here whether to delete the cluster; give --yes.');
    if (!answer) return { json: { destroyed: false }, text: 'Nothing was deleted.' };
  }
  await bringDown(directory);
  const deleted = destroyCluster(directory);
  return { json: { destroyed: true, deleted }, text: `Deleted the cluster in ${directory}.` };
}

function existing(context: Context, { incomplete = false } = {}): ClusterFile {
  const cluster = readCluster(context.clusterDirectory);
  if (cluster === undefined || (!cluster.complete && !incomplete))
    throw new AssentError(
      'not-found',
      `There is no local cluster in ${context.clusterDirectory}; make one with \`assent cluster up\`.`,
    );
  return cluster;
}

function numbersText(numbers: readonly number[]): string {
  return numbers.length === 1 ? `node ${numbers[0]}` : `nodes ${numbers.join(', ')}`;
}
