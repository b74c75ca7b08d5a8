import { type Mutant, mutant } from './mutant.ts';

/** Rules for chains that begin with a snapshot. About one of eight seeds has such chains. */
export const snapshotMutants: readonly Mutant[] = [
  mutant('a chain that begins with a snapshot takes no certificate from before it', 60, {
    find: 'if (ack.height >= core.log.baseHeight) {',
    replace: 'if (ack.height >= 0) {',
  }),
  mutant('a node that takes in a snapshot keeps its term', 1200, {
    find: 'if (term <= kept.term) return kept;',
    replace: 'return kept;',
  }),
  mutant('a snapshot brings no executed ids', 60, {
    find: 'idBuckets: staging.idBuckets(),',
    replace: 'idBuckets: [],',
  }),
  mutant(
    'a snapshot is installed below the own tip',
    60,
    {
      find: 'return manifest !== undefined && comparePlaces(manifest.block.header, tip) > 0;',
      replace: 'return manifest !== undefined && tip.height >= 0;',
    },
    {
      find: 'if (own !== undefined && comparePlaces(tip, { term: own.header.term, height: stored.height }) <= 0)',
      replace: 'if (own === undefined && comparePlaces(tip, tip) !== 0)',
    },
  ),
];
