import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/*
 * One node: the production daemon on a configuration file. Tells its parent when it runs, and ends when that is gone. As
 * bin/assent.js does, it keeps what was compiled once.
 */

enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'assent'));
const { superviseNode } = await import('../../src/node/index.ts');

const [, , configFile = ''] = process.argv;
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
try {
  await superviseNode(configFile, process, ({ nodeId, apiUrl }) => process.send?.({ nodeId, apiUrl }));
} catch (error) {
  console.error(error);
  process.exit(1);
}
