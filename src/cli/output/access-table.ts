import type { AccessRow } from '../../demo/index.ts';
import { paintDecision, type Style } from './style.ts';
import { clean, table } from './table.ts';
import { relativeText, shortDid, shortHash, timeText, whenText } from './words.ts';

/** A subject's access log, oldest first. */
export function accessLogTable(style: Style, rows: readonly AccessRow[], nowMs: number): string {
  if (rows.length === 0) return 'Nobody has asked for anything.';
  return table(
    style,
    [{ title: '#', align: 'right' }, 'when', 'who', 'organisation', 'purpose', 'decision', 'because', 'what', 'tx'],
    rows.map((row) => [
      `${row.place}`,
      whenText(row.at, nowMs),
      clean(row.who.startsWith('did:') ? shortDid(row.who) : row.who),
      row.organisation ?? '',
      row.purpose ?? '',
      decisionText(style, row),
      row.code ?? (row.kind === 'glass-broken' ? glassText(row, nowMs) : ''),
      clean(row.what ?? ''),
      shortHash(row.transactionId),
    ]),
  );
}

function decisionText(style: Style, { kind, decision = '', about, outcome = '', occurredAt = 0 }: AccessRow): string {
  switch (kind) {
    case 'decision':
      return paintDecision(style, decision);
    case 'glass-broken':
      return style.warning('broke the glass');
    case 'access-recorded-late':
      return `${paintDecision(style, decision)} at ${timeText(occurredAt)}, recorded late`;
    case 'entry-corrected':
      return outcome === 'wrong-subject' ? `#${about} was not about this person` : `#${about} corrected: ${outcome}`;
    case 'glass-reviewed':
      return `#${about} reviewed: ${outcome}`;
    case 'entry-disputed':
      return `#${about} disputed`;
    case 'dispute-answered':
      return `#${about} answered: ${outcome}`;
  }
}

function glassText({ categories = [], expiresAt = 0 }: AccessRow, nowMs: number): string {
  const end =
    expiresAt > nowMs ? `ends ${relativeText(expiresAt - nowMs)}` : `ended ${relativeText(expiresAt - nowMs)}`;
  return `${categories.join(', ')}; ${end}`;
}
