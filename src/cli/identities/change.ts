import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import { duration, listOf, wholeNumber } from '../commands/values.ts';
import type { Context } from '../context.ts';
import { rotateKey } from '../keys/current-key.ts';
import { didOf, identityOfKey } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { durationText, timeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

interface DomainFlag {
  readonly domain?: string;
}

interface GuardiansFlags extends DomainFlag {
  readonly guardian?: readonly string[];
  readonly threshold?: number;
  readonly delay?: number;
  readonly none?: boolean;
}

const domainOption = ['--domain <name>', 'of a person: the domain in which'] as const;

/** The verbs with which the holder of a key changes what the ledger knows of it. */
export function addChanges(identity: Command, session: Session): void {
  identity
    .command('rotate <name>')
    .description('put a new key in the place of the current one; it is kept here before the ledger is told')
    .option(...domainOption)
    .action(session.run(rotate));
  identity
    .command('guardians <name>')
    .description('name who can give you a new key when yours is lost, or --none')
    .option(...domainOption)
    .option('--guardian <key or DID>', 'a guardian, under a fresh DID of its own; again for each', listOf)
    .option('--threshold <count>', 'how many of them it takes', wholeNumber(1, 16))
    .option('--delay <duration>', 'how long you can veto, like 3d', duration)
    .option('--none', 'do without guardians')
    .action(session.run(guardians));
  identity
    .command('deactivate <name>')
    .description('end an identity for good: nobody acts as it any more')
    .option(...domainOption)
    .option('--yes', 'really')
    .action(session.run(deactivate));
}

async function rotate(context: Context, name: string, { domain }: DomainFlag): Promise<Report> {
  const home = await context.home('write');
  const sender = await identityOfKey(home, name, domain);
  const { delegates } = await context.client().identity(sender.did);
  const { receipt, key } = await rotateKey(home, sender);
  const others = delegates.length === 0 ? '' : ' Those who act for it still do: look through `assent identity show`.';
  return committedReport(context.style, receipt, `${name} signs with a new key from now on.${others}`, {
    did: sender.did,
    key,
  });
}

async function guardians(context: Context, name: string, flags: GuardiansFlags): Promise<Report> {
  const home = await context.home('read');
  const sender = await identityOfKey(home, name, flags.domain);
  const { version } = await context.client().identity(sender.did);
  const plan = flags.none === true ? {} : { plan: planOf(flags, (text) => didOf(home, text, undefined)) };
  const receipt = await submitAs(home, sender, 'identity.setGuardians', { ...plan, ifVersion: version });
  const { inForceAt } = receipt.result.output as { inForceAt: number };
  const when = inForceAt <= receipt.timestamp ? 'from now on' : `from ${timeText(inForceAt)} on, unless they recover`;
  const who = flags.none === true ? 'nobody watches' : 'they watch';
  return committedReport(context.style, receipt, `It is decided: ${who} over ${name} ${when}.`, { did: sender.did });
}

function planOf(flags: GuardiansFlags, toDid: (text: string) => string): object {
  const { guardian = [], threshold, delay } = flags;
  if (guardian.length === 0 || threshold === undefined || delay === undefined)
    throw new AssentError('usage', 'Name guardians with --guardian, and say --threshold and --delay; or --none.');
  return { threshold, guardians: guardian.map(toDid), delayMs: delay };
}

async function deactivate(context: Context, name: string, flags: DomainFlag & { yes?: boolean }): Promise<Report> {
  if (flags.yes !== true)
    throw new AssentError(
      'usage',
      'Nobody can undo this, and what was permitted stays permitted: revoke it first. Say --yes if you mean it.',
    );
  const home = await context.home('read');
  const sender = await identityOfKey(home, name, flags.domain);
  const { version } = await context.client().identity(sender.did);
  const receipt = await submitAs(home, sender, 'identity.deactivate', { ifVersion: version });
  const { deactivatesAt } = receipt.result.output as { deactivatesAt: number };
  const inMs = deactivatesAt - receipt.timestamp;
  const when = inMs <= 0 ? 'is deactivated' : `will be deactivated in ${durationText(inMs)}; a rotation withdraws it`;
  return committedReport(context.style, receipt, `${name} ${when}.`, { did: sender.did });
}
