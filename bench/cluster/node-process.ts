import { present } from '../../src/base/index.ts';
import { superviseNode } from '../../src/node/index.ts';

/* One node: the production daemon on a configuration file. Tells its parent when it runs, and ends when that is gone. */

const configFile = present(process.argv[2], 'the configuration file is the first argument');
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
try {
  await superviseNode(configFile, process, ({ nodeId, apiUrl }) => process.send?.({ nodeId, apiUrl }));
} catch (error) {
  console.error(error);
  process.exit(1);
}
