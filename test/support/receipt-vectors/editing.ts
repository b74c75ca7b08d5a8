import {
  encodeReceipt,
  openReceipt,
  type Receipt,
  type ReceiptKind,
  type ReceiptOf,
} from '../../../src/verify/index.ts';

export function opened<Kind extends ReceiptKind>(kind: Kind, bytes: Uint8Array): ReceiptOf<Kind> {
  const receipt = openReceipt(bytes);
  if (receipt.kind !== kind) throw new Error(`a receipt of the kind ${receipt.kind}`);
  return receipt as unknown as ReceiptOf<Kind>;
}

export function edited<Kind extends ReceiptKind>(
  kind: Kind,
  bytes: Uint8Array,
  edit: (receipt: ReceiptOf<Kind>) => ReceiptOf<Kind>,
): Uint8Array {
  return encodeReceipt(edit(opened(kind, bytes)) as unknown as Receipt);
}

/** With one bit another. */
export function flipped(bytes: Uint8Array, place: number): Uint8Array {
  return bytes.with(place, (bytes[place] as number) ^ 1);
}

/** With a bit of its first hash another. */
export function swapped(path: readonly Uint8Array[]): Uint8Array[] {
  return path.map((hash, index) => (index === 0 ? flipped(hash, 0) : hash));
}
