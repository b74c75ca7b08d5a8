import { type Mutant, mutant } from './mutant.ts';
import { leaseMutants } from './mutants-leases.ts';
import { membershipMutants } from './mutants-membership.ts';
import { snapshotMutants } from './mutants-snapshots.ts';

export const mutants: readonly Mutant[] = [
  // Promises and what is durable.
  mutant('a vote leaves before it is synced', 20, {
    find: 'if (core.persistence.isSynced(promiseToken)) core.effects.send(to, message);',
    replace: 'if (promiseToken >= 0) core.effects.send(to, message);',
  }),
  mutant('an ack leaves before its block is synced', 20, {
    find: 'this.#writes.append(operations, mark, () => this.#raft.persisted(request.token));',
    replace: 'this.#writes.append(operations, mark, () => undefined); this.#raft.persisted(request.token);',
  }),
  mutant('a term is told before it is synced', 20, {
    find: 'this.#promiseToken = this.#nextToken;',
    replace: 'if (hardState.vote !== undefined) this.#promiseToken = this.#nextToken;',
  }),
  mutant('a second vote in a term', 20, {
    find: 'if (statement.term === term && vote !== undefined) return !sameRequest(vote, statement);',
    replace: '',
  }),
  mutant('a new term forgets the highest ack', 60, {
    find: 'this.#promise({ term, ...(ack && { ack }) });',
    replace: 'this.#promise(ack === undefined ? { term } : { term });',
  }),
  mutant('a batch counts as synced when its mark is', 20, {
    find: 'this.#store.write(operations, settle);\n      this.#markFile.write(mark, settle);',
    replace: 'this.#store.write(operations, () => undefined);\n      this.#markFile.write(mark, finish);',
  }),
  mutant('what a crash left in the mark file is not written again', 300, {
    find: 'this.#redo = verdict.redo;',
    replace: 'this.#redo = undefined;',
  }),
  mutant(
    'a lost end of the database is neither noticed nor asked about',
    200,
    {
      find: 'if (number > scan.last) return { mark, redo: undefined, lost: true };',
      replace: 'if (number > scan.last) return { mark, redo: undefined, lost: false };',
    },
    { find: 'if (tripwire.passedUnder === configuration) return true;', replace: 'return true;' },
  ),
  // Elections and terms.
  mutant('votes and PreVotes ignore the log', 20, {
    find: 'return comparePlaces(tip, core.log.tip) >= 0 && !isBelowRecovery(core, tip) && !contradictsCertified(core, tip);',
    replace: 'return tip.height >= 0;',
  }),
  mutant(
    'a term begins without its certificate',
    20,
    {
      find: '...(isFirstOfTerm(core) && core.termCertificate && { term: core.termCertificate }),',
      replace: '',
    },
    {
      find: "if (termCertificate === undefined) return 'term-certificate-missing';",
      replace: 'if (termCertificate === undefined) return undefined;',
    },
  ),
  mutant(
    'a restarted leader goes on in its term',
    200,
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
  mutant(
    'a leader that hears nobody stays',
    250,
    {
      find: 'if (countPeers(core, leadership, isWilling) < majority) {',
      replace: 'if (countPeers(core, leadership, isWilling) < 0) {',
    },
    { find: 'return agreeing >= electorateOf(configurationAtTip(core)).majority;', replace: 'return agreeing >= 0;' },
  ),
  // Counting.
  mutant('half of the voters are a majority', 60, {
    find: 'majority: Math.floor(voters.length / 2) + 1,',
    replace: 'majority: Math.ceil(voters.length / 2),',
  }),
  mutant('one ack less certifies', 20, {
    find: 'if (chosen.length < majority) return undefined;',
    replace: 'if (chosen.length < Math.max(1, majority - 1)) return undefined;',
  }),
  mutant('a learner votes', 100, {
    find: "configuration.nodes.filter((node) => node.role === 'voter').map",
    replace: 'configuration.nodes.map',
  }),
  mutant(
    'blocks of an older term are acked and counted',
    20,
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
  // The chain and its commits.
  mutant(
    'a branch of the same or a lower term replaces the tail',
    1_500,
    {
      find: 'if (last.block.term <= log.tip.term) return;',
      replace: '',
    },
    {
      find: 'blocks.some(({ block }) => block.term > core.log.tip.term)',
      replace: 'blocks.length > 0',
    },
  ),
  mutant('an append cuts off what it does not cover', 20, {
    find: 'const outcome = stageBlocks(core, previous, blocks, append.term);',
    replace:
      'const outcome = stageBlocks(core, previous, blocks, append.term); const end = blocks.at(-1); if (end !== undefined && end.height < core.log.tip.height && core.log.has(end.height, end.hash)) { for (const { hash } of core.log.truncateAbove(end.height)) core.effects.abandoned.push(hash); core.persistence.truncateAbove(end.height); }',
  }),
  mutant('what was lost on the way is not sent again', 200, {
    find: 'else if (peer.matchHeight === peer.matchAtHeartbeat) peer.probeDue = true;',
    replace: '',
  }),
  mutant('a block is acked before it is executed', 20, {
    find: "staged.state = 'executing';\n    staged.asCertified",
    replace: "staged.state = 'executed';\n    staged.asCertified",
  }),
  mutant('a block commits once it is durable here', 20, {
    find: 'const until = Math.min(core.certifiedHeight, core.log.durableHeight);',
    replace: 'const until = core.log.durableHeight;',
  }),
  mutant('a certificate commits whatever block stands at its height', 20, {
    find: 'if (block !== undefined && isAckOf(certificate.ack, block)) {',
    replace: 'if (block !== undefined) {',
  }),
  mutant(
    'a commit settles before it is durable',
    20,
    { find: 'this.#ledger.settle(block.hash);\n      this.#onSettled(block, receipts);', replace: '' },
    {
      find: 'const { operations, receipts } = this.#ledger.commit(block.hash);',
      replace:
        'const { operations, receipts } = this.#ledger.commit(block.hash); this.#ledger.settle(block.hash); this.#onSettled(block, receipts);',
    },
  ),
  mutant('a restart applies the last block again', 20, {
    find: 'committedHeight: options.ledger.applied.height,',
    replace: 'committedHeight: Math.max(0, options.ledger.applied.height - 1),',
  }),
  // Execution.
  mutant('execution differs between nodes', 20, {
    find: 'const idBuckets = this.#closeBuckets();',
    replace:
      "const idBuckets = this.#closeBuckets(); if (this.#transactions.length > 2) this.#state.set('sim/drift', Uint8Array.of((globalThis as { drift?: number }).drift = ((((globalThis as { drift?: number }).drift ?? 0) + 1) & 0xff)));",
  }),
  mutant(
    'execution differs and no root is compared',
    20,
    {
      find: 'const idBuckets = this.#closeBuckets();',
      replace:
        "const idBuckets = this.#closeBuckets(); if (this.#transactions.length > 2) this.#state.set('sim/drift', Uint8Array.of((globalThis as { drift?: number }).drift = ((((globalThis as { drift?: number }).drift ?? 0) + 1) & 0xff)));",
    },
    { find: 'if (difference !== undefined) return refuse(difference);', replace: '' },
  ),
  mutant('what is written is not what was hashed', 20, {
    find: 'timestamp } = this.#context;\n    const receipts',
    replace:
      "timestamp } = this.#context;\n    if (height === 5) this.#state.set('sim/drift', Uint8Array.of(1));\n    const receipts",
  }),
  mutant('a refused transaction keeps its writes', 20, {
    find: 'if (result.ok) this.#keep(state);',
    replace: 'this.#keep(state);',
  }),
  mutant(
    'executed ids are not looked up',
    20,
    {
      find: 'this.#parent.hasExecuted(transaction)',
      replace: 'false',
    },
    {
      find: 'if (receipt !== undefined) {',
      replace: 'if (receipt !== undefined && receipt.height < 0) {',
    },
  ),
  mutant('a restart forgets the recent ids', 20, {
    find: 'validUntilMs <= this.#sinceMs + this.#windowMs || ',
    replace: '',
  }),
  // Time.
  mutant(
    'expired transactions are executed',
    20,
    { find: "if (transaction.validUntil < timestamp) return 'expired';", replace: '' },
    { find: "assert(!touched.has(minute), 'a transaction is executed within its window');", replace: '' },
  ),
  mutant(
    'time goes back along the chain',
    20,
    { find: 'Math.max(nowMs, (this.#ledger.timestampOf(parent.hash) ?? 0) + 1);', replace: 'nowMs;' },
    { find: "if (header.timestamp <= parent.facts.timestamp) return refuse('timestamp');", replace: '' },
    { find: "assert(context.timestamp > parent.facts.timestamp, 'time goes forward along a chain');", replace: '' },
  ),
  mutant(
    'nobody looks at the clock',
    400,
    { find: "if (aheadMs > clockAheadMsMax) return { ok: false, reason: 'clock-ahead' };", replace: '' },
    { find: 'return agreeing >= electorateOf(configurationAtTip(core)).majority;', replace: 'return agreeing >= 0;' },
  ),
  // Reads.
  mutant(
    'a read is answered without asking a majority',
    300,
    { find: 'return rounds[majority - 1] ?? 0;', replace: 'return Number.POSITIVE_INFINITY;' },
    // Stays leader until it hears of another: most reads of a deposed leader fall into that time.
    {
      find: 'if (countPeers(core, leadership, isWilling) < majority) {',
      replace: 'if (countPeers(core, leadership, isWilling) < 0) {',
    },
    { find: 'return agreeing >= electorateOf(configurationAtTip(core)).majority;', replace: 'return agreeing >= 0;' },
  ),
  mutant('a new leader answers reads before its own term is certified', 300, {
    find: 'const height = isReady ? core.certifiedHeight : undefined;',
    replace: 'const height = core.certifiedHeight;',
  }),
  mutant('a follower reads what it has', 40, {
    find: "send(core, core.leader, { type: 'read-index-request', context });",
    replace: 'core.effects.reads.push({ context, height: 0 });',
  }),
  mutant(
    'a decision is made on what is not certified',
    40,
    {
      find: 'return certifiedHeight > height ? log.tipAt(certifiedHeight) : undefined;',
      replace: 'return certifiedHeight >= 0 && log.tip.height > height ? log.tip : undefined;',
    },
    { find: "assert(point !== kept, 'a certified block never leaves the chain');", replace: '' },
  ),
  mutant('a read does not wait until its height is applied', 40, {
    find: 'const isThere = ({ state }: Reader): boolean => height <= heights[state]();',
    replace: 'const isThere = ({ state }: Reader): boolean => height >= 0 || heights[state]() < 0;',
  }),
  mutant('a read joins a question that was asked before it came', 40, {
    find: 'this.#next.push({ state, done, deadline: this.#ticks + this.#waitTicks });',
    replace:
      'const reader = { state, done, deadline: this.#ticks + this.#waitTicks }; const [asked] = this.#asked; if (asked === undefined) this.#next.push(reader); else this.#asked.set(asked[0], [...asked[1], reader]);',
  }),
  // What clients are told.
  mutant('clients are told when a block is sealed', 20, {
    find: 'this.#pool.place(toHex(draft.hash), draft.transactions);',
    replace:
      'this.#pool.place(toHex(draft.hash), draft.transactions); for (const [index, { id, idHex }] of draft.transactions.entries()) this.#pool.commit(idHex, { id, height, index, timestamp: draft.header.timestamp, blockHash: draft.hash, result: { ok: true, output: null } });',
  }),
  mutant('a submitter is answered from an uncommitted block', 100, {
    find: 'return this.#applied.committed.receipt(transaction);',
    replace:
      'for (const point of this.#points.values()) { const executed = point === this.#applied ? undefined : point.changes.receipts.find(({ id }) => toHex(id) === transaction.idHex); if (executed !== undefined) return executed; } return this.#applied.committed.receipt(transaction);',
  }),
  mutant("a node's own clock says that a window has passed", 20, {
    find: 'this.#pool.expire(this.#ledger.applied.timestamp);\n    });',
    replace: 'this.#pool.expire(this.#options.clock.nowMs());\n    });',
  }),
  ...leaseMutants,
  ...membershipMutants,
  ...snapshotMutants,
];
