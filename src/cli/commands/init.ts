import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type InitOptions, initialise } from '../init/initialise.ts';
import type { Report, Session } from '../session.ts';
import { listOf, wholeNumber } from './values.ts';

const examples = `
Writes node.key, node.json and genesis into --dir, and the member's governance key into the keystore. A ledger of
several members is founded in three steps: each runs the first, one runs the second and hands the genesis on, the others
run the third.

Examples:
  $ assent init --dir ./node --member st-mary                          a ledger of one node, ready for \`assent start\`
  $ assent init --dir ./node --member st-mary --card                   1: keys, and st-mary's public card.json
  $ assent init --dir ./node --member st-mary --with a.json --with b.json   2: a genesis of these members
  $ assent init --dir ./node --member riverside --with a.json --with b.json --genesis ./genesis   3: join in`;

export function addInit(program: Command, session: Session): void {
  program
    .command('init')
    .description('write the directory of a node: its key, its configuration, the genesis')
    .requiredOption('--member <name>', 'the member that runs the node')
    .option('--ledger <name>', 'name of a new ledger (default: the member)')
    .option(
      '--domain <name>',
      'a domain of records that the member keeps; several with commas (default: the member)',
      listOf,
    )
    .option('--time-zone <zone>', 'time zone of the domains (default UTC)')
    .option('--api-port <port>', 'where the API listens (default 7300)', wholeNumber(1, 65_535))
    .option('--p2p-port <port>', 'where the other nodes connect (default 7400)', wholeNumber(1, 65_535))
    .option('--host <address>', 'IP address at which the other nodes reach this one (default 127.0.0.1)')
    .option('--card', 'make the keys and card.json for founding a ledger together, no genesis yet')
    .option('--with <file>', "another member's card.json; several times", listOf)
    .option('--genesis <file>', 'the genesis that another member made')
    .addHelpText('after', examples)
    .action(session.run(init));
}

async function init(context: Context, options: InitOptions): Promise<Report> {
  const result = await initialise(context, options);
  const { directory, nodeId, ledgerId, files } = result;
  const made = files.length === 0 ? 'nothing new' : files.join(', ');
  const next =
    ledgerId === undefined
      ? `Send ${directory}/card.json to the other members.`
      : `Ledger ${ledgerId}. Start the node with \`assent start --dir ${directory}\`.`;
  return { json: result, text: `Node ${nodeId}: wrote ${made} in ${directory}. ${next}` };
}
