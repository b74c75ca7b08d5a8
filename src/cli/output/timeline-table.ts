import type { TimelineRow } from '../../demo/index.ts';
import type { Style } from './style.ts';
import { clean, table } from './table.ts';

/** Rows of a timeline; each may say whose it is. */
export function timelineTable(style: Style, rows: readonly (TimelineRow & { readonly patient?: string })[]): string {
  if (rows.length === 0) return 'Nothing is anchored.';
  const several = new Set(rows.map(({ patient }) => patient)).size > 1;
  const columns = ['date of care', 'type', 'what', 'custodian', 'place', ...(several ? ['patient'] : [])];
  return table(
    style,
    columns,
    rows.map(({ date, resourceType, title, domain, place, patient }) => [
      date?.slice(0, 16).replace('T', ' ') ?? '',
      resourceType ?? style.faint('sealed'),
      clean(title ?? ''),
      domain,
      style.faint(clean(place ?? '')),
      clean(patient ?? ''),
    ]),
  );
}
