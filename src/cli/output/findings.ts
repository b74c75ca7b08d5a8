import type { LintFinding } from '../../decision/index.ts';
import type { Report } from '../session.ts';
import type { Style } from './style.ts';
import { clean, table } from './table.ts';
import { countText } from './words.ts';

/** What a static check found; it exits with 1 where that is anything. */
export function findingsReport(style: Style, findings: readonly LintFinding[]): Report {
  if (findings.length === 0) return { json: { findings }, text: 'Nothing was found.' };
  const rows = findings.map(({ code, path, message }) => [code, clean(path), clean(message)]);
  const text = `${table(style, ['code', 'path', 'what'], rows)}\n\n${countText(findings.length, 'finding')}.`;
  return { json: { findings }, text, exitCode: 1 };
}
