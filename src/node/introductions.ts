import { AssentError, type Logger } from '../base/index.ts';
import type { NodeId, VerifySignature } from '../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../ledger/index.ts';
import type { Introduction } from '../p2p/index.ts';
import {
  decodeHistory,
  encodeHistory,
  type OpenRecovery,
  type ProvedConfiguration,
  verifyHistory,
} from '../verify/index.ts';
import type { ConfigurationHistories, Membership, Replica } from './replica/index.ts';

const requestVersion = 1;
const requestLimits = { bytesMax: 256, depthMax: 2, countMax: 8 };
const nothing: Uint8Array = new Uint8Array();

/** What a node knows of configurations, and learns; a {@link Replica}. */
export interface KnowingNode extends Pick<Replica, 'newestCertified' | 'learnConfigurations'> {
  readonly history: Pick<ConfigurationHistories, 'after'>;
  membership(): Pick<Membership, 'connected'>;
}

/**
 * How this node comes to know nodes that joined while it was away (protocol.md §5, "Configurations"; scenario 65). Whom
 * it does not know it asks for the history of the configuration since the newest that it knows, `[version, height, hash]`.
 * The history proves itself, so anyone may bring it; the one who did is let in if the newest configuration names it.
 */
export class Introductions implements Introduction {
  readonly #ledgerId: Uint8Array;
  readonly #replica: () => KnowingNode;
  readonly #openRecovery: OpenRecovery;
  readonly #verify: VerifySignature;
  readonly #logger: Logger;

  constructor(options: {
    readonly ledgerId: Uint8Array;
    /** Asked for once the transport runs. */
    readonly replica: () => KnowingNode;
    readonly openRecovery: OpenRecovery;
    readonly verify: VerifySignature;
    readonly logger: Logger;
  }) {
    this.#ledgerId = options.ledgerId;
    this.#replica = options.replica;
    this.#openRecovery = options.openRecovery;
    this.#verify = options.verify;
    this.#logger = options.logger;
  }

  request(): Uint8Array {
    const { height, configuration } = this.#replica().newestCertified;
    return encodeCanonical([requestVersion, height, configuration.hash]);
  }

  answer(_to: NodeId, request: Uint8Array): Uint8Array {
    const known = readRequest(request);
    const history = known && this.#replica().history.after(known.height, known.hash);
    return history === undefined || history.steps.length === 0 ? nothing : encodeHistory(history);
  }

  take(from: NodeId, answer: Uint8Array): boolean {
    const proved = this.#prove(from, answer);
    const newest = proved.at(-1);
    // Nothing new says nothing for a stranger: what is known here does not name it.
    if (newest === undefined) return false;
    const replica = this.#replica();
    replica.learnConfigurations(proved);
    this.#logger.info({ peer: from, height: newest.height, steps: proved.length }, 'learned of newer configurations');
    const isNamed = newest.configuration.nodes.some(({ id }) => id === from);
    return isNamed && replica.membership().connected.has(from);
  }

  #prove(from: NodeId, answer: Uint8Array): readonly ProvedConfiguration[] {
    const { height, configuration } = this.#replica().newestCertified;
    try {
      const known = { ledgerId: this.#ledgerId, height, configuration, openRecovery: this.#openRecovery };
      return verifyHistory(decodeHistory(answer), known, this.#verify);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#logger.warn({ peer: from, code: error.code, reason: error.message }, 'a stranger told no true history');
      return [];
    }
  }
}

/** Undefined for whatever is no request. */
function readRequest(bytes: Uint8Array): { readonly height: number; readonly hash: Uint8Array } | undefined {
  const [version, height, hash] = valuesOf(bytes);
  if (version !== requestVersion || typeof height !== 'number' || !(hash instanceof Uint8Array)) return undefined;
  return { height, hash };
}

function valuesOf(bytes: Uint8Array): readonly CanonicalValue[] {
  try {
    const value = decodeCanonical(bytes, requestLimits);
    return Array.isArray(value) && value.length === 3 ? value : [];
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    return [];
  }
}
