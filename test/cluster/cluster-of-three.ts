import { afterAll, beforeAll } from 'vitest';
import { present } from '../../src/base/index.ts';
import type { Home } from '../../src/demo/index.ts';
import { LocalCluster } from './support.ts';

/** Three real nodes, and the keys of their consortium. */
export interface ClusterOfThree {
  readonly cluster: LocalCluster;
  readonly home: Home;
}

/**
 * For the tests of the file, or of the group, that this is called in: up before the first, gone after the last. Nothing of
 * it can be used before. `args`: more options of `cluster up`.
 */
export function clusterOfThree(...args: readonly string[]): ClusterOfThree {
  const cluster = new LocalCluster();
  let opened: Home | undefined;
  beforeAll(async () => {
    await cluster.bringUp(...args);
    opened = await cluster.home();
  });
  afterAll(async () => {
    opened?.keystore.close();
    await cluster.remove();
  });
  return { cluster, home: lateHome(() => present(opened, 'the cluster is up')) };
}

function lateHome(opened: () => Home): Home {
  return {
    get keystore() {
      return opened().keystore;
    },
    get ledger() {
      return opened().ledger;
    },
    get ledgerId() {
      return opened().ledgerId;
    },
    get clock() {
      return opened().clock;
    },
    get random() {
      return opened().random;
    },
    get createSigner() {
      return opened().createSigner;
    },
  };
}
