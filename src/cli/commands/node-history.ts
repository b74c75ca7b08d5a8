import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ConfigurationView } from '../../api/index.ts';
import { AssentError, fromHex, messageOf, present, toHex } from '../../base/index.ts';
import { encodeNodeId, verifySignature } from '../../crypto/index.ts';
import { type Genesis, genesisFromText } from '../../ledger/index.ts';
import {
  decodeHistory,
  type KnownConfiguration,
  type ProvedConfiguration,
  recoveriesOf,
  verifyHistory,
} from '../../verify/index.ts';
import { nodeDirectory } from '../cluster/cluster-file.ts';
import type { Context } from '../context.ts';
import type { Style } from '../output/style.ts';
import { table } from '../output/table.ts';
import { countText, shortHash, shortNodeId } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Each change of the nodes is certified by a majority of the nodes that it leads to. The history has all that it takes to
verify that, from the genesis on: no node has to be believed, and with --file none is asked.

Examples:
  $ assent node history
  $ assent node history --verify --genesis ./genesis --out history.bin
  $ assent node history --file history.bin --genesis ./genesis`;

interface Flags {
  readonly verify?: boolean;
  readonly genesis?: string;
  readonly out?: string;
  readonly file?: readonly string[];
}

export function addHistory(node: Command, session: Session): void {
  node
    .command('history')
    .description('how the nodes of the ledger changed, and the proof of it')
    .option('--verify', 'verify what the asked node says')
    .option('--genesis <file>', 'what the history is verified against; default: that of the local cluster')
    .option('--out <file>', 'write the history to a file, for others to verify')
    .option('--file <file...>', 'verify a history offline; a long one has several files, in their order')
    .addHelpText('after', examples)
    .action(session.run(history));
}

async function history(context: Context, flags: Flags): Promise<Report> {
  if (flags.file !== undefined) {
    if (flags.out !== undefined) throw new AssentError('usage', '--file and --out cannot be used together.');
    const pieces = flags.file.map((file) => Uint8Array.from(read(context.path(file))));
    return verifiedReport(context, genesisOf(context, flags), pieces, []);
  }
  const pieces = flags.verify === true || flags.out !== undefined ? await fetched(context) : [];
  const files = flags.out === undefined ? [] : written(context.path(flags.out), pieces);
  if (flags.verify === true) return verifiedReport(context, genesisOf(context, flags), pieces, files);
  const configurations = await listed(context);
  const text = rowsText(context.style, configurations) + filesText(files);
  return { json: { verified: false, configurations, ...(files.length > 0 && { files }) }, text };
}

/** All pieces of the history that the asked node has. */
async function fetched(context: Context): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const { history: piece, next } = await context.client().configurationHistory(after);
    pieces.push(present(fromHex(piece), 'the reply was checked'));
    if (next !== undefined && next <= after) throw new AssentError('reply-invalid', 'The history does not go on.');
    after = next;
  }
  return pieces;
}

async function listed(context: Context): Promise<ConfigurationView[]> {
  const all: ConfigurationView[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { configurations, next } = await context.client().configurations({ from });
    all.push(...configurations);
    if (next !== undefined && next <= from) throw new AssentError('reply-invalid', 'The list does not go on.');
    from = next;
  }
  return all;
}

function written(path: string, pieces: readonly Uint8Array[]): string[] {
  return pieces.map((piece, index) => {
    const file = index === 0 ? path : `${path}.${index + 1}`;
    writeFileSync(file, piece);
    return file;
  });
}

function verifiedReport(
  context: Context,
  genesis: Genesis,
  pieces: readonly Uint8Array[],
  files: readonly string[],
): Report {
  const { ledgerId, configuration } = genesis;
  const openRecovery = recoveriesOf(genesis, verifySignature);
  const nodes = configuration.nodes.map((node) => ({ ...node, id: encodeNodeId(node.publicKey) }));
  const first: KnownConfiguration = { ledgerId, height: 0, configuration: { ...configuration, nodes }, openRecovery };
  const proved: ProvedConfiguration[] = [];
  for (const piece of pieces) {
    const last = proved.at(-1);
    const known = last === undefined ? first : { ...first, height: last.height, configuration: last.configuration };
    proved.push(...verifyHistory(decodeHistory(piece), known, verifySignature));
  }
  const configurations = [viewOf(first), ...proved.map(viewOf)];
  const height = proved.at(-1)?.height ?? 0;
  const ledger = toHex(ledgerId);
  const verdict = `${context.style.good('Verified')}, from the genesis of ledger ${shortHash(ledger)} to block ${height}: ${countText(proved.length, 'change')}, each certified by the nodes that it led to.`;
  const text = `${rowsText(context.style, configurations)}\n\n${verdict}${filesText(files)}`;
  return { json: { verified: true, ledgerId: ledger, configurations, ...(files.length > 0 && { files }) }, text };
}

function viewOf(known: KnownConfiguration | ProvedConfiguration): ConfigurationView {
  const { height, configuration } = known;
  return {
    height,
    id: toHex(configuration.hash),
    generation: configuration.generation,
    nodes: configuration.nodes.map(({ id, role }) => ({ nodeId: id, role })),
    change: 'step' in known && known.step !== undefined ? { step: known.step, nodeId: known.nodeId } : null,
  };
}

/** One line a configuration. */
function rowsText(style: Style, configurations: readonly ConfigurationView[]): string {
  const count = ({ nodes }: ConfigurationView, role: string): string =>
    String(nodes.filter((node) => node.role === role).length);
  return table(
    style,
    [
      { title: 'block', align: 'right' },
      'change',
      'node',
      { title: 'voters', align: 'right' },
      { title: 'learners', align: 'right' },
      'configuration',
    ],
    configurations.map((view) => [
      String(view.height),
      view.change?.step ?? 'genesis',
      view.change === null ? '' : shortNodeId(view.change.nodeId),
      count(view, 'voter'),
      count(view, 'learner'),
      shortHash(view.id),
    ]),
  );
}

function filesText(files: readonly string[]): string {
  if (files.length === 0) return '';
  return `\n\nThe history is in ${files.join(', ')}; \`assent node history --file\` verifies it anywhere.`;
}

/** Throws `usage` when none was named and there is no local cluster, `genesis-invalid`, `input-invalid`. */
function genesisOf(context: Context, { genesis }: Flags): Genesis {
  const { cluster } = context;
  const [first] = cluster?.nodes ?? [];
  const file =
    genesis !== undefined
      ? context.path(genesis)
      : first && join(nodeDirectory(context.clusterDirectory, first.number), 'genesis');
  if (file === undefined)
    throw new AssentError('usage', 'A history is verified against the genesis of its ledger; name it with --genesis.');
  return genesisFromText(read(file).toString('utf8'));
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}
