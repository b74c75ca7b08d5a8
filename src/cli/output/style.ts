import type { TextStream } from '../shell.ts';

type Paint = (text: string) => string;

/** How text is set off. Colours only on a terminal, and not where NO_COLOR is set (no-color.org). */
export interface Style {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
}

const plain: Paint = (text) => text;
export const plainStyle: Style = { strong: plain, faint: plain, good: plain, bad: plain, warning: plain };

const colouredStyle: Style = {
  strong: ansi(1, 22),
  faint: ansi(2, 22),
  good: ansi(32, 39),
  bad: ansi(31, 39),
  warning: ansi(33, 39),
};

export function styleFor(stream: TextStream, environment: Readonly<Record<string, string | undefined>>): Style {
  const wanted = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return wanted ? colouredStyle : plainStyle;
}

/** The style for a decision or a result: permits are good, everything else is not. */
export function paintDecision(style: Style, decision: string): string {
  if (decision === 'permit') return style.good(decision);
  return decision.startsWith('permit') ? style.warning(decision) : style.bad(decision);
}

function ansi(on: number, off: number): Paint {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}
