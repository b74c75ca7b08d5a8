import type { Command } from 'commander';
import { facts } from '../output/table.ts';
import { shortNodeId, whenText } from '../output/words.ts';
import type { Session } from '../session.ts';
import { addArchive } from './ledger-archive.ts';
import { addBackup } from './ledger-backup.ts';
import { addRecover } from './ledger-recover.ts';
import { addVerify } from './ledger-verify.ts';

const examples = `
Examples:
  $ assent ledger info
  $ assent ledger verify --genesis 3f9a… --data ./node
  $ assent ledger archive                how far the blocks are archived, after a look at the files
  $ assent ledger prune --keep-days 400  give up older blocks that are archived
  $ assent ledger backup ./backup        all that a node has of it, while the node runs
  $ assent ledger recover --help         when a majority of the nodes is gone for good`;

export function addLedger(program: Command, session: Session): void {
  const ledger = program.command('ledger').description('the ledger as a whole').addHelpText('after', examples);
  addRecover(ledger, session);
  addVerify(ledger, session);
  addArchive(ledger, session);
  addBackup(ledger, session);
  ledger
    .command('info')
    .description('what the ledger is and how far it got')
    .action(
      session.run(async (context) => {
        const client = context.client();
        const [status, head, { domains }] = await Promise.all([
          client.status(),
          client.block('head'),
          client.domains(),
        ]);
        const { ledgerId, ledgerName, ruleset, kinds, configuration } = status;
        const json = {
          ledgerId,
          ledgerName,
          ruleset,
          height: head.height,
          headHash: head.hash,
          headTimestamp: head.timestamp,
          stateRoot: head.stateRoot,
          historyRoot: head.historyRoot,
          configuration,
          domains: domains.map(({ name, custodian }) => ({ name, custodian })),
          kinds,
        };
        const text = facts(context.style, [
          ['ledger', `${ledgerName} ${context.style.faint(ledgerId)}`],
          ['height', `${head.height}, ${whenText(head.timestamp, context.nowMs)}`],
          ['head', head.hash],
          ['state root', head.stateRoot],
          ['history root', head.historyRoot],
          ['voters', configuration.voters.map(shortNodeId).join(', ')],
          [
            'learners',
            configuration.learners.length === 0 ? 'none' : configuration.learners.map(shortNodeId).join(', '),
          ],
          ['domains', domains.map(({ name, custodian }) => `${name} of ${custodian}`).join(', ') || 'none'],
          ['rule set', ruleset],
          ['kinds', kinds.join(', ')],
        ]);
        return { json, text };
      }),
    );
}
