const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const digitOf: ReadonlyMap<string, number> = /* @__PURE__ */ new Map(
  [...alphabet].map((character, digit) => [character, digit]),
);

/** base58btc: the number that the bytes are, big-endian, to the base of 58; each leading zero byte is a `1`. */
export function encodeBase58(bytes: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of bytes) multiplyAndAdd(digits, 256, byte, 58);
  let text = '1'.repeat(leadingZeros(bytes));
  for (let index = digits.length - 1; index >= 0; index--) text += alphabet[digits[index] as number];
  return text;
}

/** Strict inverse of {@link encodeBase58}; undefined where a character is none of the alphabet. */
export function decodeBase58(text: string): Uint8Array | undefined {
  const digits: number[] = [];
  for (const character of text) digits.push(digitOf.get(character) ?? Number.NaN);
  if (digits.some(Number.isNaN)) return undefined;
  const bytes: number[] = [];
  for (const digit of digits) multiplyAndAdd(bytes, 58, digit, 256);
  const zeros = leadingZeros(digits);
  const decoded = new Uint8Array(zeros + bytes.length);
  decoded.set(bytes.reverse(), zeros);
  return decoded;
}

/** `number = number * factor + summand`, the number as digits to the base, the lowest first. */
function multiplyAndAdd(number: number[], factor: number, summand: number, base: number): void {
  let carry = summand;
  for (let index = 0; index < number.length; index++) {
    carry += (number[index] as number) * factor;
    number[index] = carry % base;
    carry = (carry / base) | 0;
  }
  for (; carry > 0; carry = (carry / base) | 0) number.push(carry % base);
}

function leadingZeros(values: ArrayLike<number>): number {
  let count = 0;
  while (count < values.length && values[count] === 0) count += 1;
  return count;
}
