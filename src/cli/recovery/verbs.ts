import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssentError, equalBytes } from '../../base/index.ts';
import { createSigner, verifySignature } from '../../crypto/index.ts';
import { invalidRecovery, problemOfRecovery, recoveryMessage, type SignedRecovery } from '../../ledger/index.ts';
import type { AppliedRecovery } from '../../node/index.ts';
import { readCluster, writeCluster } from '../cluster/cluster-file.ts';
import { withClusterLock } from '../cluster/cluster-lock.ts';
import type { Context } from '../context.ts';
import { readCard } from '../init/card.ts';
import { keyNamed } from '../keys/people.ts';
import { countText, shortHash, shortNodeId } from '../output/words.ts';
import type { Report } from '../session.ts';
import { genesisOf, type NodePlace, nodePlaces, readText, reportName } from './places.ts';
import { readStatement, statementText, statementView, writeStatement } from './statement-file.ts';

/** `report`: what a stopped node has, beside its configuration file. */
export async function report(context: Context, { address }: { readonly address?: string }): Promise<Report> {
  const { loadConfig, reportOfStopped } = await import('../../node/index.ts');
  const places = nodePlaces(context);
  if (address !== undefined && places.length > 1)
    throw new AssentError(
      'usage',
      'One address cannot be that of several nodes; name the directory of one with --dir.',
    );
  const reports = [];
  for (const { directory } of places) {
    const config = loadConfig(join(directory, 'node.json'));
    const made = await reportOfStopped(config, address ?? addressOf(config.p2p.listen));
    writeFileSync(join(directory, reportName), `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
    reports.push({ file: join(directory, reportName), ...made });
  }
  const text = reports.map(
    ({ file, formerNode, tip, certified, node }) =>
      `${shortNodeId(formerNode)} has ${countText(tip.height, 'block')}, certified up to ${certified.height} (${shortHash(certified.hash)}); it would go on as ${node}. Send ${file} to whoever drafts the statement.`,
  );
  return { json: { reports }, text: text.join('\n') };
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  if (host === '0.0.0.0' || host === '::')
    throw new AssentError('usage', 'This node listens on every address; say with --address where others reach it.');
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export interface DraftOptions {
  readonly out: string;
  readonly card?: readonly string[];
  readonly genesis?: string;
}

/** `draft`: a statement that goes on from the highest certified block of these reports. */
export async function draft(context: Context, files: readonly string[], options: DraftOptions): Promise<Report> {
  const { draftRecovery, parseReport } = await import('../../node/index.ts');
  const genesis = genesisOf(context, options.genesis);
  const named = files.length > 0 ? files.map((file) => context.path(file)) : reportsIn(nodePlaces(context));
  const reports = named.map((file) => parseReport(readText(file), file));
  const cards = (options.card ?? []).map((file) => readCard(context.path(file)));
  const newNodes = cards.map(({ nodeId, member, address }) => ({ nodeId, member, address: hostPortOf(address) }));
  const { recovery, known } = draftRecovery(genesis, reports, newNodes, context.nowMs);
  const out = context.path(options.out);
  if (existsSync(out)) throw new AssentError('usage', `${out} is there already; choose another file.`);
  writeStatement(out, recovery);
  const view = statementView(recovery, genesis);
  const lost = known.map(({ node, height }) => `${shortNodeId(node)} acknowledged block ${height}, which nobody has.`);
  const next = `Members sign ${out} with \`assent ledger recover sign\`.`;
  return {
    json: { file: out, ...view, acknowledged: known },
    text: [statementText(context.style, view), ...lost, next].join('\n'),
  };
}

function reportsIn(places: readonly NodePlace[]): string[] {
  return places.map(({ directory }) => join(directory, reportName)).filter((file) => existsSync(file));
}

/** A card has a multiaddr, such as `/ip4/192.0.2.1/tcp/7400`. */
function hostPortOf(multiaddr: string): string {
  const [, family, host, , port] = multiaddr.split('/');
  return family === 'ip6' ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `show`: what a statement says, and who signed it. */
export function show(context: Context, file: string, options: { readonly genesis?: string }): Report {
  const view = statementView(readStatement(context.path(file)), genesisOf(context, options.genesis));
  return { json: view, text: statementText(context.style, view) };
}

/** `sign`: a member's signature is added to a statement. */
export async function sign(context: Context, name: string, options: { readonly genesis?: string }): Promise<Report> {
  const genesis = genesisOf(context, options.genesis);
  const file = context.path(name);
  const recovery = readStatement(file);
  const keystore = await context.keystore('read');
  const key = keyNamed(keystore, context.required(context.options.as, "--as NAME, the member's key"), 'governance');
  const signer = createSigner(keystore.seed(key.name));
  const others = recovery.signatures.filter(({ governanceKey }) => !equalBytes(governanceKey, signer.publicKey));
  const added = { governanceKey: signer.publicKey, signature: signer.sign(recoveryMessage(recovery.statement)) };
  const signed: SignedRecovery = { ...recovery, signatures: [...others, added] };
  const problem = problemOfRecovery(signed, genesis, verifySignature);
  if (problem !== undefined) throw invalidRecovery(problem);
  writeStatement(file, signed);
  const view = statementView(signed, genesis);
  const missing = view.signaturesNeeded - view.signedBy.length;
  const next =
    missing > 0
      ? `${countText(missing, 'more member')} must sign it.`
      : 'It is complete: `assent ledger recover apply` on every node that it names.';
  return { json: { file, ...view }, text: `${statementText(context.style, view)}\n${next}` };
}

/** `apply`: the stopped node, or every node of the local cluster, goes on from the base under its new key. */
export async function apply(context: Context, file: string): Promise<Report> {
  const places = nodePlaces(context);
  const recovery = readStatement(context.path(file));
  const one = places.length === 1 && places[0]?.number === undefined;
  return one
    ? applyTo(context, places, recovery)
    : withClusterLock(context.clusterDirectory, () => applyTo(context, places, recovery));
}

async function applyTo(context: Context, places: readonly NodePlace[], recovery: SignedRecovery): Promise<Report> {
  const { applyRecovery } = await import('../../node/index.ts');
  const nodes = [];
  for (const { directory, number } of places) {
    const applied = await applyRecovery(join(directory, 'node.json'), recovery);
    if (number !== undefined) noteNode(context.clusterDirectory, number, applied.nodeId);
    nodes.push({ directory, ...applied });
  }
  return { json: { nodes }, text: nodes.map(appliedText).join('\n') };
}

function noteNode(directory: string, number: number, nodeId: string): void {
  const cluster = readCluster(directory);
  if (cluster === undefined) return;
  const nodes = cluster.nodes.map((node) => (node.number === number ? { ...node, nodeId } : node));
  writeCluster(directory, { ...cluster, nodes });
}

type Applied = AppliedRecovery & { readonly directory: string };

function appliedText({ directory, changed, nodeId, report: gone, reportFile }: Applied): string {
  if (!changed) return `${directory}: applied before, as ${shortNodeId(nodeId)}; nothing was changed.`;
  if (gone === undefined) return `${directory}: goes on as ${nodeId}, and takes the chain from the others.`;
  const blocks = gone.abandoned.length;
  const transactions = gone.abandoned.reduce((sum, block) => sum + block.transactions.length, 0);
  const certified = gone.abandoned.filter((block) => block.certified).length;
  const lost =
    blocks === 0
      ? 'It gave up no block'
      : `It gave up ${countText(blocks, 'block')} with ${countText(transactions, 'transaction')}, ${certified} of them certified`;
  const empty = gone.beginsEmpty ? ', begins empty' : '';
  return `${directory}: goes on as ${nodeId}${empty}. ${lost}; see ${reportFile}.`;
}
