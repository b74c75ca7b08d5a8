import { join } from 'node:path';
import type { Command } from 'commander';
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
        const { superviseNode } = await import('../../node/index.ts');
        await superviseNode(join(directory, 'node.json'), process, (node) => {
          const { nodeId, ledgerId, apiUrl, p2pAddresses } = node;
          const json = { nodeId, ledgerId, api: apiUrl, p2p: p2pAddresses };
          session.print(context, {
            json,
            text: `Node ${nodeId} of ledger ${ledgerId} runs at ${apiUrl}. Ctrl-C stops it.`,
          });
        });
        return undefined;
      }),
    );
}
