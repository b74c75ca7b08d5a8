import type { Command } from 'commander';
import type { CheckpointList } from '../../api/index.ts';
import { AssentError, fromHex, messageOf, present, toHex } from '../../base/index.ts';
import { AssentClient, identityOf, type SignedSighting, Witness } from '../../client/index.ts';
import { createSigner, decodeDid, encodeDid, generateSeed, verifySignature } from '../../crypto/index.ts';
import { readFileIfPresent, replaceFile } from '../../vault/index.ts';
import { compareCheckpoints, isSplit } from '../../verify/index.ts';
import type { Context } from '../context.ts';
import { keyNamed } from '../keys/people.ts';
import { nodeUrls } from '../ledger/node-urls.ts';
import { genesisHash } from '../ledger/pinned.ts';
import { splitError } from '../output/split-view.ts';
import { facts } from '../output/table.ts';
import { shortHash } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { WitnessFile } from '../witness/memory-file.ts';
import { wholeNumber } from './values.ts';

const examples = `
A witness holds one key and remembers one block. It cosigns a block only when that is certified and has the whole history
of the block that it cosigned before; whoever shows two histories then finds no witness for the second.

Examples:
  $ assent witness init patients-north --genesis LEDGER
  $ assent witness sign --node https://ledger.st-mary.example
  $ assent witness status`;

/** Another witness's block is joined when that cosigned it so lately: so that cosignatures gather on one block. */
const joinMs = 60 * 60 * 1000;
const timeoutMs = 60_000;

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

async function sign(context: Context, flags: { height?: number }): Promise<Report> {
  const keystore = await context.keystore('write');
  const file = WitnessFile.find(keystore, context.options.as);
  const { keyName } = present(WitnessFile.all(keystore).find((one) => one.file.path === file.path)?.memory, 'found');
  const { publicKey, signer, did } = identityOf(keystore.seed(keyName), createSigner);
  const witness = new Witness({ signer, memory: file, nowMs: () => context.nowMs, verify: verifySignature }, publicKey);
  const client = context.client();
  const { checkpoints } = await client.checkpoints();
  witness.heardOf(sightingsOf(checkpoints));
  const { last } = witness;
  const height = flags.height ?? joinable(checkpoints, did, last, context.nowMs) ?? (await newest(client, last));
  const isNews = height !== last?.height;
  const sighting = isNews ? witness.cosign(await evidenceFor(context, client, file, witness, height)) : last;
  const handedIn = await handIn(context, sighting);
  if (isNews) await keepCheckpoint(context, client, file, height);
  const json = {
    witness: did,
    height,
    hash: toHex(sighting.blockHash),
    time: sighting.time,
    isNew: isNews,
    nodes: handedIn,
  };
  const took = handedIn.filter(({ error }) => error === undefined).length;
  const done = isNews
    ? `${did} cosigned block ${height}`
    : `${did} had cosigned block ${height}; there is none to cosign since`;
  return {
    json,
    text: `${done}, ${shortHash(toHex(sighting.blockHash))}; ${took} of ${handedIn.length} nodes have it.`,
    exitCode: took === 0 ? 3 : 0,
  };
}

function newest(client: AssentClient, last: SignedSighting | undefined): Promise<number> {
  return client
    .checkpoint('latest', last === undefined ? {} : { checkpoint: last.height }, { timeoutMs })
    .then(({ height }) => height);
}

/** The newest block above the last that another witness cosigned lately. */
function joinable(
  checkpoints: CheckpointList['checkpoints'],
  did: string,
  last: SignedSighting | undefined,
  nowMs: number,
): number | undefined {
  return checkpoints.find(
    ({ height, cosignatures }) =>
      height > (last?.height ?? 0) &&
      cosignatures.some(({ witness, time }) => witness !== did && Math.abs(nowMs - time) <= joinMs),
  )?.height;
}

/** The receipt that convinces the witness. A node that shows another history than before leaves evidence of it here. */
async function evidenceFor(
  context: Context,
  client: AssentClient,
  file: WitnessFile,
  witness: Witness,
  height: number,
): Promise<Uint8Array> {
  const { last } = witness;
  if (last === undefined) return bytesOf(await client.checkpoint(height, {}, { timeoutMs }));
  const kept = readFileIfPresent(file.checkpointPath);
  if (kept !== undefined) {
    const shown = bytesOf(await client.checkpoint(last.height, {}, { timeoutMs }));
    const compared = compareCheckpoints(
      Uint8Array.from(kept),
      shown,
      { genesisHash: witness.ledgerId },
      verifySignature,
    );
    if (isSplit(compared)) {
      const path = `${file.path}.${compared.verdict}-${compared.height}`;
      replaceFile(path, compared.evidence);
      context.remark(`The witness does not sign. The evidence is in ${path}.`);
      throw splitError(compared, path);
    }
  }
  const checkpoint = last.height;
  return bytesOf(
    height > last.height
      ? await client.consistencyReceipt({ older: last.height, newer: height, checkpoint }, { timeoutMs })
      : await client.checkpoint(height, { checkpoint }, { timeoutMs }),
  );
}

/** What is compared with later views. It is no part of the witness's promise: without it there is only less evidence. */
async function keepCheckpoint(
  context: Context,
  client: AssentClient,
  file: WitnessFile,
  height: number,
): Promise<void> {
  try {
    replaceFile(file.checkpointPath, bytesOf(await client.checkpoint(height, {}, { timeoutMs })));
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    context.remark(`The checkpoint was cosigned, but not kept for later comparison: ${messageOf(error)}`);
  }
}

interface HandedIn {
  readonly node: string;
  readonly error?: string;
}

async function handIn(
  context: Context,
  { witness, height, blockHash, time, signature }: SignedSighting,
): Promise<readonly HandedIn[]> {
  const body = { witness: encodeDid(witness), hash: toHex(blockHash), time, signature: toHex(signature) };
  return Promise.all(
    nodeUrls(context).map(async (node) => {
      try {
        await new AssentClient({ nodes: [node] }).cosign(height, body);
        return { node };
      } catch (error) {
        if (!(error instanceof AssentError)) throw error;
        context.remark(`${node} did not take the cosignature: ${error.message} [${error.code}]`);
        return { node, error: error.code };
      }
    }),
  );
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

function sightingsOf(checkpoints: CheckpointList['checkpoints']): readonly SignedSighting[] {
  const bytes = (text: string): Uint8Array => present(fromHex(text), 'the reply was checked');
  return checkpoints.flatMap(({ height, cosignatures }) =>
    cosignatures.flatMap(({ witness: did, hash, time, signature }) => {
      const witness = decodeDid(did);
      return witness === undefined
        ? []
        : [{ height, blockHash: bytes(hash), time, witness, signature: bytes(signature) }];
    }),
  );
}

function bytesOf({ receipt }: { readonly receipt: string }): Uint8Array {
  return present(fromHex(receipt), 'the reply was checked');
}
