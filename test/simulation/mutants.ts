import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Patch {
  /** Text that stands once, in one file below `src/`. */
  readonly find: string;
  readonly replace: string;
}

/** A rule of the protocol, broken on purpose. The simulator proves itself by catching each. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
}

function mutant(name: string, ...patches: readonly Patch[]): Mutant {
  return { name, patches };
}

export const mutants: readonly Mutant[] = [
  mutant('a vote leaves before it is synced', {
    find: 'if (core.persistence.isSynced(promiseToken)) core.effects.send(to, message);',
    replace: 'if (promiseToken >= 0) core.effects.send(to, message);',
  }),
  mutant('an ack leaves before its block is synced', {
    find: 'this.#append(operations, mark, () => this.#raft.persisted(request.token));',
    replace: 'this.#append(operations, mark, () => undefined); this.#raft.persisted(request.token);',
  }),
  mutant(
    'blocks of an older term are acked and counted',
    {
      find: 'return core.log.at(height)?.term === hardState.term ? height : 0;',
      replace: 'return height;',
    },
    {
      find: 'if (ack === undefined || ack.term !== hardState.term || durable.term !== hardState.term) return 0;',
      replace: 'if (ack === undefined) return 0;',
    },
    {
      find: 'if (tip.term !== hardState.term || tip.height === 0) return;',
      replace: 'if (tip.height === 0) return;',
    },
    {
      find: 'if (block.term === core.persistence.term) acks.push',
      replace: 'acks.push',
    },
    {
      find: 'if (leadership === undefined || statement.term !== core.persistence.term) return undefined;',
      replace: 'if (leadership === undefined) return undefined;',
    },
    {
      find: `assert(block.term === core.persistence.term, "only acks of the leader's own term count (Raft §5.4.2)");`,
      replace: '',
    },
  ),
  mutant('votes and PreVotes ignore the log', {
    find: 'return comparePlaces(tip, core.log.tip) >= 0 && !contradictsCertified(core, tip);',
    replace: 'return tip.height >= 0;',
  }),
  mutant('a second vote in a term', {
    find: 'if (statement.term === term && vote !== undefined) return !sameRequest(vote, statement);',
    replace: '',
  }),
  mutant(
    'the vote is forgotten by a restart',
    {
      find: '?? nothingPromised;',
      replace:
        '?? nothingPromised; delete (kept as { vote?: unknown }).vote; delete (kept as { voteRequest?: unknown }).voteRequest;',
    },
    {
      find: 'return own === undefined || !sameRequest(held, own);',
      replace: 'return false;',
    },
  ),
  mutant('half of the voters are a majority', {
    find: 'majority: Math.floor(voters.length / 2) + 1,',
    replace: 'majority: Math.ceil(voters.length / 2),',
  }),
  mutant('one ack less certifies', {
    find: 'if (chosen.length < majority) return undefined;',
    replace: 'if (chosen.length < Math.max(1, majority - 1)) return undefined;',
  }),
  mutant(
    'a branch of the same or a lower term replaces the tail',
    {
      find: 'if (last.block.term <= log.tip.term) return;',
      replace: '',
    },
    {
      find: 'blocks.some(({ block }) => block.term > core.log.tip.term)',
      replace: 'blocks.length > 0',
    },
  ),
  mutant(
    'executed ids are not looked up',
    {
      find: 'this.#parent.hasExecuted(transaction)',
      replace: 'false',
    },
    {
      find: 'if (receipt !== undefined) {',
      replace: 'if (receipt !== undefined && receipt.height < 0) {',
    },
  ),
  mutant('clients are told when a block is sealed', {
    find: 'this.#pool.place(toHex(draft.hash), draft.transactions);',
    replace:
      'this.#pool.place(toHex(draft.hash), draft.transactions); for (const [index, { id, idHex }] of draft.transactions.entries()) this.#pool.commit(idHex, { id, height, index, timestamp: draft.header.timestamp, blockHash: draft.hash, result: { ok: true, output: null } });',
  }),
  mutant(
    'a restarted leader goes on in its term',
    {
      find: 'askNonces(this.#core);\n  }',
      replace:
        "askNonces(this.#core);\n    const core = this.#core; if (core.termCertificate?.request.candidate === core.nodeId && core.termCertificate.request.term === core.persistence.term) { core.role = 'candidate'; becomeLeader(core, core.termCertificate); }\n  }",
    },
    {
      find: 'import { handleAppendReply, handleHeartbeatReply,',
      replace: 'import { becomeLeader, handleAppendReply, handleHeartbeatReply,',
    },
  ),
  mutant('execution differs between nodes', {
    find: 'const idBuckets = this.#closeBuckets();',
    replace:
      "const idBuckets = this.#closeBuckets(); if (this.#transactions.length > 2) this.#state.set('sim/drift', Uint8Array.of((globalThis as { drift?: number }).drift = ((((globalThis as { drift?: number }).drift ?? 0) + 1) & 0xff)));",
  }),
  mutant('what is written is not what was hashed', {
    find: 'timestamp } = this.#context;\n    const receipts',
    replace:
      "timestamp } = this.#context;\n    if (height === 5) this.#state.set('sim/drift', Uint8Array.of(1));\n    const receipts",
  }),
  mutant('a refused transaction keeps its writes', {
    find: 'if (result.ok) {\n      state.changes.forEach(',
    replace: '{\n      state.changes.forEach(',
  }),
];

const sourceRoot = fileURLToPath(new URL('../../src/', import.meta.url));

/** The files to change, with their broken text. Throws when a patch no longer fits the code. */
function brokenFiles(name: string): Map<string, string> {
  const chosen = mutants.find((candidate) => candidate.name === name);
  if (chosen === undefined) throw new Error(`no mutant "${name}"`);
  const files = readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(sourceRoot, file));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const broken = new Map<string, string>();
  for (const { find, replace } of chosen.patches) {
    const places = files.filter((file) => texts.get(file)?.includes(find));
    const [file] = places;
    if (file === undefined || places.length > 1)
      throw new Error(`mutant "${name}" fits ${places.length} places and should fit one: ${find}`);
    const text = (texts.get(file) as string).replace(find, () => replace);
    texts.set(file, text);
    broken.set(pathToFileURL(file).href, text);
  }
  return broken;
}

/** Throws unless the mutant fits the code as it is. */
export function checkFits(name: string): void {
  brokenFiles(name);
}

/** Breaks the rule in this process: must run before the first import of `src/`. */
export function switchOn(name: string): void {
  const broken = brokenFiles(name);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const source = broken.get(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}
