import { toHex } from '../../base/index.ts';
import { encodeDid } from '../../crypto/index.ts';
import type { LogEntry, ProvedPlace, ProvedReceipt, Sighting } from '../../verify/index.ts';
import type { Style } from './style.ts';
import { clean, facts } from './table.ts';
import { countText, shortHash } from './words.ts';

/** Part of the time that a log is proved for; all of it unless stated. Milliseconds since the Unix epoch. */
export interface AskedTime {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The verdict as a document: hashes and bytes as hexadecimal. */
export function verdictJson(verdict: ProvedReceipt, asked: AskedTime): object {
  const { kind, asOf, anchor, certifiedBy } = verdict;
  return {
    verified: true,
    kind,
    asOf: placeJson(asOf),
    anchor: {
      type: anchor.type,
      ledgerId: toHex(anchor.ledgerId),
      ...(anchor.type === 'checkpoint' && placeJson(anchor)),
    },
    certifiedBy:
      certifiedBy === undefined
        ? null
        : {
            ...placeJson(certifiedBy),
            term: certifiedBy.term,
            generation: certifiedBy.generation,
            configuration: toHex(certifiedBy.configurationHash),
            signers: certifiedBy.signers,
            changes: certifiedBy.changes,
          },
    ...(verdict.witnesses !== undefined && { witnesses: verdict.witnesses.map(sightingJson) }),
    ...contentJson(verdict, asked),
  };
}

function contentJson(verdict: ProvedReceipt, asked: AskedTime): object {
  switch (verdict.kind) {
    case 'transaction': {
      const { id, index, transaction, result } = verdict;
      const { kind: transactionKind, sender, validUntil } = transaction;
      return {
        id: toHex(id),
        index,
        transaction: {
          kind: transactionKind,
          sender: encodeDid(sender),
          validUntil,
          bytes: toHex(transaction.bytes),
        },
        result: result.ok ? { ok: true } : result,
      };
    }
    case 'state':
      return { key: verdict.key, value: verdict.value === undefined ? null : toHex(verdict.value) };
    case 'consistency':
      return { older: placeJson(verdict.older) };
    case 'checkpoint':
      return { cosignatures: verdict.cosignatures.map(sightingJson) };
    default: {
      const { subject, from, to, size } = verdict;
      const entries = within(verdict.entries, asked).map(({ place, at, bytes }) => ({
        place,
        at,
        entry: toHex(bytes),
      }));
      return { subject: encodeDid(subject), from, to: to ?? null, size, entries };
    }
  }
}

/** One sentence that says as of when and from what, and the facts. */
export function verdictText(style: Style, verdict: ProvedReceipt, asked: AskedTime): string {
  const { asOf, anchor, certifiedBy } = verdict;
  const [sentence, rows] = contentText(verdict, asked);
  const from =
    anchor.type === 'genesis'
      ? `the genesis ${shortHash(toHex(anchor.ledgerId))}`
      : `the checkpoint of block ${anchor.height} ${shortHash(toHex(anchor.blockHash))}`;
  const report = facts(style, [
    ...rows,
    ['block', `${asOf.height} ${toHex(asOf.blockHash)}`],
    ['ledger', toHex(anchor.ledgerId)],
    [
      'certified by',
      certifiedBy &&
        `${countText(certifiedBy.signers.length, 'node')} in block ${certifiedBy.height}, ${countText(certifiedBy.changes, 'change')} of the nodes after what is pinned`,
    ],
    [
      'witnesses',
      verdict.witnesses && `${countText(verdict.witnesses.length, 'of those demanded', 'of those demanded')}`,
    ],
  ]);
  return `${style.good('Proved')}, as of block ${asOf.height}, ${timeText(asOf.time)}, from ${from}: ${sentence}\n\n${report}`;
}

type Rows = readonly (readonly [name: string, value: string | undefined])[];

function contentText(verdict: ProvedReceipt, asked: AskedTime): readonly [sentence: string, rows: Rows] {
  switch (verdict.kind) {
    case 'transaction': {
      const { transaction, result, index } = verdict;
      const outcome = result.ok ? 'was executed' : `was refused: ${clean(result.code)}`;
      const rows: Rows = [
        ['transaction', toHex(verdict.id)],
        ['kind', clean(transaction.kind)],
        ['sender', encodeDid(transaction.sender)],
      ];
      return [`the transaction is number ${index} of the block, and ${outcome}.`, rows];
    }
    case 'state': {
      const { key, value } = verdict;
      const rows: Rows = [
        ['key', clean(key)],
        ['value', value && toHex(value)],
      ];
      return [value === undefined ? 'the state has nothing under this key.' : 'the state has this value.', rows];
    }
    case 'consistency': {
      const { height, time, blockHash } = verdict.older;
      const rows: Rows = [['older block', `${height} ${toHex(blockHash)}`]];
      return [`block ${height}, ${timeText(time)}, and all before it stand in its history.`, rows];
    }
    case 'checkpoint': {
      const { cosignatures } = verdict;
      const rows = cosignatures.map(
        ({ witness, time }) => ['cosigned by', `${encodeDid(witness)}, ${timeText(time)} by its clock`] as const,
      );
      return [
        `the block is certified, and ${countText(cosignatures.length, 'witness', 'witnesses')} cosigned it.`,
        rows,
      ];
    }
    default: {
      const { subject, from, to, size } = verdict;
      const entries = within(verdict.entries, asked);
      const begin = Math.max(from, asked.from ?? 0);
      const end = asked.to ?? to;
      const range = `from ${begin === 0 ? 'its beginning' : timeText(begin)} to ${end === undefined ? 'its end' : timeText(end)}`;
      const rows: Rows = [
        ['subject', encodeDid(subject)],
        ['entries', `${entries.length} of ${size}`],
        ['places', entries.length === 0 ? undefined : `${entries[0]?.place} to ${entries.at(-1)?.place}`],
      ];
      return [`${countText(entries.length, 'entry', 'entries')} of the access log ${range}, and no others.`, rows];
    }
  }
}

function within(entries: readonly LogEntry[], { from = 0, to }: AskedTime): LogEntry[] {
  return entries.filter(({ at }) => at >= from && (to === undefined || at < to));
}

function sightingJson({ witness, time }: Sighting): object {
  return { witness: encodeDid(witness), time };
}

function placeJson({ height, time, blockHash }: ProvedPlace): object {
  return { height, time, hash: toHex(blockHash) };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
