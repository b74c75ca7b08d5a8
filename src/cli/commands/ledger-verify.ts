import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { AssentError, equalBytes, fromHex, messageOf, toHex } from '../../base/index.ts';
import { AssentClient } from '../../client/index.ts';
import { type Genesis, genesisFromText } from '../../ledger/index.ts';
import {
  type AuditProgress,
  type AuditVerdict,
  auditArchive,
  auditDirectory,
  auditLedger,
  type Checkpoint,
  genesisOfArchive,
  loadConfig,
  openCheckpoint,
  type Since,
} from '../../node/index.ts';
import type { Context } from '../context.ts';
import { genesisOfNode, nodeSource } from '../ledger/node-source.ts';
import { nodeUrls } from '../ledger/node-urls.ts';
import { auditDetail, auditReport } from '../output/audit-report.ts';
import { readText } from '../recovery/places.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Everything is computed anew and believed from nobody but the genesis: the hash that you give. A directory is opened
without changing a byte of it; its node must be stopped. A fault ends with exit code 4, the first block that is wrong and
what is wrong with it.

Examples:
  $ assent ledger verify --genesis 3f9a… --data ./node          a stopped node's directory, with all that it keeps
  $ assent ledger verify --genesis 3f9a… --archive ./archive    an archive, from wherever it came
  $ assent ledger verify --genesis 3f9a… --node http://127.0.0.1:7300     the blocks of a node that runs
  $ assent ledger verify --since pin --snapshot snapshot-000000004711.snapshot --data ./node
                                                                what came after a checkpoint`;

interface Flags {
  readonly genesis?: string;
  readonly since?: string;
  readonly snapshot?: string;
  readonly genesisFile?: string;
  readonly data?: string;
  readonly archive?: string;
  readonly sample?: number;
}

export function addVerify(ledger: Command, session: Session): void {
  ledger
    .command('verify')
    .description('verify the whole ledger from its genesis: every block, signature, transaction and root')
    .option('--genesis <hash>', "the ledger's id: the hash of its genesis, from someone you trust")
    .option('--since <checkpoint>', 'a file of `receipt verify --pin`: what is up to it is taken for verified')
    .option('--snapshot <file>', 'with --since: the state at the checkpoint, or at a block above it')
    .option('--genesis-file <file>', 'the genesis itself (default: beside the data)')
    .option('--data <directory>', "a stopped node's directory, or its data directory")
    .option('--archive <directory>', 'an archive; with --data, the one that has the blocks which the node gave up')
    .option('--sample <share>', 'check the signatures of transactions in a share of the blocks only: 0 to 1', shareOf)
    .addHelpText('after', examples)
    .action(session.run(verify));
}

async function verify(context: Context, flags: Flags): Promise<Report> {
  const { data, archive } = flags;
  const asked = askedOf(context, flags);
  const progress = context.progress('verifying');
  const startedMs = performance.now();
  try {
    const onProgress = (at: AuditProgress): void =>
      progress.update(at.height / at.heightMax, auditDetail(at, startedMs));
    const verdict = await (data !== undefined
      ? verifyDirectory(context, flags, asked, data, onProgress)
      : archive !== undefined
        ? verifyArchive(context, flags, asked, archive, onProgress)
        : verifyNode(context, asked, onProgress));
    return auditReport(context.style, verdict, performance.now() - startedMs);
  } finally {
    progress.finish();
  }
}

type OnProgress = (at: AuditProgress) => void;

/** What is trusted, and how much is looked at. */
interface Asked {
  readonly ledgerId: Uint8Array;
  readonly options: { readonly sample?: number; readonly since?: Since };
}

function askedOf(context: Context, { genesis, since, snapshot, sample }: Flags): Asked {
  const ledgerId = genesis === undefined ? undefined : fromHex(genesis);
  if (genesis !== undefined && !/^[0-9a-f]{64}$/.test(genesis))
    throw new AssentError('usage', '--genesis takes the whole id of a ledger: 64 hexadecimal digits.');
  if ((since === undefined) !== (snapshot === undefined))
    throw new AssentError('usage', '--since goes with --snapshot: a state to begin with, which is proved.');
  const shared = sample === undefined ? {} : { sample };
  if (since === undefined || snapshot === undefined) {
    if (ledgerId === undefined)
      throw new AssentError('usage', 'Say what you trust: --genesis HASH, or --since CHECKPOINT.');
    return { ledgerId, options: shared };
  }
  const checkpoint = checkpointIn(context.path(since));
  if (ledgerId !== undefined && !equalBytes(ledgerId, checkpoint.header.ledgerId))
    throw new AssentError('usage', 'The checkpoint of --since is of another ledger than --genesis names.');
  return {
    ledgerId: checkpoint.header.ledgerId,
    options: { ...shared, since: { checkpoint, snapshot: context.path(snapshot) } },
  };
}

/** Throws `input-invalid`; a receipt is taken for one easily. */
function checkpointIn(file: string): Checkpoint {
  try {
    return openCheckpoint(readBytes(file));
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'input-invalid') throw error;
    const hint = '`assent receipt verify FILE --genesis LEDGER --pin PIN` writes one';
    throw new AssentError(
      'input-invalid',
      `${file}: ${error.message.replace(/\.$/, '')}; ${hint}.`,
      {},
      { cause: error },
    );
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    throw new AssentError('input-invalid', `${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}

