import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../base/index.ts';
import { clusterKeystoreParts } from '../keys/open-keystore.ts';
import { clusterFileName, readCluster } from './cluster-file.ts';
import { relayLogName } from './links/launch-relay.ts';

/**
 * Deletes what this program made in a cluster's directory, and the directory when it made that and nothing else is in
 * it. `cluster.json` goes last: a deletion that was interrupted can be finished. Answers the names that were deleted.
 */
export function destroyCluster(directory: string): readonly string[] {
  const cluster = present(readCluster(directory), 'the caller looked for the cluster');
  const nodes = cluster.complete
    ? cluster.nodes.map(({ number }) => `node-${number}`)
    : readdirSync(directory).filter((name) => /^node-\d+$/.test(name));
  const parts = [...nodes, relayLogName, ...clusterKeystoreParts, clusterFileName].filter((name) =>
    existsSync(join(directory, name)),
  );
  for (const name of parts) rmSync(join(directory, name), { recursive: true, force: true });
  if (cluster.madeDirectory && readdirSync(directory).length === 0) rmdirSync(directory);
  return parts;
}
