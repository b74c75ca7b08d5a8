import type { Command } from 'commander';
import type { StatusView } from '../../api/index.ts';
import type { Style } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { durationText, shortHash, shortNodeId } from '../output/words.ts';
import type { Session } from '../session.ts';

const examples = `
Examples:
  $ assent status
  $ assent status --node http://127.0.0.1:7302 --json`;

export function addStatus(program: Command, session: Session): void {
  program
    .command('status')
    .description('one node as it sees itself')
    .addHelpText('after', examples)
    .action(
      session.run(async (context) => {
        const status = await context.client().status();
        const { style } = context;
        const leader = status.leader === null ? style.bad('none') : status.leader;
        const text = facts(style, [
          ['ledger', `${status.ledgerName} ${style.faint(status.ledgerId)}`],
          ['node', `${status.nodeId} of ${status.member}`],
          ['role', `${style.strong(status.role)} in term ${status.term}`],
          ...(status.withheld === null ? [] : [['signs nothing', style.bad(status.withheld)] as const]),
          ['leader', leader],
          ['height', `${status.height}, certified to ${status.certifiedHeight}`],
          ...(status.firstBlockHeight === 1 ? [] : [['history', `from block ${status.firstBlockHeight} on`] as const]),
          ...(status.archive === null ? [] : archiveFacts(style, status.archive)),
          ...(status.snapshotProblem === null ? [] : [['snapshots', style.bad(status.snapshotProblem)] as const]),
          ...(status.snapshot === null ? [] : [['takes in', snapshotText(status.snapshot)] as const]),
          ['head', status.headHash],
          ['state root', status.stateRoot],
          ['configuration', `${shortHash(status.configuration.id)}, ${status.configuration.voters.length} voters`],
          ['rule set', status.ruleset],
          ['version', `${status.version}, up for ${durationText(status.uptimeMs)}`],
        ]);
        const peers = table(
          style,
          ['peer', 'connected', { title: 'height', align: 'right' }, 'heard', 'address'],
          status.peers.map((peer) => [
            shortNodeId(peer.nodeId),
            peer.connected ? style.good('yes') : style.bad('no'),
            peer.height === null ? '' : String(peer.height),
            peer.lagMs === null ? 'never' : `${durationText(peer.lagMs)} ago`,
            peer.address,
          ]),
        );
        return { json: status, text: status.peers.length === 0 ? text : `${text}\n\n${peers}` };
      }),
    );
}

function archiveFacts(
  style: Style,
  { directory, from, through, problem }: NonNullable<StatusView['archive']>,
): (readonly [string, string])[] {
  const blocks = through === 0 ? 'no blocks yet' : `blocks ${from} to ${through}`;
  const facts: (readonly [string, string])[] = [['archive', `${blocks}, in ${directory}`]];
  return problem === null ? facts : [...facts, ['', style.bad(problem.message)]];
}

function snapshotText({ height, chunksHeld, fromNode }: NonNullable<StatusView['snapshot']>): string {
  return `a snapshot of block ${height} from ${shortNodeId(fromNode)}: ${chunksHeld} chunks so far`;
}
