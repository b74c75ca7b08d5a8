import { Argument, type Command } from 'commander';
import { completionScript, shells } from '../output/completion-script.ts';
import type { Session } from '../session.ts';

const examples = `
Examples:
  $ assent completion bash > /etc/bash_completion.d/assent
  $ assent completion zsh > "\${fpath[1]}/_assent"
  $ assent completion fish > ~/.config/fish/completions/assent.fish`;

export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('print a script that completes nouns, verbs and options')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .addHelpText('after', examples)
    .action(
      session.run((_context, shell: (typeof shells)[number]) => {
        const script = completionScript(program, shell);
        return { json: { shell, script }, text: script };
      }),
    );
}
