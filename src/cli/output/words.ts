/** Short forms for people. Every one can be pasted back where its long form is asked for. */

const shortHashLength = 12;
const didPrefix = 'did:assent:';

export function shortHash(hash: string): string {
  return hash.slice(0, shortHashLength);
}

/** `z6Mk…`: the part of a DID that tells it from others. */
export function shortDid(did: string): string {
  return did.startsWith(didPrefix) ? did.slice(didPrefix.length, didPrefix.length + shortHashLength) : did;
}

/** The end of a node id: its beginning is the same for all. */
export function shortNodeId(nodeId: string): string {
  return nodeId.slice(-8);
}

/** `st-mary (Xy3kPq9d)`: a node, and who runs it where the ledger names it. */
export function nodeText({ nodeId, member }: { readonly nodeId: string; readonly member: string | null }): string {
  return member === null ? shortNodeId(nodeId) : `${member} (${shortNodeId(nodeId)})`;
}

/** `2026-11-21 10:01:39 UTC (3 min ago)`. */
export function whenText(timeMs: number, nowMs: number): string {
  return `${timeText(timeMs)} (${relativeText(timeMs - nowMs)})`;
}

export function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const units: readonly (readonly [name: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** How far from now: `in 4 h`, `3 min ago`, `now`. */
export function relativeText(differenceMs: number): string {
  const size = Math.abs(differenceMs);
  if (size < 1000) return 'now';
  return differenceMs > 0 ? `in ${durationText(size)}` : `${durationText(size)} ago`;
}

/** `3 min`, in the largest unit that fits. */
export function durationText(durationMs: number): string {
  for (const [name, milliseconds] of units)
    if (durationMs >= milliseconds) return `${Math.round(durationMs / milliseconds)} ${name}`;
  return `${Math.round(durationMs)} ms`;
}

/** `1 entry`, `2 entries`. */
export function countText(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
