const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const noDigit = 255;
/** By character code. */
const digitOf: Uint8Array = /* @__PURE__ */ digits();

/*
 * Both ways go by limbs of three bytes and of four characters: a limb of the one base times the other base, and a carry, is
 * below 2^48. A double holds that exactly, and its quotient by a base is off by less than the next fraction.
 */
const bytesEach = 3;
const charactersEach = 4;
const byteBase = 256 ** bytesEach;
const characterBase = 58 ** charactersEach;

/** base58btc: the number that the bytes are, big-endian, to the base of 58; each leading zero byte is a `1`. */
export function encodeBase58(bytes: Uint8Array): string {
  const limbs: number[] = [];
  for (let from = 0, to = bytes.length % bytesEach || bytesEach; from < bytes.length; from = to, to += bytesEach) {
    let limb = 0;
    for (let index = from; index < to; index++) limb = limb * 256 + (bytes[index] as number);
    multiplyAndAdd(limbs, byteBase, limb, characterBase);
  }
  let text = '';
  for (let place = 0; place < limbs.length; place++) {
    let limb = limbs[place] as number;
    const isHighest = place === limbs.length - 1;
    for (let count = 0; isHighest ? limb > 0 : count < charactersEach; count++) {
      text = alphabet[limb % 58] + text;
      limb = Math.floor(limb / 58);
    }
  }
  return '1'.repeat(leadingZeros(bytes)) + text;
}

/** Strict inverse of {@link encodeBase58}; undefined where a character is none of the alphabet. */
export function decodeBase58(text: string): Uint8Array | undefined {
  const limbs: number[] = [];
  for (
    let from = 0, to = text.length % charactersEach || charactersEach;
    from < text.length;
    from = to, to += charactersEach
  ) {
    let limb = 0;
    for (let index = from; index < to; index++) {
      const digit = digitOf[text.charCodeAt(index)] ?? noDigit;
      if (digit === noDigit) return undefined;
      limb = limb * 58 + digit;
    }
    multiplyAndAdd(limbs, characterBase, limb, byteBase);
  }
  let zeros = 0;
  while (text[zeros] === alphabet[0]) zeros += 1;
  const [highest = 0] = limbs.slice(-1);
  const highestBytes = highest >= 65_536 ? 3 : highest >= 256 ? 2 : 1;
  const length = limbs.length === 0 ? 0 : (limbs.length - 1) * bytesEach + highestBytes;
  const decoded = new Uint8Array(zeros + length);
  for (let index = 0; index < length; index++) {
    const limb = limbs[Math.floor(index / bytesEach)] as number;
    decoded[decoded.length - 1 - index] = limb >>> (8 * (index % bytesEach));
  }
  return decoded;
}

/** `number = number * factor + summand`, the number as limbs to the base, the lowest first, the highest of them not zero. */
function multiplyAndAdd(number: number[], factor: number, summand: number, base: number): void {
  let carry = summand;
  for (let index = 0; index < number.length; index++) {
    const sum = (number[index] as number) * factor + carry;
    carry = Math.floor(sum / base);
    number[index] = sum - carry * base;
  }
  for (; carry > 0; carry = Math.floor(carry / base)) number.push(carry % base);
}

function leadingZeros(bytes: Uint8Array): number {
  let count = 0;
  while (count < bytes.length && bytes[count] === 0) count += 1;
  return count;
}

function digits(): Uint8Array {
  const table = new Uint8Array(128).fill(noDigit);
  for (let digit = 0; digit < alphabet.length; digit++) table[alphabet.charCodeAt(digit)] = digit;
  return table;
}
