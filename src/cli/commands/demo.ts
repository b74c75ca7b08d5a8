import type { Command } from 'commander';
import { interruptSignal, unlessAborted } from '../cluster/interrupts.ts';
import { upText } from '../cluster/reports.ts';
import { Interrupted } from '../cluster/start.ts';
import { bringDown, bringUp, stopAll, type UpResult, watchCluster } from '../cluster/up.ts';
import type { Context } from '../context.ts';
import { type DemoOptions, type DemoOutcome, runDemo } from '../demo/run-demo.ts';
import { demoText, nextSteps } from '../demo/story-text.ts';
import type { Session } from '../session.ts';

const examples = `
The records are the invented hospitals' own, or those of --fhir: every patient gets a wallet whose keys the custodian
holds, practitioners and organisations get credentials, every entry of every Bundle is anchored as salted commitments.
Running it again does nothing twice.

Examples:
  $ assent demo
  $ assent demo --fhir ./bundles           FHIR R4 Bundles of your own
  $ assent demo --stay                     what \`npm start\` does`;

interface DemoFlags extends DemoOptions {
  readonly stay?: boolean;
}

export function addDemo(program: Command, session: Session): void {
  program
    .command('demo')
    .description('take records in and play an emergency, on the ledger that runs or on a local cluster')
    .option('--fhir <dir>', 'FHIR R4 Bundles to take in')
    .option('--domain <name>', 'the domain that takes the Bundles in')
    .option('--stay', 'keep the local cluster up until Ctrl-C')
    .addHelpText('after', examples)
    .action(session.run((context, flags: DemoFlags) => demo(context, session, flags)));
}

async function demo(context: Context, session: Session, flags: DemoFlags): Promise<undefined> {
  const { shell, style } = context;
  if (context.options.node !== undefined || shell.environment['ASSENT_NODE']) {
    const outcome = await runDemo(context, flags);
    session.print(context, { json: outcome.summary, text: demoText(style, outcome, context.nowMs) });
    return undefined;
  }
  const directory = context.clusterDirectory;
  const { signal, release } = interruptSignal(shell, () => void bringDown(directory));
  let up: UpResult | undefined;
  try {
    up = await bringUp(context, {}, signal);
    if (!context.json) shell.stdout.write(`${upText(context, up, undefined, flags.stay !== true)}\n\n`);
    const outcome = await unlessAborted(runDemo(context, flags), signal);
    if (outcome !== undefined)
      session.print(context, { json: outcome.summary, text: textOf(context, outcome, up, flags) });
    if (flags.stay === true) await watchCluster(context, directory, signal);
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    context.remark('Interrupted; the nodes that were started are stopped.');
    session.exitCode = 130;
    return undefined;
  } finally {
    context.close();
    if (up !== undefined && isOwn(up)) await stopAll(context, directory);
    release();
  }
  return undefined;
}

/** Nothing ran before: the cluster is up for this demo only. One that somebody else has up stays up. */
function isOwn(up: UpResult): boolean {
  return up.started.length === up.cluster.nodes.length;
}

function textOf(context: Context, outcome: DemoOutcome, up: UpResult, flags: DemoFlags): string {
  const { style } = context;
  const text = demoText(style, outcome, context.nowMs);
  const name = context.shell.environment['npm_lifecycle_event'] === undefined ? 'assent' : 'npx assent';
  const program = context.options.dir === undefined ? name : `${name} --dir ${context.options.dir}`;
  if (flags.stay !== true && isOwn(up)) return `${text}\n`;
  const end = flags.stay === true ? '\n\nThe nodes stay up. Press Ctrl-C to stop them.' : '';
  return `${text}\n\n${nextSteps(style, outcome, program)}${end}`;
}
