import type { Command } from 'commander';
import { actions, categories } from '../../contracts/index.ts';
import { type Effect, type Provision, purposes, readPurpose } from '../../decision/index.ts';
import type { Home } from '../../demo/index.ts';
import { listOf, time } from '../commands/values.ts';
import { didOf } from '../keys/people.ts';

/** What a person can say of a provision on the command line. */
export interface ProvisionFlags {
  readonly actor?: readonly string[];
  readonly purpose?: readonly string[];
  readonly action?: readonly string[];
  readonly category?: readonly string[];
  readonly label?: readonly string[];
  readonly class?: readonly string[];
  readonly from?: number;
  readonly until?: number;
}

export function provisionOptions(command: Command): Command {
  return command
    .option('--actor <who>', 'a key, a DID, member:NAME, group:MEMBER/NAME or role:ROLE; several with commas', listOf)
    .option('--purpose <codes>', `among ${purposes.slice(0, 4).join(', ')} …, or system|code of another system`, listOf)
    .option('--action <actions>', `among ${actions.join(', ')}`, listOf)
    .option('--category <names>', `where the domain has them open: ${categories.slice(0, 3).join(', ')} …`, listOf)
    .option('--label <codes>', 'records with these labels, like N, R or PSY; only the custodian can read which', listOf)
    .option('--class <classes>', 'records of these classes, system|code; only the custodian can read which', listOf)
    .option('--from <time>', 'when it begins (default: at once)', time)
    .option('--until <time>', 'when it ends', time);
}

/** The provision that the flags say. What is not said does not constrain. */
export function provisionOf(home: Home, type: Effect, flags: ProvisionFlags): Provision {
  const { from, until, label = [] } = flags;
  const period = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const isLevel = (code: string): boolean => /^[UMNRVL]$/.test(code);
  const labels = {
    confidentiality: label.filter(isLevel),
    sensitivity: label.filter((code) => !isLevel(code)),
  };
  // The room and the ledger check the codes: what is none is refused there, with its path.
  return {
    type,
    ...(Object.keys(period).length === 0 ? {} : { period }),
    ...(flags.actor === undefined ? {} : { actors: flags.actor.map((actor) => actorOf(home, actor)) }),
    ...(flags.purpose === undefined ? {} : { purposes: flags.purpose.map((text) => readPurpose(text) ?? text) }),
    ...(flags.action === undefined ? {} : { actions: flags.action }),
    ...(label.length === 0 ? {} : { labels }),
    ...(flags.class === undefined ? {} : { classes: flags.class }),
    ...(flags.category === undefined ? {} : { categories: flags.category }),
  } as Provision;
}

/** A key or DID as its DID; what names many stays as it is. */
export function actorOf(home: Home, text: string, domain?: string): string {
  return /^(member|group|role):/.test(text) ? text : didOf(home, text, domain);
}
