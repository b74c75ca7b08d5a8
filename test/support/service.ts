import type { LedgerReading, NodeService } from '../../src/api/server/index.ts';
import { AssentError } from '../../src/base/index.ts';

/** What of a node a test says; undefined is said, too. */
export type Answers = {
  readonly [Name in keyof (NodeService & LedgerReading)]?: (NodeService & LedgerReading)[Name] | undefined;
};

/** A node of which a test says only what it needs: at block 3, and any consistency is to be had. */
export function nodeWith(answers: Answers): NodeService {
  const readPoint = { height: 3, timestamp: 1_700_000_000_123 };
  const said = { readPoint, read: () => node, ...answers };
  const node: NodeService & LedgerReading = new Proxy(said, {
    get: (target, name) =>
      name in target
        ? Reflect.get(target, name)
        : () => {
            throw new AssentError('not-found', `nobody expected ${String(name)}`);
          },
  }) as NodeService & LedgerReading;
  return node;
}
