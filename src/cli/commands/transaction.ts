import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { TransactionReply } from '../../api/index.ts';
import { AssentError, messageOf } from '../../base/index.ts';
import type { SignedTransaction } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { identityOfKey } from '../keys/people.ts';
import { findTransaction } from '../ledger/find.ts';
import { readSigned } from '../ledger/signed-file.ts';
import { receiptOrThrow, signAs } from '../ledger/submit.ts';
import { notInForceText } from '../output/in-force.ts';
import type { Style } from '../output/style.ts';
import { facts } from '../output/table.ts';
import { shortHash, whenText } from '../output/words.ts';
import type { Report, Session } from '../session.ts';
import { addTransactionExplain } from './transaction-explain.ts';
import { addTransactionList } from './transaction-list.ts';
import { time, wholeNumber } from './values.ts';

const examples = `
FILE holds a signed transaction as it travels, or JSON to be signed with --as: {"kind": "consent.revoke", "payload": {…}}.

Examples:
  $ assent tx submit signed.bin
  $ echo '{"kind":"consent.revoke","payload":{"consent":"…"}}' | assent tx submit - --as ada --domain st-mary
  $ assent tx submit request.json --as ada --domain st-mary --out signed.bin
  $ assent tx show 4f0c2a91d3be --wait
  $ assent tx explain 4f0c2a91d3be
  $ assent tx list --organisation st-mary --kind consent --from 30d
  $ assent tx list --agent amara --limit 100 --json`;

interface SubmitFlags {
  readonly domain?: string;
  readonly validUntil?: number;
  readonly wait: boolean;
  readonly timeout?: number;
  readonly out?: string;
}

const waitMsMax = 60_000;

export function addTransaction(program: Command, session: Session): void {
  const transaction = program.command('tx').description('transactions').addHelpText('after', examples);
  transaction
    .command('submit <file>')
    .description('submit a transaction and wait until it is in force; - reads standard input')
    .option('--domain <name>', 'the domain in which the person of --as acts')
    .option(
      '--valid-until <time>',
      'for one that is signed here: no later block can hold it (default 5 min from now)',
      time,
    )
    .option('--out <file>', 'write the signed bytes to a file instead of submitting them')
    .option('--no-wait', 'return when a node took it')
    .option('--timeout <seconds>', 'how long to try (default 15)', wholeNumber(1, 600))
    .action(session.run(submit));
  transaction
    .command('show <id>')
    .description('a transaction and its receipt; the beginning of an id will do')
    .option('--wait', 'wait up to a minute for its commit')
    .action(
      session.run(async (context, id: string, flags: { wait?: boolean }) => {
        const reply = await (flags.wait === true ? settled(context, id) : findTransaction(context.client(), id));
        return {
          json: reply,
          text: replyText(context.style, reply, context.nowMs),
          exitCode: reply.receipt.result.ok ? 0 : 1,
        };
      }),
    );
  addTransactionExplain(transaction, session);
  addTransactionList(transaction, session);
}

async function submit(context: Context, file: string, flags: SubmitFlags): Promise<Report> {
  const signed = await signedFrom(context, file, flags);
  if (flags.out !== undefined) {
    const target = context.path(flags.out);
    writeFileSync(target, signed.bytes);
    return {
      json: { id: signed.id, file: target },
      text: `Transaction ${signed.id} is in ${target}; nothing was submitted.`,
    };
  }
  const outcome = await context.client().submit(signed, {
    wait: flags.wait ? 'in-force' : 'none',
    timeoutMs: (flags.timeout ?? 15) * 1000,
  });
  if (outcome.status === 'accepted')
    return { json: outcome, text: `Taken; \`assent tx show ${shortHash(signed.id)} --wait\` says what became of it.` };
  const receipt = receiptOrThrow(outcome);
  const text = `Committed in block ${receipt.height} as transaction ${receipt.id}.`;
  const lines = [text, notInForceText(receipt.inForce ?? null)];
  return { json: outcome, text: lines.filter((line) => line !== '').join('\n') };
}

async function signedFrom(context: Context, file: string, flags: SubmitFlags): Promise<SignedTransaction> {
  const bytes = file === '-' ? await context.shell.readStandardInput() : read(context.path(file));
  if (bytes[0] !== '{'.charCodeAt(0)) return readSigned(bytes);
  const { kind, payload } = parseRequest(bytes, file);
  const home = await context.home('read');
  const sender = await identityOfKey(
    home,
    context.required(context.options.as, '--as NAME, the key to sign with'),
    flags.domain,
  );
  return signAs(home, sender, kind, payload, flags.validUntil);
}

function read(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}

function parseRequest(bytes: Uint8Array, file: string): { kind: string; payload: object } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new AssentError('input-invalid', `${file} is not JSON: ${messageOf(error)}.`, {}, { cause: error });
  }
  const { kind, payload } = parsed as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof payload !== 'object' || payload === null)
    throw new AssentError('input-invalid', `${file} has no "kind" with a "payload".`);
  return { kind, payload };
}

/** Waits for a transaction whose outcome is unknown. */
async function settled(context: Context, id: string): Promise<TransactionReply> {
  if (!/^[0-9a-f]{64}$/.test(id)) return findTransaction(context.client(), id);
  try {
    return await context.client().transaction(id, { waitMs: waitMsMax });
  } catch (thrown) {
    if (!(thrown instanceof AssentError) || thrown.code !== 'transaction-unknown') throw thrown;
    throw new AssentError(
      'outcome-unknown',
      `No node has committed transaction ${id} so far.`,
      { id },
      { cause: thrown },
    );
  }
}

function replyText(style: Style, { id, receipt, transaction }: TransactionReply, nowMs: number): string {
  const { result } = receipt;
  return facts(style, [
    ['transaction', id],
    ['kind', transaction.kind],
    ['sender', transaction.sender],
    ['result', result.ok ? style.good('ok') : `${style.bad(result.code ?? 'refused')} by rule ${result.rule ?? '?'}`],
    ['because', result.sentence],
    ['output', result.output === undefined || result.output === null ? undefined : JSON.stringify(result.output)],
    ['block', `${receipt.height}, place ${receipt.index}, ${style.faint(receipt.blockHash)}`],
    ['committed', whenText(receipt.timestamp, nowMs)],
    ['payload', JSON.stringify(transaction.payload)],
  ]);
}
