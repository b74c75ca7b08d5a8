import type { StreamEntry } from '../../api/index.ts';
import type { Context } from '../context.ts';
import { facts, table } from '../output/table.ts';
import { shortHash, shortNodeId, timeText } from '../output/words.ts';
import type { Report } from '../session.ts';

/** What members have set together. */
export async function settings(context: Context): Promise<Report> {
  const { style } = context;
  const view = await context.client().governance();
  const parameters = table(
    style,
    ['parameter', 'value', '', 'from', 'to', 'unit'],
    view.parameters.map(({ parameter, value, isDefault, min, max, unit }) => {
      return [parameter, String(value), isDefault ? 'default' : '', String(min), String(max), unit];
    }),
  );
  const roles = table(
    style,
    ['role', 'issued by'],
    view.roles.map(({ role, issuers }) => [
      role,
      issuers === undefined ? 'every member' : issuers.join(', ') || 'nobody',
    ]),
  );
  const rules = table(
    style,
    ['rules', 'from block'],
    view.ruleSets.map(({ ruleSet, height }) => [ruleSet, String(height)]),
  );
  const head = facts(style, [['members that decide', String(view.threshold)]]);
  return { json: view, text: [head, parameters, roles, rules].join('\n\n') };
}

const historyMax = 10_000;

/** All that members proposed, voted on and did to nodes of their own, oldest first. */
export async function history(context: Context): Promise<Report> {
  const entries: StreamEntry[] = [];
  for await (const entry of context.client().governanceHistory()) {
    entries.push(entry);
    if (entries.length === historyMax) break;
  }
  const rows = entries.map(({ height, entry }) => {
    const { at, type, proposal, proposer, member, state, nodeKey, approve, action } = entry as Record<string, unknown>;
    const what = proposal === undefined ? `…${shortNodeId(String(nodeKey))}` : shortHash(String(proposal));
    const how = type === 'vote-cast' ? (approve === true ? 'for' : 'against') : String(action ?? '');
    return [
      String(height),
      timeText(Number(at)),
      String(type),
      what,
      String(proposer ?? member),
      how,
      String(state ?? ''),
    ];
  });
  const text = table(context.style, ['block', 'time', 'what', 'about', 'by', '', 'then'], rows);
  return { json: { entries }, text: rows.length === 0 ? 'Nobody has proposed anything yet.' : text };
}
