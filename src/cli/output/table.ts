import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** An aligned table under a faint head; nothing for no rows. Cells may be styled. */
export function table(
  style: Style,
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
): string {
  const heads = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  const widths = heads.map(({ title }, place) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[place] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    heads
      .map(({ align }, place) => {
        const cell = cells[place] ?? '';
        const padding = ' '.repeat(Math.max(0, (widths[place] ?? 0) - widthOf(cell)));
        return align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [style.faint(line(heads.map(({ title }) => title))), ...rows.map(line)].join('\n');
}

/** Names and values under one another. What is undefined is left out. */
export function facts(style: Style, pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const shown = pairs.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  return shown.map(({ name, value }) => `${style.faint(name.padEnd(width))}  ${value}`).join('\n');
}

/** Text that came from elsewhere, safe on a terminal: control characters cannot move its cursor. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, '\ufffd');
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
