import { assert, type Clock, type Random } from '../base/index.ts';

/** Randomness of the Web Cryptography API, which browsers and Node share. */
export const webRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  below(bound) {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 0xffff_ffff, 'a bound is a positive 32-bit integer');
    // Draws above the last whole multiple of the bound are thrown away: they would favour small numbers.
    const accepted = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    for (;;) {
      const draw = crypto.getRandomValues(new Uint32Array(1))[0] as number;
      if (draw < accepted) return draw % bound;
    }
  },
};

/** Time as browsers and Node share it. */
export const webClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
