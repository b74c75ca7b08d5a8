import { etc, Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, latin1Bytes, toHex, utf8 } from '../../src/base/index.ts';
import {
  consistencyPath,
  createPortableSigner,
  inclusionPath,
  leafHash,
  merkleRoot,
  rangePath,
  sha256,
  signedMessage,
} from '../../src/crypto/index.ts';
import { type CanonicalValue, encodeCanonical } from '../../src/ledger/index.ts';
import { hashOf } from '../../src/ledger/state/nodes.ts';
import { proveState } from '../../src/ledger/state/prove.ts';
import { treeChanges, updateTree } from '../../src/ledger/state/tree.ts';

/** What docs/verification.md §1 to §3 say, in examples. Bytes are hexadecimal; a value's bytes stand as `{ hex }`. */
export interface PrimitiveVectors {
  readonly encodings: readonly { readonly bytes: string; readonly value: unknown }[];
  readonly refusedEncodings: readonly { readonly bytes: string; readonly what: string }[];
  readonly signatures: readonly SignatureVector[];
  readonly messages: readonly {
    readonly kind: string;
    readonly ledgerId: string;
    readonly body: string;
    readonly message: string;
  }[];
  readonly trees: readonly TreeVector[];
  readonly state: StateVector;
}

export interface SignatureVector {
  readonly what: string;
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

interface TreeVector {
  readonly entries: readonly string[];
  readonly root: string;
  readonly inclusion: readonly { readonly index: number; readonly path: readonly string[] }[];
  readonly consistency: readonly { readonly size: number; readonly root: string; readonly path: readonly string[] }[];
  readonly ranges: readonly { readonly start: number; readonly end: number; readonly path: readonly string[] }[];
}

interface StateVector {
  readonly entries: readonly { readonly key: string; readonly value: string }[];
  readonly root: string;
  readonly proofs: readonly {
    readonly key: string;
    readonly value: string | null;
    readonly siblings: readonly (string | null)[];
    readonly other: { readonly keyHash: string; readonly valueHash: string } | null;
  }[];
}

export function primitiveVectors(): PrimitiveVectors {
  return {
    encodings: values.map((value) => ({ bytes: toHex(encodeCanonical(value)), value: shown(value) })),
    refusedEncodings: refused.map(([bytes, what]) => ({ bytes, what })),
    signatures: signatures(),
    messages: (['ack', 'recovery', 'transaction', 'header'] as const).map((kind) => {
      const [ledgerId, body] = [sha256(utf8('a ledger')), utf8(`a body of the kind ${kind}`)];
      const message = signedMessage(kind, ledgerId, body);
      return { kind, ledgerId: toHex(ledgerId), body: toHex(body), message: toHex(message) };
    }),
    trees: [0, 1, 2, 3, 7, 8, 13].map(treeVector),
    state: stateVector(),
  };
}

const values: readonly CanonicalValue[] = [
  null,
  false,
  true,
  ...[0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
  ...[-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER],
  '',
  'a',
  'é€𝄞',
  '\ufeff',
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(256),
  new Uint8Array(),
  Uint8Array.of(1, 2, 3),
  new Uint8Array(256),
  [],
  [1, ['two', null], Uint8Array.of(3)],
  Array.from({ length: 15 }, () => 0),
  Array.from({ length: 16 }, () => 0),
];

const refused: readonly (readonly [bytes: string, what: string])[] = [
  ['', 'nothing'],
  ['0000', 'two values'],
  ['cc7f', 'a number in a longer form'],
  ['cd00ff', 'a number in a longer form'],
  ['ce0000ffff', 'a number in a longer form'],
  ['cf00000000ffffffff', 'a number in a longer form'],
  ['cf0020000000000000', 'a number above 2^53 - 1'],
  ['d07f', 'a positive number in a signed form'],
  ['d0e0', 'a number in a longer form'],
  ['d1ff80', 'a number in a longer form'],
  ['d3ffdfffffffffffff', 'a number below -(2^53 - 1)'],
  ['d90161', 'a text in a longer form'],
  ['c50001ff', 'bytes in a longer form'],
  ['dc000100', 'an array in a longer form'],
  ['a1ff', 'a text that is not UTF-8'],
  ['a2c080', 'an overlong form'],
  ['a3eda080', 'a surrogate'],
  ['a261', 'a text that ends too early'],
  ['9201', 'an array that ends too early'],
  ['80', 'a map'],
  ['ca00000000', 'a floating-point number'],
  ['cb0000000000000000', 'a floating-point number'],
  ['c1', 'a byte that MessagePack never uses'],
  ['d4ff00', 'an extension'],
  [`${'91'.repeat(17)}00`, 'arrays nested 17 deep, where a structure allows 16'],
];

function shown(value: CanonicalValue): unknown {
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  return Array.isArray(value) ? (value as readonly CanonicalValue[]).map(shown) : value;
}

const { n: order } = Point.CURVE();
/** A point of order 8. */
const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

function signatures(): SignatureVector[] {
  const seed = sha256(utf8('vectors'));
  const signer = createPortableSigner(seed);
  const message = utf8('a message');
  const good = signer.sign(message);
  const [R, S] = [good.subarray(0, 32), good.subarray(32)];
  const { publicKey: A } = signer;
  const vector = (
    what: string,
    valid: boolean,
    key: Uint8Array,
    text: Uint8Array,
    signature: Uint8Array,
  ): SignatureVector => {
    return { what, key: toHex(key), message: toHex(text), signature: toHex(signature), valid };
  };
  const identity = Uint8Array.of(1, ...new Uint8Array(31));
  const secret = etc.mod(littleEndian(clamped(sha512(seed).subarray(0, 32))), order);
  const mixed = Point.fromBytes(A).add(torsion);
  // R or A with a part of small order: the equation holds, or not, by what 8 leaves of k.
  const torsioned = (
    key: Uint8Array,
    hasTorsion: boolean,
    rest: (k: bigint) => boolean,
  ): readonly [Uint8Array, Uint8Array] => {
    for (let number = 0; ; number++) {
      const text = utf8(`message ${number}`);
      const nonce = etc.mod(littleEndian(sha512(concatBytes(seed, text))), order);
      const point = Point.BASE.multiply(nonce);
      const encodedR = (hasTorsion ? point.add(torsion) : point).toBytes();
      const k = etc.mod(littleEndian(sha512(concatBytes(encodedR, key, text))), order);
      if (rest(k)) return [text, concatBytes(encodedR, bytesOf(etc.mod(nonce + k * secret, order)))];
    }
  };
  const [textR, signatureR] = torsioned(A, true, () => true);
  const mixedKey = mixed.toBytes();
  const [textEight, signatureEight] = torsioned(mixedKey, false, (k) => k % 8n === 0n);
  const [textOther, signatureOther] = torsioned(mixedKey, false, (k) => k % 8n !== 0n);
  return [
    vector('a signature', true, A, message, good),
    vector('of no message', true, A, new Uint8Array(), signer.sign(new Uint8Array())),
    vector('another message', false, A, utf8('another message'), good),
    vector('another key', false, createPortableSigner(sha256(seed)).publicKey, message, good),
    vector('S with L added', false, A, message, concatBytes(R, bytesOf(littleEndian(S) + order))),
    vector('S = L', false, A, message, concatBytes(R, bytesOf(order))),
    vector('a key that is the neutral element', false, identity, message, concatBytes(identity, new Uint8Array(32))),
    vector('a key of order 8', false, torsion.toBytes(), message, concatBytes(identity, new Uint8Array(32))),
    vector(
      'a key that is not canonical (y = p + 1)',
      false,
      Uint8Array.of(0xee, ...new Uint8Array(30).fill(0xff), 0x7f),
      message,
      good,
    ),
    vector('a key that is no point', false, Uint8Array.of(2, ...new Uint8Array(31)), message, good),
    vector('R that is the neutral element, S = 0', false, A, message, concatBytes(identity, new Uint8Array(32))),
    vector('R with a part of order 8: holds only when multiplied by 8', false, A, textR, signatureR),
    vector(
      'a key with a part of order 8, k a multiple of 8: holds as it stands',
      true,
      mixedKey,
      textEight,
      signatureEight,
    ),
    vector('the same, k no multiple of 8: holds only when multiplied by 8', false, mixedKey, textOther, signatureOther),
  ];
}

function clamped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] as number) & 248;
  copy[31] = ((copy[31] as number) & 127) | 64;
  return copy;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

