import { toHex } from '../base/index.ts';
import { decodeKey, encodeKey, type KeyText } from './key-text.ts';

/** The libp2p peer id of a node's Ed25519 key, as text: `12D3Koo…`. */
export type NodeId = string;

// Identity multihash (0x00) of 36 bytes: protobuf key type 1 = Ed25519 (08 01), then 32 bytes of key (12 20).
const nodeIdText: KeyText = { text: '', bytes: Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20) };

/**
 * A ledger has few nodes and names them in every certificate, and base58 costs more than a hash: both directions are
 * remembered. Forgotten all at once when strangers' keys have filled the memory.
 */
const rememberedMax = 1024;
const textOfKey = new Map<string, NodeId>();
const keyOfText = new Map<NodeId, Uint8Array>();

/** The node id of a 32-byte public key. */
export function encodeNodeId(publicKey: Uint8Array): NodeId {
  const key = toHex(publicKey);
  const known = textOfKey.get(key);
  if (known !== undefined) return known;
  const text = encodeKey(nodeIdText, publicKey);
  if (textOfKey.size >= rememberedMax) textOfKey.clear();
  textOfKey.set(key, text);
  return text;
}

/** The public key of a node id, or undefined when the text is not exactly one. The bytes are shared: not to be changed. */
export function decodeNodeId(text: string): Uint8Array | undefined {
  const known = keyOfText.get(text);
  if (known !== undefined) return known;
  const key = decodeKey(nodeIdText, text);
  if (key === undefined) return undefined;
  if (keyOfText.size >= rememberedMax) keyOfText.clear();
  keyOfText.set(text, key);
  return key;
}
