import type { Command } from 'commander';
import { facts, table } from '../output/table.ts';
import type { Session } from '../session.ts';

const examples = `
Examples:
  $ assent domain list
  $ assent domain show st-mary`;

interface Policy {
  readonly implicit?: string;
  readonly timeZone?: string;
  readonly reviewDeadlineHours?: number;
  readonly openCategories?: boolean;
  readonly roles?: readonly { readonly role: string; readonly purposes: readonly string[] }[];
  readonly emergency?: {
    readonly roles: readonly string[];
    readonly categories: readonly string[];
    readonly maxHours: number;
    readonly honourDeny: boolean;
  };
}

export function addDomain(program: Command, session: Session): void {
  const domain = program
    .command('domain')
    .description('custodians of records and their policies')
    .addHelpText('after', examples);
  domain
    .command('list')
    .description('the domains of the ledger')
    .action(
      session.run(async (context) => {
        const reply = await context.client().domains();
        const rows = reply.domains.map(({ name, custodian, policy }) => {
          const { implicit = '', timeZone = '', emergency } = policy as Policy;
          return [
            name,
            custodian,
            implicit,
            emergency === undefined ? 'no' : `up to ${emergency.maxHours} h`,
            timeZone,
          ];
        });
        const text = table(context.style, ['domain', 'custodian', 'without consent', 'break-glass', 'time zone'], rows);
        return { json: reply, text: rows.length === 0 ? 'The ledger has no domains.' : text };
      }),
    );
  domain
    .command('show <name>')
    .description('one domain and its policy')
    .action(
      session.run(async (context, name: string) => {
        const view = await context.client().domain(name);
        const policy = view.policy as Policy;
        const { emergency } = policy;
        const { style } = context;
        const head = facts(style, [
          ['domain', view.name],
          ['custodian', view.custodian],
          ['without consent', policy.implicit],
          ['time zone', policy.timeZone],
          ['open categories', policy.openCategories === true ? 'yes' : 'no, they are sealed'],
          [
            'break-glass',
            emergency === undefined
              ? 'not allowed'
              : `${emergency.roles.join(', ')}; ${emergency.categories.join(', ')}; up to ${emergency.maxHours} h`,
          ],
          ['reviewed within', `${policy.reviewDeadlineHours ?? '?'} h`],
        ]);
        const roles = table(
          style,
          ['role', 'may claim'],
          (policy.roles ?? []).map(({ role, purposes }) => [role, purposes.join(', ')]),
        );
        return { json: view, text: `${head}\n\n${roles}` };
      }),
    );
}
