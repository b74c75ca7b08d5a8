import type { ConfigurationPage } from '../../api/index.ts';
import { AssentError, present, toHex } from '../../base/index.ts';
import { encodeHistory } from '../../verify/index.ts';
import type { AnswerOf, InputOf } from '../queries/query.ts';
import type { ConfigurationHistories } from '../replica/index.ts';

type Known = Pick<ConfigurationHistories, 'known' | 'after'>;

export function configurationPage({ known }: Known, { from, limit }: InputOf<'configurations'>): ConfigurationPage {
  const found = known.filter(({ height }) => height >= from);
  const next = found[limit]?.height;
  const configurations = found.slice(0, limit).map(({ height, configuration, change }) => ({
    height,
    id: toHex(configuration.hash),
    generation: configuration.generation,
    nodes: configuration.nodes.map(({ id, role }) => ({ nodeId: id, role })),
    change: change === undefined ? null : { step: change.step, nodeId: change.nodeId },
  }));
  return { configurations, ...(next !== undefined && { next }) };
}

/** Throws `not-found`. */
export function historyAnswer(histories: Known, { after }: InputOf<'history'>): AnswerOf<'history'> {
  const history = histories.after(after);
  if (history === undefined)
    throw new AssentError('not-found', `This node knows of no change of the configuration in block ${after}.`);
  const { known } = histories;
  const index = known.findIndex(({ height }) => height === after);
  const end = present(known[index + history.steps.length], 'every step has its configuration');
  const bytes = encodeHistory(history);
  return known.at(-1) === end ? { bytes } : { bytes, next: end.height };
}
