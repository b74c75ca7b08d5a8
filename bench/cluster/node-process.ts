import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { RunningNode } from '../../src/node/index.ts';
import type { AdvanceMessage } from './cluster.ts';

/*
 * One node: the production daemon on a configuration file. Tells its parent when it runs, and ends when that is gone. As
 * bin/assent.js does, it keeps what was compiled once. Its clock can be moved on.
 */

enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'assent'));
const { superviseNode, systemClock } = await import('../../src/node/index.ts');

const [, , configFile = ''] = process.argv;
let aheadMs = 0;
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
process.on('message', ({ advanceMs }: AdvanceMessage) => {
  aheadMs += advanceMs;
});
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
try {
  const started = ({ nodeId, apiUrl }: RunningNode): unknown => process.send?.({ nodeId, apiUrl });
  await superviseNode(configFile, process, started, undefined, clock);
} catch (error) {
  console.error(error);
  process.exit(1);
}
