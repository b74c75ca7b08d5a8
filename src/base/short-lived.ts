const slabBytes = 64 * 1024;
/** Above this the memory is the array's own: it is worth its cost, and a slab is not left half empty. */
const sharedBytesMax = 4 * 1024;

let slab = new ArrayBuffer(slabBytes);
let used = 0;

/**
 * An array for bytes that are given up soon: keys and values on their way to the store, messages on their way to a hash.
 * V8 keeps memory of more than 64 bytes outside its heap, and takes longer to get and to free it than to fill it, so
 * short arrays share a slab, which is freed when all of them are. Not for what is kept, which would keep the slab.
 */
export function shortLivedBytes(length: number): Uint8Array {
  if (length > sharedBytesMax) return new Uint8Array(length);
  if (used + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}

/** The same bytes, as {@link shortLivedBytes} are. */
export function shortLivedCopy(bytes: Uint8Array): Uint8Array {
  const copy = shortLivedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