/** The node of --node, or the local cluster's first. */
async function verifyNode(context: Context, asked: Asked, onProgress: OnProgress): Promise<AuditVerdict> {
  const [url = ''] = nodeUrls(context);
  const client = new AssentClient({ nodes: [url], consistency: 'local' });
  const genesis = trusted(await genesisOfNode(client), asked, url);
  return auditLedger({ genesis, source: await nodeSource(client, url), onProgress, ...asked.options });
}

async function verifyArchive(
  context: Context,
  flags: Flags,
  asked: Asked,
  archive: string,
  onProgress: OnProgress,
): Promise<AuditVerdict> {
  const path = context.path(archive);
  const genesis =
    flags.genesisFile === undefined
      ? await genesisOfArchive(path)
      : genesisFromText(readText(context.path(flags.genesisFile)));
  return auditArchive(path, trusted(genesis, asked, path), { onProgress, ...asked.options });
}

async function verifyDirectory(
  context: Context,
  flags: Flags,
  asked: Asked,
  data: string,
  onProgress: OnProgress,
): Promise<AuditVerdict> {
  const place = placeOf(context.path(data));
  const file = flags.genesisFile === undefined ? place.genesisFile : context.path(flags.genesisFile);
  const archive = flags.archive === undefined ? place.archive : context.path(flags.archive);
  return auditDirectory(place.directory, trusted(genesisFromText(readText(file)), asked, file), {
    onProgress,
    archive,
    ...asked.options,
  });
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new AssentError('usage', '--sample takes a share from 0 to 1.');
  return share;
}

/** A node's folder names its data directory in node.json; a data directory stands beside the genesis. */
function placeOf(path: string): {
  readonly directory: string;
  readonly genesisFile: string;
  readonly archive?: string | undefined;
} {
  const file = join(path, 'node.json');
  if (!existsSync(file)) return { directory: path, genesisFile: join(dirname(path), 'genesis') };
  const { directory, genesisFile, archive } = loadConfig(file);
  return { directory, genesisFile, archive: archive?.directory };
}

/** It need not be trusted: it must have the hash that was given. */
function trusted(genesis: Genesis, { ledgerId }: Asked, from: string): Genesis {
  if (equalBytes(genesis.ledgerId, ledgerId)) return genesis;
  const [actual, hash] = [toHex(genesis.ledgerId), toHex(ledgerId)];
  throw new AssentError('verification-failed', `The genesis in ${from} has the hash ${actual}, not ${hash}.`, {
    check: 'genesis',
  });
}
