import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { didOf } from '../keys/people.ts';
import { submitProposal } from '../ledger/propose.ts';
import { facts, table } from '../output/table.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Members decide on members: proposals are made with a member's key (--as), and other members vote on them with
\`assent proposal vote\`. A key is given by its DID, or by its name in the keystore.

Examples:
  $ assent member list
  $ assent member propose add lakeside --key did:assent:z6Mk… --as member/st-mary
  $ assent member propose rekey riverside --key did:assent:z6Mk… --as member/st-mary
  $ assent member propose remove riverside --as member/st-mary`;

interface KeyFlag {
  readonly key: string;
}

export function addMember(program: Command, session: Session): void {
  const member = program.command('member').description('the members of the consortium').addHelpText('after', examples);
  member.command('list').description('the members, and how many of them decide').action(session.run(list));
  member.command('show <name>').description('one member, also one that was removed').action(session.run(show));
  const propose = member.command('propose').description('propose a change of the members');
  for (const [verb, description] of [
    ['add', 'let a new member in'],
    ['rekey', 'let another key speak for a member; the former one ends for ever'],
  ] as const)
    propose
      .command(`${verb} <name>`)
      .description(description)
      .requiredOption('--key <key>', 'the governance key')
      .action(
        session.run((context, name: string, { key }: KeyFlag) => proposeKey(context, `member-${verb}`, name, key)),
      );
  propose
    .command('remove <name>')
    .description('let a member leave for ever, with its nodes and the credentials that it issued')
    .action(session.run((context, name: string) => submitProposal(context, { action: 'member-remove', member: name })));
}

async function list(context: Context): Promise<Report> {
  const reply = await context.client().members();
  const rows = reply.members.map(({ name, governanceKey, sinceHeight }) => [name, String(sinceHeight), governanceKey]);
  const members = table(context.style, ['member', 'since block', 'governance key'], rows);
  return { json: reply, text: `${members}\n\n${reply.threshold} of ${rows.length} decide.` };
}

async function show(context: Context, name: string): Promise<Report> {
  const view = await context.client().member(name);
  const text = facts(context.style, [
    ['member', view.name],
    ['governance key', view.governanceKey],
    ['since block', String(view.sinceHeight)],
    ['removed by block', view.removedHeight === undefined ? undefined : String(view.removedHeight)],
  ]);
  return { json: view, text };
}

async function proposeKey(context: Context, action: string, member: string, key: string): Promise<Report> {
  const governanceKey = key.startsWith('did:') ? key : didOf(await context.home('read'), key, undefined);
  return submitProposal(context, { action, member, governanceKey });
}
