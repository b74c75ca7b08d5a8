import type { AuditProgress, AuditVerdict } from '../../node/index.ts';
import type { Report } from '../session.ts';
import type { Style } from './style.ts';
import { facts } from './table.ts';
import { countText, timeText } from './words.ts';

/** What stands beside the bar of an audit. */
export function auditDetail({ height, transactions }: AuditProgress, startedMs: number): string {
  const seconds = (performance.now() - startedMs) / 1000;
  return `block ${height}, ${Math.round(transactions / seconds)} transactions/s`;
}

/** What an audit came to, and what it looked at. */
export function auditReport(style: Style, verdict: AuditVerdict, durationMs: number): Report {
  const { ledgerId, height, headHash, timestamp, certifiedHeight, transactions, configurationChanges } = verdict;
  const rate = Math.round((1000 * transactions) / durationMs);
  const checked = checkedOf(verdict);
  const json = { verified: true, ...verdict, checked, durationMs: Math.round(durationMs), transactionsPerSecond: rate };
  const report = facts(style, [
    ['ledger', ledgerId],
    ['source', verdict.source],
    ['head', headHash],
    ['state root', verdict.stateRoot],
    ['transactions', transactions === 0 ? 'none' : `${transactions}, ${rate} a second`],
    ['configurations', countText(configurationChanges, 'change')],
    ['stored', verdict.storedEntries === undefined ? undefined : countText(verdict.storedEntries, 'entry', 'entries')],
    ['checked', checked.join('; ')],
  ]);
  const open = height - certifiedHeight;
  const tail =
    open === 0
      ? ''
      : ` ${countText(open, 'block')} above ${certifiedHeight} ${open === 1 ? 'is' : 'are'} not certified here: another may take ${open === 1 ? 'its' : 'their'} place.`;
  const { since } = verdict;
  const from =
    since === undefined
      ? `from the genesis ${ledgerId.slice(0, 12)}`
      : `from the checkpoint of block ${since.checkpointHeight}, ${since.checkpointHash.slice(0, 12)}`;
  const asOf = `as of block ${height}, ${timeText(timestamp)}, ${from}`;
  return { json, text: `${style.good('Verified')}, ${asOf}.${tail}\n\n${report}` };
}

function checkedOf(verdict: AuditVerdict): readonly string[] {
  const { storedEntries, unsignedHeaders, signaturesChecked, transactions, since } = verdict;
  const isSample = signaturesChecked < transactions;
  // Below, whose results the snapshot's state holds, nothing is executed.
  const executed = since === undefined ? '' : ` above block ${since.executedAbove}`;
  return [
    since === undefined
      ? 'form, hash and parent of every block'
      : `form, hash and parent of every block above ${since.checkpointHeight}`,
    unsignedHeaders === 0
      ? 'the signature of every header'
      : `of headers no signature of ${unsignedHeaders}, which are not there`,
    isSample
      ? `the signatures of ${signaturesChecked} of ${transactions} transactions: who sent the others was not checked`
      : `the signature of every transaction${executed}`,
    'every certificate and configuration',
    `the execution of every transaction${executed}, and all roots`,
    ...(storedEntries === undefined ? [] : ['all that the node keeps beside its blocks']),
    ...(since === undefined
      ? []
      : [
          `of the blocks up to ${since.executedAbove} no transaction, and nothing that the node keeps of them: what is said of transactions holds from block ${since.executedAbove + 1} on`,
        ]),
  ];
}
