/**
 * Whether leaves [start, end) form a subtree: `start` is a multiple of the smallest power of two that is at least
 * `end - start` (draft-ietf-plants-merkle-tree-certs, "Subtrees"). All prefixes and all single leaves are.
 */
export function isSubtree(start: number, end: number): boolean {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start >= end) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}
