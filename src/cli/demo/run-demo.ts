import { AssentError } from '../../base/index.ts';
import {
  bundlesIn,
  type Delivery,
  type DemoReport,
  type DemoSummary,
  defaultDomain,
  type Home,
  playDemo,
} from '../../demo/index.ts';
import { consortiumIn, hasConsortium } from '../cluster/create.ts';
import type { Context } from '../context.ts';

export interface DemoOptions {
  /** A directory of FHIR R4 Bundles; absent: the consortium's own invented records. */
  readonly fhir?: string;
  /** The domain that takes the Bundles in; absent: the first whose keys are here. */
  readonly domain?: string;
}

export interface DemoOutcome extends DemoReport {
  readonly summary: DemoSummary;
  /** The directory that the records came from; undefined for invented ones. */
  readonly source: string | undefined;
}

/** How long a ledger may take until it takes work. */
const readyTimeoutMs = 30_000;

/** Imports records and plays the emergency against the ledger, with a progress bar. The keystore is free again after. */
export async function runDemo(context: Context, options: DemoOptions): Promise<DemoOutcome> {
  const source = options.fhir === undefined ? undefined : context.path(options.fhir);
  await context.client().waitForReady({ timeoutMs: readyTimeoutMs });
  const home = await context.home('write');
  const deliveries = await deliveriesOf(home, source, options.domain);
  const progress = context.progress('Anchoring records');
  try {
    const report = await playDemo(home, deliveries, ({ doneBytes, totalBytes, anchored, skipped, file }) =>
      progress.update(totalBytes === 0 ? 1 : doneBytes / totalBytes, `${anchored + skipped} ${file}`),
    );
    return { ...report, source };
  } finally {
    progress.finish();
    context.close();
  }
}

async function deliveriesOf(
  home: Home,
  source: string | undefined,
  domain: string | undefined,
): Promise<readonly Delivery[]> {
  if (source !== undefined) {
    const sources = await bundlesIn(source);
    return [{ domain: domain ?? defaultDomain(home), sources }];
  }
  if (!hasConsortium(home.keystore))
    throw new AssentError(
      'key-unknown',
      `The keystore in ${home.keystore.directory} stands for no invented consortium; the demo needs the one that \`assent cluster up\` made.`,
    );
  return consortiumIn(home.keystore).records;
}
