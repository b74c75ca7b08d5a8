import { type ConfigurationStep, type RaftLimits, raftLimits } from '../../src/consensus/index.ts';
import type { TestNode } from '../unit/consensus/cluster.ts';
import { GoldenCluster, type Selection } from './golden-cluster.ts';
import { certificateLines, configurationLines, logLines, peerLines, statusLine } from './views.ts';

type Command = (cluster: GoldenCluster, words: readonly string[]) => void;

/** Ticks after which an election timer has run out, whatever was drawn. */
const timerTicksMax = 20;

/** Runs the commands of one script. */
export class Session {
  #cluster: GoldenCluster | undefined;

  /** Answers what the command prints. Throws when it makes no sense. */
  run(command: string): string[] {
    const [verb = '', ...words] = command.split(/\s+/);
    if (verb === 'cluster') {
      this.#cluster = startCluster(words);
      return this.#cluster.transcript.take();
    }
    const cluster = this.#cluster;
    if (cluster === undefined) throw new Error('a script starts with a cluster');
    const action = commands[verb];
    if (action === undefined) throw new Error(`no such command: ${verb}`);
    action(cluster, words);
    return cluster.transcript.take();
  }
}

const commands: Record<string, Command> = {
  campaign: (cluster, words) => {
    for (const node of nodesOf(cluster, words[0])) campaign(cluster, node);
  },
  tick: (cluster, words) => cluster.tickNodes(nodesOf(cluster, words[0]), numberOf(words[1] ?? '1')),
  deliver: (cluster, words) => {
    if (words.length === 0) cluster.settle();
    else noteNothing(cluster, cluster.deliverSelected(...selectionOf(cluster, words)));
  },
  settle: (cluster) => {
    cluster.transcript.detail = 'outcome';
    cluster.settle();
    cluster.transcript.detail = 'all';
  },
  drop: (cluster, words) => noteNothing(cluster, cluster.drop(...selectionOf(cluster, words))),
  delay: (cluster, words) => noteNothing(cluster, cluster.delay(...selectionOf(cluster, words))),
  twin: (cluster, words) => cluster.replaceLastBlock(selectionOf(cluster, words)[0]),
  repeat: (cluster, words) => cluster.repeat(selectionOf(cluster, words)[0]),
  wire: (cluster, words) => {
    const [selection] = selectionOf(cluster, words);
    const flights = cluster.wire.filter(selection);
    for (const flight of flights) cluster.transcript.say(cluster.describe(flight));
    noteNothing(cluster, flights.length);
  },
  cut: (cluster, words) => {
    const groups = words.join(' ').split('|');
    cluster.partition(
      ...groups.map((group) =>
        group
          .trim()
          .split(' ')
          .map((word) => numberOf(word) - 1),
      ),
    );
  },
  heal: (cluster) => cluster.heal(),
  hold: (cluster, [what, who]) => hold(cluster, what, who, true),
  free: (cluster, [what, who]) => hold(cluster, what, who, false),
  sync: (cluster, words) => {
    for (const node of nodesOf(cluster, words[0])) sync(cluster, node, numberOf(words[1] ?? `${node.writes.length}`));
  },
  answer: (cluster, words) => {
    for (const node of nodesOf(cluster, words[0])) {
      cluster.act(node, () => node.answer(numberOf(words[1] ?? `${node.executions.length}`)));
    }
  },
  refuse: (cluster, [who, ...reason]) => {
    for (const node of nodesOf(cluster, who)) {
      node.judge = ({ certified }) => (certified ? { ok: true } : { ok: false, reason: reason.join(' ') });
    }
  },
  accept: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) node.judge = () => ({ ok: true });
  },
  clock: (cluster, [who, offset]) => {
    for (const node of nodesOf(cluster, who)) node.clockOffsetMs = numberOf(offset ?? '');
  },
  propose: (cluster, words) => {
    for (const node of nodesOf(cluster, words[0])) {
      for (let count = numberOf(words[1] ?? '1'); count > 0; count--) propose(cluster, node);
    }
  },
  add: change('add'),
  promote: change('promote'),
  demote: change('demote'),
  remove: change('remove'),
  configuration: (cluster, [who]) => sayAll(cluster, who, configurationLines),
  read: (cluster, [who, context]) => {
    for (const node of nodesOf(cluster, who)) {
      cluster.act(node, () => {
        node.raft.readIndex(numberOf(context ?? ''));
        node.drain();
      });
    }
  },
  crash: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) node.crash();
  },
  restart: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) cluster.restart(node);
  },
  backup: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) cluster.backUp(node);
  },
  restore: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) cluster.restoreBackUp(node);
  },
  install: (cluster, [who, source]) => {
    for (const node of nodesOf(cluster, who)) cluster.install(node, cluster.node(numberOf(source ?? '') - 1));
  },
  status: (cluster, [who]) => {
    for (const node of nodesOf(cluster, who)) cluster.transcript.say(statusLine(cluster.labels, node));
  },
  peers: (cluster, [who]) => sayAll(cluster, who, peerLines),
  log: (cluster, [who]) => sayAll(cluster, who, logLines),
  certificates: (cluster, [who]) => sayAll(cluster, who, certificateLines),
};

