import { noise } from '@chainsafe/libp2p-noise';
import { noiseCrypto } from './noise-crypto.ts';

type Noise = ReturnType<typeof noise>;

/** What noise's connections hold beside what their types show. */
interface Decoding {
  readonly decoder?: { lengthDecoder: (received: Received) => number };
}

interface Received {
  readonly byteLength: number;
  get(index: number): number;
}

/** The largest length of a noise message: more than is there where not even the length is. */
const lengthMax = 0xffff;

function decodeLength(received: Received): number {
  if (received.byteLength < 2) return lengthMax;
  return (received.get(0) << 8) | received.get(1);
}

/**
 * Noise on libsodium. Its connections learn that they have read all that came by catching an error, one for each chunk
 * received, which costs more than decrypting a message: here they wait for a message that is longer than what is there.
 */
export function noiseEncrypter(): Noise {
  const create = noise({ crypto: noiseCrypto });
  return (components) => {
    const encrypter = create(components);
    const [inbound, outbound] = [encrypter.secureInbound.bind(encrypter), encrypter.secureOutbound.bind(encrypter)];
    encrypter.secureInbound = async (stream, options) => spare(await inbound(stream, options));
    encrypter.secureOutbound = async (stream, options) => spare(await outbound(stream, options));
    return encrypter;
  };
}

function spare<Secured extends { readonly connection: object }>(secured: Secured): Secured {
  const { decoder } = secured.connection as Decoding;
  if (decoder !== undefined) decoder.lengthDecoder = decodeLength;
  return secured;
}
