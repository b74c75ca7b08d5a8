import type { NodeList } from '../../api/index.ts';
import { AssentError, errorTable } from '../../base/index.ts';
import { type AssentClient, webClock } from '../../client/index.ts';

/** The longest that a change of the nodes is waited for: catching up takes most of it. */
const changeMsMax = 10 * 60_000;
const pollMs = 100;

/** What is waited for. */
export interface Awaited {
  /** What is wrong when the time is up. */
  readonly sentence: string;
  /** Throws when there is nothing left to wait for. */
  readonly check?: () => void;
}

/**
 * Looks again and again until there is what it looks for; a ledger without a leader for a moment is asked again. Throws
 * `change-waiting` when the time is up.
 */
export async function untilSeen<T>({ sentence, check }: Awaited, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = webClock.monotonicMs() + changeMsMax;
  for (;;) {
    check?.();
    const found = await look().catch(unlessPassing);
    if (found !== undefined) return found;
    if (webClock.monotonicMs() > deadlineMs)
      throw new AssentError('change-waiting', `${sentence} within ${changeMsMax / 60_000} minutes.`);
    await new Promise<void>((resolve) => webClock.after(pollMs, resolve));
  }
}

/** Waits until the ledger's nodes are as `look` wants them. */
export function untilNodes(
  client: AssentClient,
  awaited: Awaited,
  look: (list: NodeList) => boolean | Promise<boolean>,
): Promise<NodeList> {
  return untilSeen(awaited, async () => {
    const list = await client.nodes();
    return (await look(list)) ? list : undefined;
  });
}

/** The role that a node has in the ledger now; undefined: none. */
export function roleIn({ nodes }: NodeList, nodeId: string): 'voter' | 'learner' | undefined {
  return nodes.find((node) => node.nodeId === nodeId)?.role;
}

/** Whether an approved change of the node waits. */
export function waitsFor({ waiting }: NodeList, nodeId: string): boolean {
  return waiting.some((change) => change.nodeId === nodeId);
}

function unlessPassing(thrown: unknown): undefined {
  // Exit code 3: no node took it now, and another moment may be better.
  if (thrown instanceof AssentError && (errorTable[thrown.code].exitCode === 3 || thrown.code === 'reply-invalid'))
    return undefined;
  throw thrown;
}
