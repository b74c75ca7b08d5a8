import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { AssentError, fromHex, messageOf, toHex } from '../base/index.ts';
import { createSigner, encodeNodeId, generateSeed, type NodeId, SEED_BYTES, type Signer } from '../crypto/index.ts';

/** A node's key: its Ed25519 seed and who that makes it. */
export interface NodeKey {
  readonly seed: Uint8Array;
  readonly signer: Signer;
  readonly nodeId: NodeId;
}

/** Makes a new key in a file that only its owner can read: the seed in hexadecimal. Never overwrites one. */
export function createNodeKey(file: string): NodeKey {
  const seed = generateSeed();
  try {
    writeFileSync(file, `${toHex(seed)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new AssentError(
      'storage-permission',
      `${file} cannot be written: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
  return nodeKeyOf(seed);
}

/** Reads a node's key. Throws `configuration-invalid`, and `storage-permission` also when others could read it. */
export function readNodeKey(file: string): NodeKey {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new AssentError(
        'storage-permission',
        `${file} holds a secret key and can be read by others; set its mode to 600.`,
      );
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof AssentError) throw error;
    const code = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'storage-permission' : 'configuration-invalid';
    throw new AssentError(code, `The node's key ${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
  const seed = fromHex(text.trim());
  if (seed?.length !== SEED_BYTES) {
    throw new AssentError(
      'configuration-invalid',
      `${file} is no node key: expected ${SEED_BYTES * 2} hexadecimal digits.`,
    );
  }
  return nodeKeyOf(seed);
}

function nodeKeyOf(seed: Uint8Array): NodeKey {
  const signer = createSigner(seed);
  return { seed, signer, nodeId: encodeNodeId(signer.publicKey) };
}
