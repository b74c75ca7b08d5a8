import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ReceiptFileView } from '../../api/index.ts';
import { AssentError, fromHex, present } from '../../base/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { decodeHeader } from '../../ledger/index.ts';
import { anchorOf, encodeCheckpoint, headerOf, openReceipt, receiptToJson, verifyReceipt } from '../../verify/index.ts';
import type { Context } from '../context.ts';
import { didNamed } from '../keys/people.ts';
import { findTransaction } from '../ledger/find.ts';
import { pinnedBy, readInput } from '../ledger/pinned.ts';
import { verdictJson, verdictText } from '../output/receipt-verdict.ts';
import type { Report, Session } from '../session.ts';
import { time, wholeNumber } from './values.ts';

const examples = `
A receipt is one file that proves something of the ledger to whoever has pinned its genesis hash or a checkpoint. To
verify it takes no node, no network and no data directory.

Examples:
  $ assent receipt get 4f0c2a91d3be… --out access.receipt
  $ assent receipt get --state access/log/SUBJECT --out log.receipt
  $ assent receipt get --state consent/record/CONSENT --at 980 --out consent.receipt
  $ assent receipt get --consistency 12 980 --out consistency.receipt
  $ assent receipt get --access anna --domain st-mary --from 2027-01-01 --to 2027-02-01 --out january.receipt
  $ assent receipt get --access did:assent:z6Mk… --at 980 --out log.receipt
  $ assent receipt verify january.receipt --genesis LEDGER --pin january.checkpoint
  $ assent receipt verify later.receipt --checkpoint january.checkpoint`;

interface GetFlags {
  readonly state?: string;
  readonly at?: number;
  readonly consistency?: readonly string[];
  readonly access?: string;
  readonly domain?: string;
  readonly from?: number;
  readonly to?: number;
  readonly checkpoint?: string;
  readonly out?: string;
}

interface VerifyFlags {
  readonly genesis?: string;
  readonly checkpoint?: string;
  readonly from?: number;
  readonly to?: number;
  readonly pin?: string;
  readonly witness?: readonly string[];
  readonly atLeast?: number;
  readonly cosigned?: string;
}

/** The head of an array of three fields. */
const bareCheckpointByte = 0x93;

/** A node reads the whole of a long log. */
const getTimeoutMs = 120_000;

