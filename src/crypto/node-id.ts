import { KeyText } from './key-text.ts';

/** The libp2p peer id of a node's Ed25519 key, as text: `12D3Koo…`. */
export type NodeId = string;

// Identity multihash (0x00) of 36 bytes: protobuf key type 1 = Ed25519 (08 01), then 32 bytes of key (12 20).
const nodeIdText = new KeyText('', Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20));

/** The node id of a 32-byte public key. */
export function encodeNodeId(publicKey: Uint8Array): NodeId {
  return nodeIdText.encode(publicKey);
}

/** The public key of a node id, or undefined when the text is not exactly one. */
export function decodeNodeId(text: string): Uint8Array | undefined {
  return nodeIdText.decode(text);
}
