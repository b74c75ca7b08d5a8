import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AssentError, messageOf } from '../../base/index.ts';
import { provePossession } from '../../client/index.ts';
import { decodeDid } from '../../crypto/index.ts';
import { nextKey } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { laterKeyAlone } from '../keys/current-key.ts';
import { didOf, identityOfKey } from '../keys/people.ts';
import { committedReport, submitAs } from '../ledger/submit.ts';
import { shortDid, timeText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { identityShown, openRecoveryOf } from './show.ts';
import { recoveryText } from './words.ts';

const examples = `
Whoever lost a key makes a new one and hands its proof to a guardian; guardians act with --as, under the DIDs that were
named. Who is recovered is given by DID (or by key and --domain).

Examples:
  $ assent identity recover prove DID --out ada.proof --home new-keys
  $ assent identity recover open DID --proof ada.proof --as gia-for-ada
  $ assent identity recover approve DID --as gus-for-ada
  $ assent identity recover show DID
  $ assent identity recover finish DID --as gia-for-ada
  $ assent identity recover veto ada --domain st-mary`;

interface Flags {
  readonly domain?: string;
  readonly proof?: string;
  readonly out: string;
}

interface Proof {
  readonly did: string;
  readonly newKey: string;
  readonly proof: string;
}

export function addRecover(identity: Command, session: Session): void {
  const recover = identity
    .command('recover')
    .description('a new key for an identity whose key was lost or stolen')
    .addHelpText('after', examples);
  const on = (verb: string, description: string): Command =>
    recover.command(`${verb} <who>`).description(description).option('--domain <name>', 'of a person: the domain');
  on('prove', 'make the new key, keep it here, and write what it proves')
    .requiredOption('--out <file>', 'the file; it must not exist')
    .action(session.run(prove));
  on('open', 'a guardian asks for the new key')
    .option('--proof <file>', 'from `recover prove`; without it the new key is made in this keystore')
    .action(session.run(open));
  on('approve', 'another guardian agrees to the recovery that is open').action(session.run(approve));
  on('veto', 'whoever holds the current key ends the recovery').action(session.run(veto));
  on('finish', 'after the delay: the new key that is kept here, or a guardian with --as, puts it in place').action(
    session.run(finish),
  );
  on('show', 'the recovery that is open').action(session.run(show));
}

/** The proof of the next key of who is meant, which is kept in this keystore. */
async function proofHere(context: Context, who: string, domain: string | undefined): Promise<Proof> {
  const home = await context.home('write');
  const { did, sequence } = await identityShown(context, who, domain);
  const subject = decodeDid(did);
  if (subject === undefined) throw new AssentError('usage', `"${who}" is no DID.`);
  return { did, ...provePossession(home.ledgerId, subject, sequence, nextKey(home, did, sequence)) };
}

async function prove(context: Context, who: string, flags: Flags): Promise<Report> {
  const proof = await proofHere(context, who, flags.domain);
  const file = context.path(flags.out);
  try {
    writeFileSync(file, `${JSON.stringify(proof, undefined, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    throw new AssentError(
      'storage-permission',
      `${file} cannot be written: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
  return { json: { ...proof, file }, text: `The new key is kept here; give ${file} to a guardian.` };
}

async function open(context: Context, who: string, flags: Flags): Promise<Report> {
  const guardian = context.required(context.options.as, "--as NAME, the guardian's key");
  const { did, newKey, proof } =
    flags.proof === undefined ? await proofHere(context, who, flags.domain) : readProof(context.path(flags.proof));
  const home = await context.home('read');
  if (did !== didOf(home, who, flags.domain))
    throw new AssentError('usage', `The proof is for ${shortDid(did)}, and not for ${who}.`);
  const sender = await identityOfKey(home, guardian, undefined);
  const payload = { subject: did, newKey, proof };
  const receipt = await submitAs(home, sender, 'identity.openRecovery', payload);
  return committedReport(context.style, receipt, await standing(context, did), { did, recovery: receipt.id });
}

async function approve(context: Context, who: string, { domain }: Flags): Promise<Report> {
  const as = context.required(context.options.as, "--as NAME, the guardian's key");
  const home = await context.home('read');
  const identity = await identityShown(context, who, domain);
  const { did } = identity;
  const { recovery } = openRecoveryOf(identity);
  const sender = await identityOfKey(home, as, undefined);
  const receipt = await submitAs(home, sender, 'identity.approveRecovery', { subject: did, recovery });
  return committedReport(context.style, receipt, await standing(context, did), { did, recovery });
}

async function finish(context: Context, who: string, { domain }: Flags): Promise<Report> {
  const home = await context.home('read');
  const identity = await identityShown(context, who, domain);
  const { did } = identity;
  const { recovery, newKey } = openRecoveryOf(identity);
  const { as } = context.options;
  const sender = as === undefined ? laterKeyAlone(home, newKey) : await identityOfKey(home, as, undefined);
  if (sender === undefined)
    throw new AssentError('usage', "The new key is not in this keystore; say --as NAME, a guardian's key.");
  const receipt = await submitAs(home, sender, 'identity.finishRecovery', { subject: did, recovery });
  const text = `${shortDid(did)} has its new key. Who acts for it still does: look through \`assent identity show\`.`;
  return committedReport(context.style, receipt, text, { did, recovery });
}

async function veto(context: Context, who: string, { domain }: Flags): Promise<Report> {
  const home = await context.home('read');
  const sender = await identityOfKey(home, who, domain);
  const receipt = await submitAs(home, sender, 'identity.vetoRecovery', {});
  const { nextRecoveryFrom } = await context.client().identity(sender.did);
  const next = nextRecoveryFrom === undefined ? '' : ` Nobody can open another before ${timeText(nextRecoveryFrom)}.`;
  return committedReport(context.style, receipt, `The recovery of ${who} is over.${next}`, { did: sender.did });
}

async function show(context: Context, who: string, { domain }: Flags): Promise<Report> {
  const identity = await identityShown(context, who, domain);
  const recovery = openRecoveryOf(identity);
  return { json: { did: identity.did, ...recovery }, text: recoveryText(recovery, context.nowMs) };
}

async function standing(context: Context, did: string): Promise<string> {
  const { recovery } = await context.client().identity(did);
  return recovery === undefined ? 'No recovery is open any more.' : recoveryText(recovery, context.nowMs);
}

function readProof(path: string): Proof {
  try {
    const { did, newKey, proof } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Proof>;
    if (did !== undefined && newKey !== undefined && proof !== undefined) return { did, newKey, proof };
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  throw new AssentError('input-invalid', `${path} is no proof from \`assent identity recover prove\`.`);
}
