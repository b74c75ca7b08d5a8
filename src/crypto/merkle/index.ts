export { MerkleFrontier } from './frontier.ts';
export { emptyRoot, leafHash, nodeHash } from './node.ts';
export { isSubtree } from './subtree.ts';
export { consistencyPath, inclusionPath, inclusionPaths, merkleRoot, subtreeConsistencyPath } from './tree.ts';
export {
  type ConsistencyProof,
  type InclusionProof,
  type SubtreeConsistencyProof,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './verify.ts';