/** `cluster N [learners K] [outsiders K] [asking] [limit=number …]` */
function startCluster([size, ...words]: readonly string[]): GoldenCluster {
  const limits: Partial<Record<keyof RaftLimits, number>> = {};
  const numberAfter = (name: string): number => {
    return words.includes(name) ? numberOf(words[words.indexOf(name) + 1] ?? '') : 0;
  };
  for (const word of words) {
    const [name, value] = word.split('=');
    if (value === undefined) continue;
    if (!Object.hasOwn(raftLimits, name ?? '')) throw new Error(`no such limit: ${name}`);
    limits[name as keyof RaftLimits] = numberOf(value);
  }
  const [learners, outsiders] = [numberAfter('learners'), numberAfter('outsiders')];
  const cluster = new GoldenCluster(numberOf(size ?? ''), { learners, outsiders, limits });
  if (!words.includes('asking')) cluster.settle();
  for (const node of cluster.nodes) cluster.transcript.noteState(node);
  cluster.transcript.take();
  for (const node of cluster.nodes) cluster.transcript.say(statusLine(cluster.labels, node));
  return cluster;
}

/** Lets the election timer of one node run out, while no time passes for the others. */
function campaign(cluster: GoldenCluster, node: TestNode): void {
  const round = cluster.preVoteRounds.get(node);
  const { term } = node.status;
  for (let tick = 0; tick < timerTicksMax; tick++) {
    cluster.tickNodes([node], 1);
    if (cluster.preVoteRounds.get(node) !== round || node.status.term > term) return;
  }
  cluster.transcript.say(`  ${cluster.labels.node(node.id)} does not campaign`);
}

function propose(cluster: GoldenCluster, node: TestNode): void {
  const number = cluster.labels.node(node.id);
  const slot = node.raft.proposalSlot(node.nowMs);
  if (slot === undefined) {
    cluster.transcript.say(`  ${number} seals nothing: ${node.status.sealRefusal ?? 'not-leader'}`);
    return;
  }
  cluster.act(node, () => node.seal());
}

/** `STEP WHO node`: a leader seals a block that takes one step of the configuration. */
function change(step: ConfigurationStep['step']): Command {
  return (cluster, [who, number]) => {
    const index = numberOf(number ?? '') - 1;
    for (const node of nodesOf(cluster, who)) {
      const slot = node.raft.proposalSlot(node.nowMs);
      const reason = slot === undefined ? (node.status.sealRefusal ?? 'not-leader') : 'no certificate allows it';
      if (slot?.mayChange === true) cluster.act(node, () => node.change(step, index));
      else cluster.transcript.say(`  ${cluster.labels.node(node.id)} changes nothing: ${reason}`);
    }
  };
}

function hold(cluster: GoldenCluster, what: string | undefined, who: string | undefined, isHeld: boolean): void {
  for (const node of nodesOf(cluster, who)) {
    if (what === 'writes') node.holdsWrites = isHeld;
    else if (what === 'verdicts') node.holdsVerdicts = isHeld;
    else throw new Error('writes or verdicts are held');
    if (isHeld) continue;
    if (what === 'writes') sync(cluster, node, node.writes.length);
    else cluster.act(node, () => node.answer());
  }
}

function sync(cluster: GoldenCluster, node: TestNode, count: number): void {
  for (let done = 0; done < count; done++) {
    const [write] = node.writes;
    if (write === undefined) throw new Error('there is nothing to sync');
    cluster.transcript.noteSync(node, write);
    cluster.act(node, () => node.sync(1));
  }
}

/** A selection that selects nothing is said, so that a slip of the pen shows. */
function noteNothing(cluster: GoldenCluster, count: number): void {
  if (count === 0) cluster.transcript.say('  nothing');
}

function sayAll(cluster: GoldenCluster, who: string | undefined, view: typeof logLines): void {
  for (const node of nodesOf(cluster, who)) for (const line of view(cluster.labels, node)) cluster.transcript.say(line);
}

/** `2`, `2,3`, or every node. */
function nodesOf(cluster: GoldenCluster, who: string | undefined): readonly TestNode[] {
  if (who === undefined || who === 'all') return cluster.nodes;
  return who.split(',').map((word) => cluster.node(numberOf(word) - 1));
}

/** `[A->B] [type] [count]`: either end may be missing, as in `1->` or `->2`. */
function selectionOf(cluster: GoldenCluster, words: readonly string[]): [Selection, number] {
  const tests: Selection[] = [];
  let countMax = Number.POSITIVE_INFINITY;
  for (const word of words) {
    const ends = /^(\d*)->(\d*)$/.exec(word);
    const isEnd = (end: string | undefined, id: string): boolean => !end || cluster.labels.node(id) === Number(end);
    if (ends !== null) tests.push(({ from, to }) => isEnd(ends[1], from) && isEnd(ends[2], to));
    else if (/^\d+$/.test(word)) countMax = Number(word);
    else tests.push(({ message }) => message.type === word);
  }
  return [(flight) => tests.every((passes) => passes(flight)), countMax];
}

function numberOf(word: string): number {
  if (!/^-?\d+$/.test(word)) throw new Error(`not a number: "${word}"`);
  return Number(word);
}
