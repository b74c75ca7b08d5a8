import { routes } from '../../api/index.ts';
import { AssentError, errorTable } from '../../base/index.ts';
import type { Nodes } from './nodes.ts';
import { pause, readAnywhere } from './read.ts';

const pollMs = 100;
const answerMs = 2000;

/** Waits until a node says that submissions can be committed. Throws what was wrong last, after `timeoutMs`. */
export async function waitForReady(
  nodes: Nodes,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<void> {
  const { clock } = nodes;
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    const remainingMs = deadline - clock.monotonicMs();
    const options = { timeoutMs: Math.max(1, Math.min(remainingMs, answerMs)), ...(signal && { signal }) };
    try {
      await readAnywhere(nodes, routes.readyz, {}, {}, options);
      return;
    } catch (thrown) {
      const passing =
        thrown instanceof AssentError && (errorTable[thrown.code].exitCode === 3 || thrown.code === 'reply-invalid');
      if (!passing || deadline - clock.monotonicMs() <= pollMs || signal?.aborted) throw thrown;
    }
    await pause(clock, pollMs, signal);
  }
}
