import type { DemoStory, StoryStep } from '../../demo/index.ts';
import { accessLogTable } from '../output/access-table.ts';
import { paintDecision, type Style } from '../output/style.ts';
import { clean } from '../output/table.ts';
import { timelineTable } from '../output/timeline-table.ts';
import { countText, shortHash } from '../output/words.ts';
import type { DemoOutcome } from './run-demo.ts';

/** What settled a decision, as a person would say it. */
const reasons: Readonly<Record<string, string>> = {
  gate: 'no credential in force for this role and purpose',
  deny: 'a consent refuses it',
  permit: 'a consent permits it',
  'weak-deny': 'a consent permits something else, not this',
  'implicit-policy': "no consent speaks, and the domain's policy decides",
  undecided: 'what is sealed leaves it open, and open means no',
  'break-glass': 'an emergency was declared; it will be reviewed',
};

/** Timelines of real people are long; the story shows their end. */
const timelineRowsMax = 15;

/** The demo as a person reads it: what was taken in, what happened, what the patient sees. */
export function demoText(style: Style, outcome: DemoOutcome, nowMs: number): string {
  const { summary, story, source } = outcome;
  const records = source === undefined ? "the hospitals' records" : `the records in ${source}`;
  const parts = [
    `${style.strong('Records.')} Of ${records}, ${countText(summary.anchored, 'entry', 'entries')} of ${countText(summary.patients, 'patient')} ${summary.anchored === 1 ? 'was' : 'were'} anchored now, ${summary.skipped} before. The ledger holds salted commitments only; what opens them is in the keystore.`,
    `${countText(summary.credentials, 'agent')} hold credentials. The custodian holds the keys of these patients for them, and the ledger says so.`,
  ];
  parts.push(
    story === undefined
      ? 'There is no record for an emergency in it, so no story was played.'
      : storyText(style, story, nowMs),
  );
  return parts.join('\n\n');
}

function storyText(style: Style, { patient, domain, steps, timeline, accessLog }: DemoStory, nowMs: number): string {
  const title = clean(patient.title);
  const shown = timeline.slice(-timelineRowsMax);
  const omitted = timeline.length - shown.length;
  const earlier = omitted > 0 ? style.faint(`  … ${countText(omitted, 'earlier entry', 'earlier entries')}\n`) : '';
  return [
    `${style.strong('An emergency')} at ${domain}:`,
    steps.map((step, place) => stepText(style, step, place + 1)).join('\n'),
    `${style.strong(`The timeline of ${title}`)}, opened with the keystore:`,
    earlier + timelineTable(style, shown),
    `${style.strong(`Who looked at the record of ${title}`)}, denials included:`,
    accessLogTable(style, accessLog, nowMs),
  ].join('\n\n');
}

function stepText(style: Style, step: StoryStep, number: number): string {
  const { who, what, decision, code, transactionId } = step;
  const place = transactionId === undefined ? '' : style.faint(`  tx ${shortHash(transactionId)}`);
  const line = `  ${number}. ${clean(who)} ${clean(what)}.${decision === undefined ? place : ''}`;
  if (decision === undefined) return line;
  const reason = code === undefined ? '' : `: ${reasons[code] ?? code}`;
  return `${line}\n     ${paintDecision(style, decision)}${reason}.${place}`;
}

/** What a person can do after the demo. */
export function nextSteps(style: Style, outcome: DemoOutcome, program: string): string {
  const { story } = outcome;
  const patient = story?.patient.key ?? 'PATIENT';
  const read = story?.steps.find(({ step }) => step === 'ask')?.transactionId;
  const commands: (readonly [string, string])[] = [
    [`${program} status`, 'the node and its peers'],
    [`${program} cluster kill leader`, 'the ledger goes on with the other two'],
    [`${program} record timeline ${patient}`, 'one person, in order of date'],
    [`${program} access log ${patient}`, 'everybody who asked'],
    [`${program} access overdue`, 'broken glasses that nobody reviewed in time'],
    ...(read === undefined
      ? []
      : [[`${program} tx explain ${shortHash(read)}`, 'the first request, rule by rule'] as const]),
    [`${program} block tail`, 'blocks as they are committed'],
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    style.strong('Try next, in another terminal:'),
    ...commands.map(([command, what]) => `  ${command.padEnd(width)}  ${style.faint(what)}`),
  ].join('\n');
}