export function addReceipt(program: Command, session: Session): void {
  const receipt = program
    .command('receipt')
    .description('files that prove what the ledger says')
    .addHelpText('after', examples);
  receipt
    .command('get [id]')
    .description('get the receipt of a transaction, a value, two blocks, or a time of an access log')
    .option('--state <key>', 'of what stands under a key of the state, or that nothing does, as of the newest block')
    .option('--at <height>', 'with --state or --access: as of this block', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--consistency <heights...>', 'that the first of two blocks stands in the history of the second')
    .option('--access <who>', "of every entry of a subject's access log from --from to --to; by key or DID")
    .option('--domain <name>', 'with --access: the domain in which a person of the keystore is meant')
    .option('--from <time>', 'with --access: the beginning; default: that of the log', time)
    .option('--to <time>', 'with --access: the end, exclusive; default: that of the log', time)
    .option('--checkpoint <file>', 'for whoever has pinned this checkpoint: without what it says already')
    .option('--out <file>', 'where to write it; as JSON when the name ends with .json')
    .action(session.run(get));
  receipt
    .command('verify <file>')
    .description('verify a receipt offline; - reads standard input')
    .option('--genesis <hash>', 'the genesis hash that you have pinned: the whole id of the ledger')
    .option('--checkpoint <file>', 'the checkpoint that you have pinned')
    .option('--from <time>', 'of an access log: it must be complete from here on', time)
    .option('--to <time>', 'of an access log: it must be complete up to here, exclusive', time)
    .option('--cosigned <file>', 'a cosigned checkpoint, of which the receipt must be; with --witness')
    .option('--witness <keys...>', 'witnesses that you trust (did:assent:…)')
    .option('--at-least <k>', 'of these witnesses so many; default: all', wholeNumber(1, 256))
    .option('--pin <file>', 'write the certified block to a file, as a checkpoint for later receipts')
    .action(session.run(verify));
}

async function get(context: Context, id: string | undefined, flags: GetFlags): Promise<Report> {
  const checkpoint = flags.checkpoint === undefined ? undefined : heightOf(readInput(context.path(flags.checkpoint)));
  const view = await asked(context, id, flags, checkpoint);
  const bytes = present(fromHex(view.receipt), 'the reply was checked');
  const receipt = receiptToJson(openReceipt(bytes));
  if (flags.out === undefined) {
    if (!context.json) throw new AssentError('usage', 'Name a file with --out, or use --json.');
    return { json: receipt, text: '' };
  }
  const file = context.path(flags.out);
  writeFileSync(file, file.endsWith('.json') ? `${JSON.stringify(receipt, undefined, 2)}\n` : bytes);
  const { kind, height } = view;
  const text = `The receipt is in ${file}; \`assent receipt verify\` checks it anywhere. It says what was so as of block ${height}.`;
  return { json: { kind, height, file, bytes: bytes.length }, text };
}

async function asked(
  context: Context,
  id: string | undefined,
  { state, at, consistency, access, domain, from, to }: GetFlags,
  checkpoint: number | undefined,
): Promise<ReceiptFileView> {
  const given = [id, state, consistency, access].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new AssentError('usage', 'Name one thing: a transaction, --state, --consistency or --access.');
  if (at !== undefined && state === undefined && access === undefined)
    throw new AssentError('usage', '--at goes with --state or --access.');
  const client = context.client();
  const pinned = checkpoint === undefined ? {} : { checkpoint };
  const options = { timeoutMs: getTimeoutMs };
  if (state !== undefined) return client.stateReceipt({ key: state, at, ...pinned }, options);
  if (access !== undefined) {
    const subject = await didNamed(context, access, domain);
    return client.accessReceipt(subject, { from, to, at, ...pinned }, options);
  }
  if (consistency !== undefined) {
    const [older, newer, ...rest] = consistency.map(wholeNumber(1, Number.MAX_SAFE_INTEGER));
    if (older === undefined || newer === undefined || rest.length > 0 || older >= newer)
      throw new AssentError('usage', '--consistency takes two heights, the older first.');
    return client.consistencyReceipt({ older, newer, ...pinned }, options);
  }
  const found = await findTransaction(client, present(id, 'one thing was named'));
  return client.transactionReceipt(found.id, pinned, options);
}

async function verify(context: Context, file: string, flags: VerifyFlags): Promise<Report> {
  const pinned = pinnedBy(context, flags);
  const bytes = file === '-' ? await context.shell.readStandardInput() : readInput(context.path(file));
  const verdict = verifyReceipt(bytes, pinned, verifySignature);
  if (!verdict.ok) throw new AssentError(verdict.code, verdict.message);
  const { from, to } = flags;
  if (from !== undefined || to !== undefined) {
    if (verdict.kind !== 'access-log') throw new AssentError('usage', 'Only an access log has --from and --to.');
    const isWhole = verdict.from <= (from ?? 0) && (verdict.to === undefined || (to !== undefined && to <= verdict.to));
    if (!isWhole)
      throw new AssentError('receipt-range-incomplete', 'The receipt is of a shorter time than the one asked for.');
  }
  if (flags.pin !== undefined) writeFileSync(context.path(flags.pin), encodeCheckpoint(openReceipt(bytes).head.header));
  return { json: verdictJson(verdict, { from, to }), text: verdictText(context.style, verdict, { from, to }) };
}

/** Of a pinned checkpoint, bare or cosigned. Throws `input-invalid`, or the code of a receipt that is none. */
function heightOf(file: Uint8Array): number {
  if (isReceipt(file)) return decodeHeader(headerOf(openReceipt(file))).height;
  const anchor = anchorOf({ checkpoint: file });
  if (anchor.type !== 'checkpoint') throw new AssentError('input-invalid', 'The file is no checkpoint.');
  return anchor.header.height;
}

/** Whether a file says of itself that it is a receipt; a bare checkpoint is an array of three. */
function isReceipt([first]: Uint8Array): boolean {
  return first !== bareCheckpointByte;
}
