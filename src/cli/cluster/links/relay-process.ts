import { AssentError, messageOf } from '../../../base/index.ts';
import { readCluster } from '../cluster-file.ts';
import { serveControl } from './control.ts';
import { Relay } from './relay.ts';

/*
 * The process through which the nodes of a local cluster are linked. Its argument is the cluster's directory. SIGTERM
 * ends it; it ends by itself when the cluster has gone.
 */

const lookEveryMs = 2000;

const [directory = ''] = process.argv.slice(2);
try {
  const links = readCluster(directory)?.links ?? null;
  if (links === null) throw new AssentError('configuration-invalid', `The cluster in ${directory} has no links.`);
  const relay = new Relay(links.routes);
  await relay.listen();
  // The last: who is answered here can use the links.
  await serveControl(relay, links.controlPort);
  setInterval(() => {
    if ((readCluster(directory)?.links ?? null) === null) process.exit(0);
  }, lookEveryMs);
} catch (error) {
  process.stderr.write(`assent: ${messageOf(error)}\n`);
  process.exit(1);
}