function bytesOf(value: bigint): Uint8Array {
  return etc.hexToBytes(value.toString(16).padStart(64, '0')).reverse();
}

function treeVector(size: number): TreeVector {
  const entries = Array.from({ length: size }, (_, place) => utf8(`entry ${place}`));
  const leaves = entries.map((entry) => leafHash(entry));
  const hexes = (path: readonly Uint8Array[]): string[] => path.map(toHex);
  const sizes = Array.from({ length: size }, (_, index) => index + 1);
  const ranges = sizes.flatMap((end) =>
    sizes.filter((start) => start <= end).map((start) => [start - 1, end] as const),
  );
  return {
    entries: hexes(entries),
    root: toHex(merkleRoot(leaves)),
    inclusion: entries.map((_, index) => ({ index, path: hexes(inclusionPath(leaves, index)) })),
    consistency: sizes.map((part) => {
      return { size: part, root: toHex(merkleRoot(leaves.slice(0, part))), path: hexes(consistencyPath(leaves, part)) };
    }),
    ranges: ranges
      .filter(([start, end]) => (start + end) % 3 === 0 || size < 8)
      .map(([start, end]) => ({ start, end, path: hexes(rangePath(leaves, start, end)) })),
  };
}

function stateVector(): StateVector {
  const content = new Map(
    Array.from({ length: 12 }, (_, number): [string, Uint8Array] => [`vectors/${number}`, utf8(`value ${number}`)]),
  );
  const { root } = updateTree(undefined, treeChanges(content), () => undefined);
  const keys = [...content.keys(), ...Array.from({ length: 12 }, (_, number) => `vectors/absent/${number}`)];
  return {
    entries: [...content].map(([key, value]) => ({ key, value: toHex(value) })),
    root: toHex(latin1Bytes(hashOf(root))),
    proofs: keys.map((key) => {
      const { siblings, other } = proveState(root, key, () => undefined);
      const value = content.get(key);
      return {
        key,
        value: value === undefined ? null : toHex(value),
        siblings: siblings.map((sibling) => (sibling === undefined ? null : toHex(sibling))),
        other: other === undefined ? null : { keyHash: toHex(other.keyHash), valueHash: toHex(other.valueHash) },
      };
    }),
  };
}
