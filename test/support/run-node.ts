/** Runs the node of the configuration file that is named first, as `assent start` does; with `throw`, a bug follows. */
import { superviseNode } from '../../src/node/index.ts';

const [, , configFile = '', mishap] = process.argv;

await superviseNode(configFile, process, ({ apiUrl }) => {
  process.stdout.write(`${apiUrl}\n`);
  if (mishap === 'throw') {
    setImmediate(() => {
      throw new TypeError('a bug that nobody caught');
    });
  }
});
