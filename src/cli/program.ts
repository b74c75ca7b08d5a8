import { Command, Option } from 'commander';
import { addAccess } from './commands/access.ts';
import { addBlock } from './commands/block.ts';
import { addCheckpoint } from './commands/checkpoint.ts';
import { addCluster } from './commands/cluster.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsent } from './commands/consent.ts';
import { addCredential } from './commands/credential.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDomain } from './commands/domain.ts';
import { addEvidence } from './commands/evidence.ts';
import { addIdentity } from './commands/identity.ts';
import { addInit } from './commands/init.ts';
import { addJoin } from './commands/join.ts';
import { addLedger } from './commands/ledger.ts';
import { addMember } from './commands/member.ts';
import { addNode } from './commands/node.ts';
import { addPolicy } from './commands/policy.ts';
import { addProposal } from './commands/proposal.ts';
import { addReceipt } from './commands/receipt.ts';
import { addRecord } from './commands/record.ts';
import { addSnapshot } from './commands/snapshot.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addSubject } from './commands/subject.ts';
import { addTransaction } from './commands/transaction.ts';
import { addWitness } from './commands/witness.ts';
import { Session } from './session.ts';
import type { Shell } from './shell.ts';
import { programVersion } from './version.ts';

const exitCodes = `
Exit codes:
  0 done (consent check: permit)      1 the ledger refused it, or there is no such thing
  2 usage or configuration            3 no node took it: nothing happened
  4 a verification failed             5 outcome unknown: \`assent tx show ID --wait\` settles it
  70 a bug

Begin with:
  $ assent cluster up --demo --detach    three nodes with an invented consortium
  $ assent status
  $ assent demo`;

/** The program: nouns and their verbs. */
export function createProgram(session: Session): Command {
  const program = new Command('assent')
    .description('A permissioned ledger for consents to the use of health data and for the log of accesses to them.')
    .version(programVersion, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show help')
    .option('--json', 'print one JSON document and nothing else on standard output')
    .option('--node <url>', 'the node to ask (ASSENT_NODE; else the local cluster)')
    .option('--local', 'read what the asked node has applied, even without a majority')
    .option('--as <name>', 'the key to act with, from the keystore')
    .option('--home <dir>', "the keystore (ASSENT_HOME; else the local cluster's own, else ~/.assent)")
    .option(
      '--dir <dir>',
      "the local cluster's directory (else .assent here or above); of init, join and start: the node's",
    )
    .addOption(new Option('--debug', 'print the stack of an error'))
    .addHelpText('after', exitCodes);
  session.attach(program);
  for (const add of [addStatus, addDemo, addCluster, addInit, addJoin, addStart, addDoctor]) add(program, session);
  for (const add of [addBlock, addTransaction, addLedger, addSnapshot]) add(program, session);
  for (const add of [addIdentity, addCredential, addConsent, addAccess, addRecord]) add(program, session);
  for (const add of [addDomain, addPolicy, addSubject, addMember, addNode, addProposal]) add(program, session);
  for (const add of [addEvidence, addReceipt, addCheckpoint, addWitness, addCompletion]) add(program, session);
  settle(program, session);
  return program;
}

/** What holds for every command: failures are thrown, never an exit; text goes to the shell; a noun alone is no command. */
function settle(command: Command, session: Session): void {
  const { stdout, stderr } = session.shell;
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      // The session reports errors, all in one form.
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .configureHelp({ showGlobalOptions: true });
  for (const child of command.commands) settle(child, session);
}

/** Runs one command line and answers with its exit code. */
export async function runProgram(args: readonly string[], shell: Shell): Promise<number> {
  const session = new Session(shell);
  const program = createProgram(session);
  try {
    await program.parseAsync(args.length === 0 ? ['help'] : [...args], { from: 'user' });
  } catch (thrown) {
    session.stop(thrown);
  }
  return session.exitCode;
}
