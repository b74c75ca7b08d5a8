import { present, type Random } from '../../src/base/index.ts';
import { type Envelope, type RaftLimits, tipOf } from '../../src/consensus/index.ts';
import type { NodeId } from '../../src/crypto/portable.ts';
import { TestCluster, type TestNode } from '../unit/consensus/cluster.ts';
import type { Disk } from '../unit/consensus/forge.ts';
import { Labels } from './labels.ts';
import { describeMessage } from './messages.ts';
import { Transcript } from './transcript.ts';

export type Flight = Envelope & { readonly from: NodeId };
export type Selection = (flight: Flight) => boolean;

/**
 * A cluster that tells what happens in it. Timeouts are no matter of chance: node 1 campaigns after 10 ticks without a
 * leader, node 2 after 13, node 3 after 16, the others after 19.
 */
export class GoldenCluster extends TestCluster {
  readonly labels: Labels = new Labels(this.forge);
  readonly transcript: Transcript = new Transcript(this.labels);
  /** The newest round of PreVotes that each node began. */
  readonly preVoteRounds: Map<TestNode, number> = new Map<TestNode, number>();
  /** What was delivered, for networks that deliver twice. */
  readonly #delivered: Flight[] = [];
  readonly #backups: Map<TestNode, Disk> = new Map<TestNode, Disk>();

  constructor(
    size: number,
    options: { readonly learners: number; readonly outsiders: number; readonly limits: Partial<RaftLimits> },
  ) {
    super(size, options);
    for (const node of this.nodes) this.transcript.starts(node);
    this.observe = (node, ready) => {
      this.transcript.noteReady(node, ready);
      for (const { message } of ready.messages) {
        if (message.type === 'pre-vote-request') this.preVoteRounds.set(node, message.round);
      }
    };
  }

  override randomFor(publicKey: Uint8Array): Random {
    const index = this.forge.signers.findIndex((signer) => signer.publicKey === publicKey);
    const { bytes } = super.randomFor(publicKey);
    return { bytes, below: (bound) => Math.min(3 * index, bound - 1) };
  }

  /** Does something to a node, and tells what it did to its state. */
  act(node: TestNode, action: () => void): void {
    action();
    this.transcript.noteState(node);
  }

  describe({ from, to, message }: Flight): string {
    return `  ${this.labels.node(from)} -> ${this.labels.node(to)} ${describeMessage(this.labels, message)}`;
  }

  /** Delivers what is selected among what is in flight now. Answers how many messages that was. */
  deliverSelected(selection: Selection, countMax: number): number {
    const selected = this.#takeSelected(selection, countMax);
    for (const flight of selected) this.arrive(flight);
    return selected.length;
  }

  arrive(flight: Flight): void {
    const [source, target] = [this.byId(flight.from), this.byId(flight.to)];
    const isLost = !target.isRunning || !this.passes(source, target, flight.message);
    this.transcript.mention(`${this.describe(flight)}${isLost ? ' (lost)' : ''}`);
    if (isLost) return;
    this.#delivered.push(flight);
    this.act(target, () => {
      const complaint = target.step(flight.from, flight.message);
      if (complaint !== undefined) this.transcript.say(`  ${this.labels.node(target.id)} complains: ${complaint}`);
    });
  }

  override settle(): void {
    for (let budget = 100_000; this.deliverSelected(() => true, 1) > 0; budget--) {
      if (budget === 0) throw new Error('the messages never end');
    }
  }

  drop(selection: Selection, countMax: number): number {
    const selected = this.#takeSelected(selection, countMax);
    for (const flight of selected) this.transcript.say(`${this.describe(flight)} (lost)`);
    return selected.length;
  }

  /** Lets others overtake what is selected. */
  delay(selection: Selection, countMax: number): number {
    const selected = this.#takeSelected(selection, countMax);
    this.wire.push(...selected);
    for (const flight of selected) this.transcript.say(`${this.describe(flight)} (late)`);
    return selected.length;
  }

  /** A dishonest sender: puts another block of its own in the place of the last one of each selected append. */
  replaceLastBlock(selection: Selection): void {
    this.wire = this.wire.map((flight) => {
      const { message } = flight;
      if (!selection(flight) || message.type !== 'append') return flight;
      const last = present(message.blocks.at(-1), 'the append has a block');
      const before = message.blocks.slice(0, -1);
      const parent = before.at(-1);
      const parentTip = parent === undefined ? message.previous : tipOf(parent);
      const other = this.forge.block(parentTip, last.term, last.proposer, last.justification);
      const replaced = { ...flight, message: { ...message, blocks: [...before, other] } };
      this.transcript.say(`${this.describe(replaced)} (in place of ${this.labels.block(last)})`);
      return replaced;
    });
  }

  /** The newest delivered message that is selected, once more. */
  repeat(selection: Selection): void {
    const flight = this.#delivered.findLast(selection);
    if (flight === undefined) throw new Error('no such message was delivered');
    this.arrive(flight);
  }

  tickNodes(nodes: readonly TestNode[], count: number): void {
    for (let tick = 0; tick < count; tick++) {
      this.nowMs += 10;
      for (const node of nodes) if (node.isRunning) this.act(node, () => node.tick());
    }
  }

  restart(node: TestNode): void {
    this.preVoteRounds.delete(node);
    this.transcript.starts(node);
    this.transcript.say(`  ${this.labels.node(node.id)} starts with ${diskLine(this.labels, node)}`);
    this.act(node, () => node.restart());
  }

  /** Its chain begins with the newest certified block of the source from now on. */
  install(node: TestNode, source: TestNode): void {
    this.preVoteRounds.delete(node);
    this.transcript.starts(node);
    this.act(node, () => node.install(source));
    this.transcript.say(`  ${this.labels.node(node.id)} begins with a snapshot at ${diskLine(this.labels, node)}`);
  }

  backUp(node: TestNode): void {
    this.#backups.set(node, copyDisk(node.disk));
  }

  restoreBackUp(node: TestNode): void {
    const disk = this.#backups.get(node);
    if (disk === undefined) throw new Error('there is no backup');
    node.disk = copyDisk(disk);
  }

  #takeSelected(selection: Selection, countMax: number): Flight[] {
    const selected = this.wire.filter(selection).slice(0, countMax);
    this.wire = this.wire.filter((flight) => !selected.includes(flight));
    return selected;
  }
}

function copyDisk(disk: Disk): Disk {
  return {
    ...disk,
    chain: [...disk.chain],
    termCertificates: new Map(disk.termCertificates),
    promises: new Map(disk.promises),
  };
}

function diskLine(labels: Labels, { disk }: TestNode): string {
  const last = disk.chain.at(-1);
  return `term ${disk.hardState.term}, tip ${last === undefined ? 'b0' : labels.block(last)}`;
}
