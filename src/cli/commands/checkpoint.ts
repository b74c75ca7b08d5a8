import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import { sha256, verifySignature } from '../../crypto/index.ts';
import {
  compareCheckpoints,
  decodeSplitView,
  encodeCheckpoint,
  headerOf,
  isSplit,
  isSplitView,
  type NoContradiction,
  openReceipt,
  receiptToJson,
  verifyReceipt,
  verifySplitView,
} from '../../verify/index.ts';
import type { Context } from '../context.ts';
import { genesisHash, type PinnedFlags, pinnedBy, readInput } from '../ledger/pinned.ts';
import { verdictJson, verdictText } from '../output/receipt-verdict.ts';
import { splitError } from '../output/split-view.ts';
import { shortHash } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { wholeNumber } from './values.ts';

const examples = `
A checkpoint is one block, proved to be certified, with the cosignatures of whoever witnessed it. Two checkpoints of one
ledger are either of one history, or together they prove that two were shown.

Examples:
  $ assent checkpoint get --witnesses 2 --out today.checkpoint
  $ assent checkpoint verify today.checkpoint --genesis LEDGER --witness did:assent:z6Mk… did:assent:z6Mk… --at-least 1
  $ assent checkpoint compare today.checkpoint theirs.checkpoint --node URL
  $ assent checkpoint compare split-view-980.evidence`;

const timeoutMs = 60_000;

interface CompareFlags {
  readonly genesis?: string;
  readonly proof?: string;
  readonly out?: string;
}

