import { join } from 'node:path';
import type { Command } from 'commander';
import type { RunningNode } from '../../node/index.ts';
import { demandNodeOptions } from '../node-options.ts';
import { failureOf, failureText } from '../output/failure.ts';
import { styleFor } from '../output/style.ts';
import type { Session } from '../session.ts';

const examples = `
Examples:
  $ assent init --dir ./node --member st-mary
  $ assent start --dir ./node              runs until Ctrl-C; its log goes to standard error`;

export function addStart(program: Command, session: Session): void {
  program
    .command('start')
    .description('run the node of a directory in the foreground')
    .addHelpText('after', examples)
    .action(
      session.run(async (context) => {
        const directory = context.path(context.options.dir ?? '.');
        demandNodeOptions();
        const { superviseNode } = await import('../../node/index.ts');
        const started = ({ nodeId, ledgerId, apiUrl, p2pAddresses }: RunningNode): void => {
          const json = { nodeId, ledgerId, api: apiUrl, p2p: p2pAddresses };
          const text = `Node ${nodeId} of ledger ${ledgerId} runs at ${apiUrl}. Ctrl-C stops it.`;
          session.print(context, { json, text });
        };
        // The one document on standard output was printed when it started.
        const failed = (fault: Error): void =>
          context.remark(failureText(failureOf(fault), styleFor(session.shell.stderr, session.shell.environment)));
        await superviseNode(join(directory, 'node.json'), process, started, failed);
        return undefined;
      }),
    );
}
