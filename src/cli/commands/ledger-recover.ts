import type { Command } from 'commander';
import { apply, draft, report, show, sign } from '../recovery/verbs.ts';
import type { Session } from '../session.ts';
import { listOf } from './values.ts';

const examples = `
For a ledger of which a majority of the nodes is gone for good: disks lost, or all restored from backups, so that their
keys must not sign any more. What lies above the block that the ledger goes on from is given up, and reported. Every node
that goes on gets a new key. All nodes are stopped meanwhile. --dir names the directory of a node, or a local cluster's:
then each step is taken for all its nodes.

Examples:
  $ assent ledger recover report --dir ./node                          1: on each machine; send the file on
  $ assent ledger recover draft a.json b.json --genesis ./genesis --out recovery.txt     2: one member
  $ assent ledger recover sign recovery.txt --as member/st-mary --genesis ./genesis      3: as many as genesis asks for
  $ assent ledger recover apply recovery.txt --dir ./node              4: on each machine; then \`assent start\``;

const genesisText = 'the genesis of the ledger (default: that of the node in --dir)';

export function addRecover(ledger: Command, session: Session): void {
  const recover = ledger
    .command('recover')
    .description('go on after a majority of the nodes is gone for good')
    .addHelpText('after', examples);
  recover
    .command('report')
    .description('say what a stopped node has, and make the key with which it would go on')
    .option('--address <host:port>', 'where others reach the node (default: where it listens)')
    .action(session.run(report));
  recover
    .command('draft [reports...]')
    .description('draft a statement that goes on from the highest certified block of these reports')
    .requiredOption('--out <file>', 'where to write it')
    .option('--card <file>', "a new machine's card.json (`assent init --card`); several times", listOf)
    .option('--genesis <file>', genesisText)
    .action(session.run(draft));
  recover
    .command('show <file>')
    .description('what a statement says, and who signed it')
    .option('--genesis <file>', genesisText)
    .action(session.run(show));
  recover
    .command('sign <file>')
    .description("add a member's signature (--as) to a statement")
    .option('--genesis <file>', genesisText)
    .action(session.run(sign));
  recover
    .command('apply <file>')
    .description('let a stopped node go on from the base under its new key, and report what it gives up')
    .action(session.run(apply));
}
