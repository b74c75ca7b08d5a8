import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { joinLedger } from '../join/join-ledger.ts';
import type { Report, Session } from '../session.ts';
import { listOf, wholeNumber } from './values.ts';

const examples = `
Writes node.key, genesis and node.json into --dir. The ledger's members then let the node in, as a learner that follows
and later as a voter. What --node answers is believed only as far as the ledger id is compared: with --ledger, or by eye.

Examples:
  $ assent join --dir ./node --member riverside --genesis ./genesis --peer 12D3KooW…=st-mary.example:7400
  $ assent join --dir ./node --member riverside --node http://127.0.0.1:7301 --ledger 4f6c…
  $ assent node propose add 12D3KooW… --member riverside --address 192.0.2.7:7400 --as member/riverside
  $ assent start --dir ./node`;

interface JoinFlags {
  readonly member: string;
  readonly genesis?: string;
  readonly ledger?: string;
  readonly peer?: readonly string[];
  readonly apiPort?: number;
  readonly p2pPort?: number;
  readonly host?: string;
}

export function addJoin(program: Command, session: Session): void {
  program
    .command('join')
    .description('write the directory of a node for a ledger that exists')
    .requiredOption('--member <name>', 'the member that runs the node')
    .option('--genesis <file>', "the ledger's genesis (else the one of --node)")
    .option('--ledger <id>', 'the ledger id that the genesis must have')
    .option('--peer <node-id=host:port>', 'a node of the ledger; several times (else those that --node knows)', listOf)
    .option('--api-port <port>', 'where the API listens (default 7300)', wholeNumber(1, 65_535))
    .option('--p2p-port <port>', 'where the other nodes connect (default 7400)', wholeNumber(1, 65_535))
    .option('--host <address>', 'IP address at which the other nodes reach this one (default 127.0.0.1)')
    .addHelpText('after', examples)
    .action(session.run(join));
}

async function join(context: Context, { genesis, peer, ...flags }: JoinFlags): Promise<Report> {
  const named = context.options.node ?? context.shell.environment['ASSENT_NODE'] ?? '';
  const result = await joinLedger({
    ...flags,
    ...(genesis === undefined ? {} : { genesisFile: context.path(genesis) }),
    ...(peer === undefined ? {} : { peers: peer }),
    directory: context.path(context.options.dir ?? '.'),
    nodeUrls: named === '' ? [] : named.split(','),
  });
  const { directory, nodeId, ledgerId, member, address, files, unchecked } = result;
  const made =
    files.length === 0
      ? `${directory} holds this node already; nothing was changed.`
      : `Wrote ${files.join(', ')} in ${directory}.`;
  const compare = unchecked ? ': compare this id with one from somebody you trust' : '';
  const lines = [
    `Node ${nodeId} of ${member}. ${made}`,
    `Ledger ${ledgerId}${compare}.`,
    'Next, a member proposes it, others approve, and it is started:',
    `  assent node propose add ${nodeId} --member ${member} --address ${address} --as member/${member}`,
    '  assent proposal vote PROPOSAL --approve --as member/NAME',
    `  assent start --dir ${directory}`,
    `Once it has caught up, \`assent node propose promote ${nodeId.slice(-8)}\` lets it vote.`,
  ];
  return { json: result, text: lines.join('\n') };
}
