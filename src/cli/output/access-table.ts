import type { AccessRow } from '../../demo/index.ts';
import { paintDecision, type Style } from './style.ts';
import { clean, table } from './table.ts';
import { relativeText, shortDid, shortHash, whenText } from './words.ts';

/** A subject's access log, oldest first. */
export function accessLogTable(style: Style, rows: readonly AccessRow[], nowMs: number): string {
  if (rows.length === 0) return 'Nobody has asked for anything.';
  return table(
    style,
    ['when', 'who', 'organisation', 'purpose', 'decision', 'because', 'what', 'tx'],
    rows.map((row) => [
      whenText(row.at, nowMs),
      clean(row.who.startsWith('did:') ? shortDid(row.who) : row.who),
      row.organisation,
      row.purpose ?? '',
      row.kind === 'glass-broken' ? style.warning('broke the glass') : paintDecision(style, row.decision ?? ''),
      row.code ?? glassText(row, nowMs),
      clean(row.what ?? ''),
      shortHash(row.transactionId),
    ]),
  );
}

function glassText({ categories = [], expiresAt = 0 }: AccessRow, nowMs: number): string {
  const end =
    expiresAt > nowMs ? `ends ${relativeText(expiresAt - nowMs)}` : `ended ${relativeText(expiresAt - nowMs)}`;
  return `${categories.join(', ')}; ${end}`;
}
