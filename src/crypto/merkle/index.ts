export { MerkleFrontier } from './frontier.ts';
export { emptyRoot, leafHash, nodeHash, splitPoint } from './node.ts';
export { type RangeProof, rangePath, rangePathBy, verifyRange } from './range.ts';
export { isSubtree } from './subtree.ts';
export {
  consistencyPath,
  inclusionPath,
  inclusionPaths,
  merkleRoot,
  pathBy,
  type RootOf,
  subtreeConsistencyPath,
} from './tree.ts';
export {
  type ConsistencyProof,
  type InclusionProof,
  type SubtreeConsistencyProof,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './verify.ts';
