import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { AssentError, fromHex, messageOf, present, toHex } from '../../base/index.ts';
import { decodeEvidence, type EvidenceVerdict, evidenceId, verifyEvidence } from '../../verify/index.ts';
import type { Context } from '../context.ts';
import type { Style } from '../output/style.ts';
import { clean, facts, table } from '../output/table.ts';
import { countText, shortHash, shortNodeId } from '../output/words.ts';
import type { Report, Session } from '../session.ts';

const examples = `
Evidence is what a node signed against the rules, in a record that anyone can verify without any node.

Examples:
  $ assent evidence list
  $ assent evidence show 4f0c2a91d3be --out proof.bin
  $ assent evidence verify proof.bin --ledger LEDGER`;

export function addEvidence(program: Command, session: Session): void {
  const evidence = program
    .command('evidence')
    .description('proofs that a node broke the rules')
    .addHelpText('after', examples);
  evidence.command('list').description('what the asked node can prove, oldest first').action(session.run(list));
  evidence
    .command('show <id>')
    .description('one proof; the beginning of its id will do')
    .option('--out <file>', 'write the record to a file, for others to verify')
    .action(session.run(show));
  evidence
    .command('verify <file>')
    .description('verify a record offline; - reads standard input')
    .option('--ledger <id>', "the ledger's whole id: a record of another is refused")
    .action(session.run(verify));
}

async function list(context: Context): Promise<Report> {
  const reply = await context.client().evidence();
  const rows = reply.evidence.map(({ id, kind, culprit, term }) => [
    shortHash(id),
    clean(kind),
    shortNodeId(culprit),
    String(term),
  ]);
  const shown =
    rows.length === 0
      ? 'The asked node knows of no evidence against any node.'
      : table(context.style, ['evidence', 'kind', 'node', { title: 'term', align: 'right' }], rows);
  const more = reply.notStored === 0 ? '' : `\n\n${countText(reply.notStored, 'finding')} more had no room.`;
  return { json: reply, text: shown + more };
}

async function show(context: Context, reference: string, flags: { out?: string }): Promise<Report> {
  const client = context.client();
  const view = await client.evidenceRecord(await wholeId(context, reference));
  const bytes = present(fromHex(view.record), 'the reply was checked');
  const verdict = verdictOn(bytes);
  const file = flags.out === undefined ? undefined : context.path(flags.out);
  if (file !== undefined) writeFileSync(file, bytes);
  const written =
    file === undefined ? '' : `\n\nThe record is in ${file}; \`assent evidence verify\` checks it anywhere.`;
  const json = { ...verdictJson(bytes, verdict), record: view.record, ...(file !== undefined && { file }) };
  return { json, text: verdictText(context.style, bytes, verdict) + written };
}

async function verify(context: Context, file: string, flags: { ledger?: string }): Promise<Report> {
  const { ledger } = flags;
  if (ledger !== undefined && !/^[0-9a-f]{64}$/.test(ledger))
    throw new AssentError('usage', '--ledger takes the whole id of a ledger: 64 hexadecimal digits.');
  const bytes = file === '-' ? await context.shell.readStandardInput() : read(context.path(file));
  const verdict = verdictOn(bytes);
  const actual = toHex(verdict.ledgerId);
  if (ledger !== undefined && ledger !== actual)
    throw new AssentError('verification-failed', `The evidence is of the ledger ${actual}, not of ${ledger}.`);
  return { json: verdictJson(bytes, verdict), text: verdictText(context.style, bytes, verdict) };
}

/** Throws `not-found`, and `usage` for a beginning that several ids share. */
async function wholeId(context: Context, reference: string): Promise<string> {
  if (!/^[0-9a-f]{4,64}$/.test(reference))
    throw new AssentError('usage', `"${clean(reference)}" is no id of evidence: at least 4 hexadecimal digits.`);
  if (reference.length === 64) return reference;
  const { evidence } = await context.client().evidence();
  const [found, another] = evidence.filter(({ id }) => id.startsWith(reference));
  if (found === undefined) throw new AssentError('not-found', `No evidence begins with ${reference}.`);
  if (another !== undefined) throw new AssentError('usage', `Several ids begin with ${reference}; write more of it.`);
  return found.id;
}

/** Throws `verification-failed` for whatever is no proof, malformed bytes included. */
function verdictOn(bytes: Uint8Array): EvidenceVerdict {
  try {
    return verifyEvidence(decodeEvidence(bytes));
  } catch (error) {
    if (!(error instanceof AssentError) || error.code === 'verification-failed') throw error;
    throw new AssentError(
      'verification-failed',
      `This is no record of evidence: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

function verdictJson(bytes: Uint8Array, verdict: EvidenceVerdict): object {
  const { ledgerId, configurationHash, ...plain } = verdict;
  return {
    verified: true,
    id: toHex(evidenceId(bytes)),
    ...plain,
    ledgerId: toHex(ledgerId),
    ...(configurationHash !== undefined && { configuration: toHex(configurationHash) }),
  };
}

function verdictText(style: Style, bytes: Uint8Array, verdict: EvidenceVerdict): string {
  const { kind, culprit, ledgerId, generation, term, deed, configurationHash } = verdict;
  const asOf = `as of generation ${generation}, term ${term}`;
  const report = facts(style, [
    ['evidence', toHex(evidenceId(bytes))],
    ['kind', kind],
    ['node', culprit],
    ['ledger', toHex(ledgerId)],
    ['generation', String(generation)],
    ['term', String(term)],
    ['configuration', configurationHash && toHex(configurationHash)],
  ]);
  return `${style.good('Proved')}, ${asOf}: the holder of the key of node ${shortNodeId(culprit)} ${deed}.\n\n${report}`;
}

function read(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}