export function addCheckpoint(program: Command, session: Session): void {
  const checkpoint = program
    .command('checkpoint')
    .description('a block with all that vouches for it, to keep and to compare')
    .addHelpText('after', examples);
  checkpoint
    .command('get')
    .description('get the newest block, or the newest that enough witnesses cosigned')
    .option('--height <height>', 'this block', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--witnesses <k>', 'with so many cosignatures at least', wholeNumber(0, 256))
    .option('--out <file>', 'where to write it; as JSON when the name ends with .json')
    .action(session.run(get));
  checkpoint
    .command('verify <file>')
    .description('verify a checkpoint offline; - reads standard input')
    .option('--genesis <hash>', 'the genesis hash that you have pinned: the whole id of the ledger')
    .option('--checkpoint <file>', 'the bare checkpoint that you have pinned')
    .option('--witness <keys...>', 'witnesses that you trust (did:assent:…)')
    .option('--at-least <k>', 'of these witnesses so many; default: all', wholeNumber(1, 256))
    .option('--pin <file>', 'write the block to a file, as a bare checkpoint for later receipts')
    .action(session.run(verify));
  checkpoint
    .command('compare <file> [other]')
    .description('whether two checkpoints, or receipts, are of one history; with one file: check the evidence in it')
    .option('--genesis <hash>', 'the ledger that both must be of; default: that of the first')
    .option('--proof <file>', 'a receipt of the consistency of the two; default: --node is asked for one')
    .option('--out <file>', 'where the evidence goes; default: split-view-HEIGHT.evidence')
    .action(session.run(compare));
}

async function get(context: Context, flags: { height?: number; witnesses?: number; out?: string }): Promise<Report> {
  const { height, witnesses, out } = flags;
  const view = await context.client().checkpoint(height ?? 'latest', { witnesses }, { timeoutMs });
  const bytes = present(fromHex(view.receipt), 'the reply was checked');
  const receipt = receiptToJson(openReceipt(bytes));
  if (out === undefined) {
    if (!context.json) throw new AssentError('usage', 'Name a file with --out, or use --json.');
    return { json: receipt, text: '' };
  }
  const file = context.path(out);
  writeFileSync(file, file.endsWith('.json') ? `${JSON.stringify(receipt, undefined, 2)}\n` : bytes);
  const text = `The checkpoint of block ${view.height} is in ${file}; \`assent checkpoint verify\` checks it anywhere.`;
  return { json: { height: view.height, file, bytes: bytes.length }, text };
}

async function verify(context: Context, file: string, flags: PinnedFlags & { pin?: string }): Promise<Report> {
  const pinned = pinnedBy(context, flags);
  const bytes = file === '-' ? await context.shell.readStandardInput() : readInput(context.path(file));
  const verdict = verifyReceipt(bytes, pinned, verifySignature);
  if (!verdict.ok) throw new AssentError(verdict.code, verdict.message);
  if (verdict.kind !== 'checkpoint')
    throw new AssentError('usage', 'The file is a receipt of another kind; see `assent receipt verify`.');
  if (flags.pin !== undefined) writeFileSync(context.path(flags.pin), encodeCheckpoint(headerOf(openReceipt(bytes))));
  const whole = { from: undefined, to: undefined };
  return { json: verdictJson(verdict, whole), text: verdictText(context.style, verdict, whole) };
}

async function compare(
  context: Context,
  file: string,
  other: string | undefined,
  flags: CompareFlags,
): Promise<Report> {
  const one = readInput(context.path(file));
  if (other === undefined) {
    if (!isSplitView(one)) throw new AssentError('usage', 'Name two checkpoints, or a file of evidence.');
    throw splitError(verifySplitView(one, ledgerOf(flags, decodeSplitView(one)[0]), verifySignature), undefined);
  }
  const two = readInput(context.path(other));
  const genesis = ledgerOf(flags, one);
  const proof = flags.proof === undefined ? undefined : readInput(context.path(flags.proof));
  const compared = compareCheckpoints(one, two, proofBy(genesis, proof), verifySignature);
  const asked =
    !isSplit(compared) && compared.verdict === 'unproved' && proof === undefined
      ? await askedFor(context, compared)
      : undefined;
  const settled =
    asked === undefined ? compared : compareCheckpoints(one, two, proofBy(genesis, asked), verifySignature);
  if (isSplit(settled)) {
    const evidence = context.path(flags.out ?? `split-view-${settled.height}.evidence`);
    writeFileSync(evidence, settled.evidence);
    throw splitError(settled, evidence);
  }
  return oneHistory(context, settled, genesis);
}

/** Throws `checkpoint-unproved`. */
function oneHistory({ style }: Context, { verdict, older, newer }: NoContradiction, genesis: Uint8Array): Report {
  if (verdict === 'unproved')
    throw new AssentError(
      'checkpoint-unproved',
      `Nothing proves that block ${newer.height} has the history of block ${older.height}, nor the contrary.`,
    );
  const sentence =
    verdict === 'same'
      ? `both are of block ${newer.height}, ${shortHash(toHex(newer.blockHash))}`
      : `block ${newer.height} has the whole history of block ${older.height}`;
  const place = ({ height, time, blockHash }: typeof older): object => ({ height, time, hash: toHex(blockHash) });
  return {
    json: { verdict, ledgerId: toHex(genesis), older: place(older), newer: place(newer) },
    text: `${style.good('One history')}: ${sentence}. Ledger ${toHex(genesis)}.`,
  };
}

/** The receipt of consistency that a named node gives; undefined without a node. */
async function askedFor(context: Context, { older, newer }: NoContradiction): Promise<Uint8Array | undefined> {
  if (context.options.node === undefined) return undefined;
  const pair = { older: older.height, newer: newer.height };
  const { receipt } = await context.client().consistencyReceipt(pair, { timeoutMs });
  return present(fromHex(receipt), 'the reply was checked');
}

function proofBy(genesis: Uint8Array, proof: Uint8Array | undefined) {
  return { genesisHash: genesis, ...(proof !== undefined && { proof }) };
}

function ledgerOf({ genesis }: CompareFlags, receipt: Uint8Array): Uint8Array {
  return genesis === undefined ? sha256(openReceipt(receipt).genesis) : genesisHash(genesis);
}
