import type { BlockSummary, BlockTransaction, TransactionView } from '../../api/index.ts';
import { toHex } from '../../base/index.ts';
import { encodeDid, encodeNodeId } from '../../crypto/index.ts';
import type { BlockHeader, UnverifiedTransaction } from '../../ledger/index.ts';
import type { ResultCode } from '../queries/query.ts';
import type { RulesJson } from '../rules.ts';

/* JSON forms of what the ledger keeps. Hashes and keys as lower-case hexadecimal, senders as DIDs, proposers as node ids. */

export function blockSummary(header: BlockHeader, hash: string): BlockSummary {
  return {
    hash,
    version: 1,
    ledgerId: toHex(header.ledgerId),
    height: header.height,
    term: header.term,
    parentHash: toHex(header.parentHash),
    timestamp: header.timestamp,
    proposer: encodeNodeId(header.proposer),
    transactionsRoot: toHex(header.transactionsRoot),
    transactionCount: header.transactionCount,
    resultsRoot: toHex(header.resultsRoot),
    stateRoot: toHex(header.stateRoot),
    historyRoot: toHex(header.historyRoot),
    configurationHash: toHex(header.configurationHash),
    justificationHash: toHex(header.justificationHash),
  };
}

export function blockTransaction(transaction: UnverifiedTransaction, result: ResultCode | null): BlockTransaction {
  return { id: transaction.idHex, kind: transaction.kind, sender: encodeDid(transaction.sender), result };
}

export function transactionView(transaction: UnverifiedTransaction, rules: RulesJson): TransactionView {
  const { kind, sender, validUntil, payload } = transaction;
  return { kind, sender: encodeDid(sender), validUntil, payload: rules.payloadToJson(kind, payload) };
}
