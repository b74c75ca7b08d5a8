import type { Command } from 'commander';
import { AssentError, toHex } from '../../base/index.ts';
import { identityOf, Witness } from '../../client/index.ts';
import { createSigner, generateSeed } from '../../crypto/index.ts';
import type { Context } from '../context.ts';
import { keyNamed } from '../keys/people.ts';
import { genesisHash } from '../ledger/pinned.ts';
import { facts } from '../output/table.ts';
import type { Report, Session } from '../session.ts';
import { WitnessFile } from '../witness/memory-file.ts';
import { sign } from '../witness/sign.ts';
import { wholeNumber } from './values.ts';

const examples = `
A witness holds one key and remembers one block. It cosigns a block only when that is certified and has the whole history
of the block that it cosigned before; whoever shows two histories then finds no witness for the second.

Examples:
  $ assent witness init patients-north --genesis LEDGER
  $ assent witness sign --node https://ledger.st-mary.example
  $ assent witness status`;

export function addWitness(program: Command, session: Session): void {
  const witness = program
    .command('witness')
    .description('cosign checkpoints, so that nobody can show two histories')
    .addHelpText('after', examples);
  witness
    .command('init [name]')
    .description('begin as a witness of a ledger, with a new key; with --as, with a key that you have')
    .requiredOption('--genesis <hash>', 'the whole id of the ledger, from whom you trust')
    .action(session.run(init));
  witness
    .command('sign')
    .description('verify the newest checkpoint, cosign it and hand it in; run it on a schedule')
    .option(
      '--height <height>',
      'the block; default: the newest that another witness cosigned in the last hour, else the newest',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .action(session.run(sign));
  witness
    .command('status')
    .description('the witnesses of this keystore and what they cosigned last')
    .action(session.run(status));
}

async function init(context: Context, name = 'witness', flags: { genesis: string }): Promise<Report> {
  const ledgerId = genesisHash(flags.genesis);
  if (!/^[\w.-]{1,80}$/.test(name)) throw new AssentError('usage', 'A name has letters, digits, dots and hyphens.');
  const keystore = await context.keystore('create');
  const { as } = context.options;
  const keyName = as === undefined ? `witness/${name}` : keyNamed(keystore, as).name;
  if (as === undefined) keystore.putSeed(keyName, generateSeed(), { role: 'witness', title: name });
  const { publicKey, did } = identityOf(keystore.seed(keyName), createSigner);
  const file = WitnessFile.of(keystore, ledgerId, publicKey);
  Witness.begin(file, { ledgerId, witness: publicKey, keyName });
  const text = `${keyName} is the witness ${did}. Give this key to the ledger's members, then run \`assent witness sign --node URL\`.`;
  return { json: { name: keyName, witness: did, ledgerId: flags.genesis, memory: file.path }, text };
}

async function status(context: Context): Promise<Report> {
  const keystore = await context.keystore('read');
  const witnesses = WitnessFile.all(keystore).map(({ file, memory }) => {
    const { signer, publicKey, did } = identityOf(keystore.seed(memory.keyName), createSigner);
    const { last, ledgerId } = new Witness({ signer, memory: file, nowMs: () => context.nowMs }, publicKey);
    return {
      name: memory.keyName,
      witness: did,
      ledgerId: toHex(ledgerId),
      last: last === undefined ? null : { height: last.height, hash: toHex(last.blockHash), time: last.time },
    };
  });
  const text = witnesses.map(({ name, witness, ledgerId, last }) =>
    facts(context.style, [
      ['witness', witness],
      ['key', name],
      ['ledger', ledgerId],
      [
        'last cosigned',
        last === null ? 'nothing yet' : `block ${last.height} ${last.hash}, ${new Date(last.time).toISOString()}`,
      ],
    ]),
  );
  return { json: { witnesses }, text: text.length === 0 ? 'This keystore has no witness.' : text.join('\n\n') };
}
