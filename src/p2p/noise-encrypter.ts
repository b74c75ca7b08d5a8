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

/** Thrown for control flow by a library, and seen by nobody. */
const lengthNotThere: RangeError = new RangeError('the length is not there yet');

function decodeLength(received: Received): number {
  if (received.byteLength < 2) throw lengthNotThere;
  return (received.get(0) << 8) | received.get(1);
}

/**
 * Noise on libsodium. Its connections learn that they have read all that came by catching an error, one for each message
 * received: here it is always the same one, since capturing a stack costs more than decrypting a message.
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
