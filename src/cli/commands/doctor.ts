import type { Command } from 'commander';
import { examine } from '../doctor/examine.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

const examples = `
Looks at the Node that runs this, the disk, the ports, the permissions and the clock, for the local cluster in --dir or
where one would be made.

Examples:
  $ assent doctor
  $ assent doctor --dir /var/lib/assent --json`;

export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('check whether this machine can run nodes')
    .addHelpText('after', examples)
    .action(
      session.run(async (context) => {
        const findings = await examine(context);
        const { style } = context;
        const paint = { ok: style.good, warning: style.warning, problem: style.bad };
        const text = table(
          style,
          ['', 'checked', 'found'],
          findings.map(({ verdict, name, detail }) => [paint[verdict](verdict), name, detail]),
        );
        const healthy = findings.every(({ verdict }) => verdict !== 'problem');
        return { json: { healthy, findings }, text, exitCode: healthy ? 0 : 2 };
      }),
    );
}
