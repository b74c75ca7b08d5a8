import { AssentError } from '../../base/index.ts';
import type { ReplaySource } from './source.ts';

/**
 * The first block at this time or later, found by halves: time goes forward along a chain. Above the head where there is
 * none. Without a time, the first block that can be replayed. Throws `history-not-kept` where earlier ones of the period
 * are gone.
 */
export async function firstBlockOf(
  source: Pick<ReplaySource, 'block'>,
  { pastFrom, head }: { readonly pastFrom: number; readonly head: number },
  from: number | undefined,
): Promise<number> {
  const first = pastFrom + 1;
  if (from === undefined) return first;
  const isBefore = async (height: number): Promise<boolean> => (await source.block(height)).header.timestamp < from;
  if (pastFrom > 0 && !(await isBefore(pastFrom)))
    throw new AssentError(
      'history-not-kept',
      `The period begins before block ${first}, the first that this node can replay.`,
      { pastFrom },
    );
  let [low, high] = [first, head + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
