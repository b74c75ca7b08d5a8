import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AssentError, fromHex, messageOf, toHex } from '../../base/index.ts';
import { identityOf } from '../../client/index.ts';
import { createSigner, generateSeed, SEED_BYTES } from '../../crypto/index.ts';
import type { Context } from '../context.ts';
import { addChanges } from '../identities/change.ts';
import { addDelegate } from '../identities/delegate.ts';
import { addRecover } from '../identities/recover.ts';
import { show } from '../identities/show.ts';
import { actingKeys, isWallet, keyNamed, titleOf, walletRole } from '../keys/people.ts';
import { table } from '../output/table.ts';
import { shortDid } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

const examples = `
A person's key is the seed of a wallet: every domain knows them under another DID, and nothing links these. An agent's
key (--agent) is one DID everywhere. Keys are in the keystore, sealed under its passphrase (ASSENT_PASSPHRASE, or asked).

Examples:
  $ assent identity new ada
  $ assent identity new amara --agent
  $ assent identity list
  $ assent identity show amara
  $ assent identity rotate ada --domain st-mary
  $ assent identity export ada --out ada.seed`;

const personRole = 'person';

export function addIdentity(program: Command, session: Session): void {
  const identity = program.command('identity').description('the keys in the keystore').addHelpText('after', examples);
  identity
    .command('new <name>')
    .description("make a key: a person's wallet, or with --agent an agent's")
    .option('--agent', 'an agent: a clinician, a gateway, a member …')
    .option('--title <text>', 'what people call it')
    .action(session.run(create));
  identity.command('list').description('the keys by name').action(session.run(list));
  identity
    .command('show <name>')
    .description('what the ledger knows of a key or DID; of a person, the DID in every domain, or all about one')
    .option('--domain <name>', 'of a person: the domain')
    .action(session.run(show));
  identity
    .command('export <name>')
    .description("write a key's secret seed to a file that only you can read")
    .requiredOption('--out <file>', 'the file; it must not exist')
    .action(session.run(exportSeed));
  identity
    .command('import <name> <file>')
    .description('take a seed from a file (64 hexadecimal digits) under a new name')
    .option('--agent', 'the seed is of an agent, not of a wallet')
    .option('--title <text>', 'what people call it')
    .action(session.run(importSeed));
  addChanges(identity, session);
  addRecover(identity, session);
  addDelegate(identity, session);
}

interface NewFlags {
  readonly agent?: boolean;
  readonly title?: string;
}

async function create(context: Context, name: string, flags: NewFlags): Promise<Report> {
  return keep(context, name, generateSeed(), flags);
}

async function keep(context: Context, name: string, seed: Uint8Array, flags: NewFlags): Promise<Report> {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || name.length > 100)
    throw new AssentError(
      'usage',
      `"${name}" is no name for a key: use letters, digits, hyphens, and slashes between.`,
    );
  const keystore = await context.keystore('create');
  const role = flags.agent === true ? 'agent' : walletRole;
  keystore.putSeed(name, seed, {
    role,
    title: flags.title ?? name,
    ...(role === walletRole ? { keyHolder: 'subject' } : {}),
  });
  const key = keyNamed(keystore, name);
  const where = context.style.faint(`(keystore ${keystore.directory})`);
  if (isWallet(key))
    return {
      json: { name, kind: personRole, keystore: keystore.directory },
      text: `${name} is a person's wallet, with a DID of its own in every domain. ${where}`,
    };
  const { did } = identityOf(seed, createSigner);
  return { json: { name, kind: 'agent', did, keystore: keystore.directory }, text: `${name} is ${did}. ${where}` };
}

async function list(context: Context): Promise<Report> {
  const keystore = await context.keystore('read');
  const keys = actingKeys(keystore).map((key) => ({
    name: key.name,
    kind: isWallet(key) ? personRole : 'agent',
    title: titleOf(key),
    role: key.attributes['role'] ?? '',
    member: key.attributes['member'],
    did: isWallet(key) ? undefined : identityOf(keystore.seed(key.name), createSigner).did,
  }));
  const { style } = context;
  const text = table(
    style,
    ['name', 'kind', 'role', 'DID', 'title'],
    keys.map(({ name, kind, role, did, title }) => [
      name,
      kind,
      role,
      did === undefined ? style.faint('one a domain') : shortDid(did),
      title === name ? '' : title,
    ]),
  );
  return { json: { keys }, text: keys.length === 0 ? 'The keystore is empty.' : text };
}

async function exportSeed(context: Context, name: string, flags: { out: string }): Promise<Report> {
  const keystore = await context.keystore('read');
  const key = keyNamed(keystore, name);
  const file = context.path(flags.out);
  try {
    writeFileSync(file, `${toHex(keystore.seed(key.name))}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new AssentError(
      'storage-permission',
      `${file} cannot be written: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
  return {
    json: { name: key.name, file },
    text: `The seed of ${key.name} is in ${file}. Whoever reads it can act as ${key.name}.`,
  };
}

async function importSeed(context: Context, name: string, file: string, flags: NewFlags): Promise<Report> {
  const path = context.path(file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  const seed = fromHex(text.trim().toLowerCase());
  if (seed?.length !== SEED_BYTES)
    throw new AssentError('input-invalid', `${path} holds no seed: expected ${SEED_BYTES * 2} hexadecimal digits.`);
  return keep(context, name, seed, flags);
}
