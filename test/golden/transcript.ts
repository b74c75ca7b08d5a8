import { equalBytes } from '../../src/base/index.ts';
import type { Configuration, HardState, PersistRequest, RaftStatus, Ready } from '../../src/consensus/index.ts';
import type { TestNode } from '../unit/consensus/cluster.ts';
import type { Labels } from './labels.ts';

/** How much is told: everything, or only offices, certificates, commits and what nobody should miss. */
export type Detail = 'all' | 'outcome';

/** Writes down what the cores want done, and how their state changes, in the order in which it happens. */
export class Transcript {
  readonly #labels: Labels;
  readonly #states: Map<TestNode, readonly string[]> = new Map<TestNode, readonly string[]>();
  readonly #configurations: Map<TestNode, Configuration> = new Map<TestNode, Configuration>();
  readonly #promised: Map<TestNode, HardState> = new Map<TestNode, HardState>();
  readonly #writes: Map<PersistRequest, string> = new Map<PersistRequest, string>();
  #lines: string[] = [];
  detail: Detail = 'all';

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  say(line: string): void {
    this.#lines.push(line);
  }

  /** Something that only the full detail shows. */
  mention(line: string): void {
    if (this.detail === 'all') this.say(line);
  }

  /** Everything said since the last call. */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /** The node begins anew: what it promised is what its disk says. */
  starts(node: TestNode): void {
    this.#promised.set(node, node.disk.hardState);
    this.#states.delete(node);
    this.#configurations.delete(node);
  }

  /** Says what changed since the last look at this node. */
  noteState(node: TestNode): void {
    const before = this.#states.get(node) ?? [];
    const now = stateLines(this.#labels, node.status);
    this.#states.set(node, now);
    this.#noteConfiguration(node);
    for (const [index, line] of now.entries()) {
      if (line !== before[index] && line !== '') this.#of(node, line);
    }
  }

  #noteConfiguration(node: TestNode): void {
    const { configuration } = node.raft;
    const before = this.#configurations.get(node);
    if (before === undefined ? this.#labels.isFirst(configuration) : equalBytes(before.hash, configuration.hash))
      return;
    this.#configurations.set(node, configuration);
    this.#of(node, `is under ${this.#labels.configuration(configuration)}`);
  }

  noteReady(node: TestNode, ready: Ready): void {
    this.noteState(node);
    const labels = this.#labels;
    for (const hash of ready.abandoned) this.#of(node, `abandons ${labels.hash(hash)}`);
    for (const { block, certified } of ready.execute) {
      const what = `${labels.block(block)}${certified ? ' as certified' : ''}`;
      this.mention(`  ${this.#number(node)} ${node.holdsVerdicts ? 'begins to execute' : 'executes'} ${what}`);
    }
    if (ready.persist !== undefined) this.#noteWrite(node, ready.persist);
    for (const { block, certificate } of ready.committed) {
      this.#of(node, `commits ${labels.block(block)}: ${labels.certificate(certificate)}`);
    }
    for (const { context, height } of ready.reads) {
      this.#of(node, `answers read ${context}: ${height === undefined ? 'refused' : `height ${height}`}`);
    }
    for (const { kind, culprit } of ready.evidence) {
      this.#of(node, `has evidence against ${labels.node(culprit)}: ${kind}`);
    }
  }

  /** A held write is on the disk. */
  noteSync(node: TestNode, write: PersistRequest): void {
    this.#of(node, `synced ${this.#writes.get(write) ?? ''}`);
  }

  #noteWrite(node: TestNode, write: PersistRequest): void {
    const text = this.#describeWrite(node, write);
    this.#writes.set(write, text);
    this.mention(`  ${this.#number(node)} ${node.holdsWrites ? 'has to write' : 'writes'} ${text}`);
  }

  #describeWrite(node: TestNode, write: PersistRequest): string {
    const labels = this.#labels;
    const parts: string[] = [];
    const { hardState, truncateAbove, append, termCertificate, certificate, peerPromises } = write;
    const before = this.#promised.get(node) ?? { term: 0 };
    const { term, vote, ack } = hardState ?? before;
    this.#promised.set(node, hardState ?? before);
    if (term !== before.term) parts.push(`term ${term}`);
    if (vote !== undefined && vote !== before.vote) parts.push(`vote for ${labels.node(vote.candidate)}`);
    if (truncateAbove !== undefined) parts.push(`nothing above height ${truncateAbove}`);
    if (append.length > 0) parts.push(labels.blocks(append));
    if (ack !== undefined && ack !== before.ack) parts.push(`ack up to ${labels.acked(ack)}`);
    if (termCertificate !== undefined) parts.push(labels.termCertificate(termCertificate));
    if (certificate !== undefined) parts.push(labels.certificate(certificate));
    if (peerPromises.length > 0) {
      const peers = peerPromises.map(({ nodeId }) => labels.node(nodeId)).sort((left, right) => left - right);
      parts.push(`promises of ${peers.join('+')}`);
    }
    return parts.join(', ');
  }

  #of(node: TestNode, text: string): void {
    this.say(`  ${this.#number(node)} ${text}`);
  }

  #number(node: TestNode): number {
    return this.#labels.node(node.id);
  }
}

/** What is told when it changes; one sentence each, always the same places, empty when there is nothing to say. */
function stateLines(labels: Labels, status: RaftStatus): string[] {
  const { certifiedHeight, committedHeight, withheld, refusal, contradiction, removedAtHeight } = status;
  return [
    officeOf(labels, status),
    certifiedHeight > committedHeight ? `knows height ${certifiedHeight} to be certified, commits no further yet` : '',
    withheld !== undefined ? `withholds votes and acks: ${withheld}` : 'may vote and ack',
    refusal !== undefined ? `refuses its leader: ${labels.sentence(refusal)}` : '',
    contradiction !== undefined ? `is contradicted: ${labels.sentence(contradiction)}` : '',
    removedAtHeight !== undefined ? `holds the proof that block ${removedAtHeight} removed it` : '',
  ];
}

export function officeOf(labels: Labels, { role, term, leader }: RaftStatus): string {
  if (role === 'leader') return `leads term ${term}`;
  if (role === 'pre-candidate') return `is pre-candidate, term ${term}`;
  if (role === 'candidate') return `is candidate of term ${term}`;
  const followed = leader === undefined ? 'nobody' : `${labels.node(leader)}`;
  return `${role === 'follower' ? 'follows' : `is ${role} and follows`} ${followed} in term ${term}`;
}
