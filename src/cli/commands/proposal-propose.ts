import { Argument, type Command, Option } from 'commander';
import { AssentError } from '../../base/index.ts';
import { parameterNames, roles } from '../../contracts/index.ts';
import type { Context } from '../context.ts';
import { submitProposal } from '../ledger/propose.ts';
import type { Report, Session } from '../session.ts';
import { listOf, wholeNumber } from './values.ts';

/** What members propose that is about neither a node nor a member. */
export function addProposing(proposal: Command, session: Session): void {
  const propose = proposal.command('propose').description('propose what members set together');
  propose
    .command('role')
    .addArgument(new Argument('<role>', 'the role').choices(roles))
    .description('say which members may issue a role')
    .option('--issuers <members>', 'these members, with commas', listOf)
    .addOption(new Option('--everybody', 'every member').conflicts('issuers'))
    .action(session.run(role));
  propose
    .command('parameter')
    .addArgument(new Argument('<name>', 'see `assent proposal settings`').choices(parameterNames))
    .argument('[value]', 'a whole number; none: the default', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .description('set a parameter')
    .action(
      session.run((context, parameter: string, value?: number) =>
        submitProposal(context, { action: 'parameter-set', parameter, ...(value === undefined ? {} : { value }) }),
      ),
    );
  propose
    .command('domain <name>')
    .description('hand a domain over to another member, which must approve')
    .requiredOption('--to <member>', 'the member that keeps it from then on')
    .action(
      session.run((context, domain: string, { to }: { readonly to: string }) =>
        submitProposal(context, { action: 'domain-hand-over', domain, member: to }),
      ),
    );
  propose
    .command('rules <rule-set>')
    .description('let another version of the rules hold; nodes that lack it stop before that block')
    .requiredOption('--height <block>', 'the first block under it', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(
      session.run((context, ruleSet: string, { height }: { readonly height: number }) =>
        submitProposal(context, { action: 'rules-activate', ruleSet, height }),
      ),
    );
  propose
    .command('keep-rules')
    .description('cancel the version of the rules that lies ahead')
    .action(session.run((context: Context) => submitProposal(context, { action: 'rules-cancel' })));
}

async function role(
  context: Context,
  name: string,
  flags: { readonly issuers?: readonly string[]; readonly everybody?: boolean },
): Promise<Report> {
  const { issuers, everybody } = flags;
  if (issuers === undefined && everybody === undefined)
    throw new AssentError('usage', 'Say --issuers MEMBER,MEMBER or --everybody.');
  return submitProposal(context, {
    action: 'role-issuers',
    role: name,
    ...(issuers === undefined ? {} : { issuers }),
  });
}
