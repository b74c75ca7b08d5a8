import type { NodeId } from '../crypto/portable.ts';

/** SHA-256 of a block's header bytes; for the chain's start, the ledger id. */
export type Hash = Uint8Array;

export type NodeRole = 'voter' | 'learner';

export interface ConfigurationNode {
  readonly id: NodeId;
  /** Ed25519 node key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly role: NodeRole;
}

/** The set of nodes with keys and roles (protocol.md, "Terms"). */
export interface Configuration {
  readonly generation: number;
  readonly nodes: readonly ConfigurationNode[];
  /** Its canonical form, opaque to consensus. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly hash: Hash;
}

/** The end of a chain. `(0, 0, ledgerId)` before the first block. Tips order by term, then height. */
export interface Tip {
  readonly term: number;
  readonly height: number;
  readonly hash: Hash;
}

/** A signer and its Ed25519 signature over a statement. */
export interface StatementSignature {
  readonly signer: NodeId;
  readonly signature: Uint8Array;
}

/** "I ask for leadership of `term`, with this tip." */
export interface VoteRequestStatement {
  readonly term: number;
  readonly candidate: NodeId;
  readonly tip: Tip;
  /** The configuration in force at the tip: its majority gives the term. Named, so that a certificate can be checked without the tip. */
  readonly configurationHash: Hash;
}

/** "My chain through this block is durable, and I have promised nothing above this term." */
export interface AckStatement {
  readonly term: number;
  readonly height: number;
  readonly blockHash: Hash;
  readonly configurationHash: Hash;
}

/** A majority's votes for one vote request: the right to lead `request.term`. */
export interface TermCertificate {
  readonly request: VoteRequestStatement;
  readonly votes: readonly StatementSignature[];
}

/** A majority's acks of one block whose term equals the acks' term: commits it and every ancestor. */
export interface BlockCertificate {
  readonly ack: AckStatement;
  readonly signatures: readonly StatementSignature[];
}

/**
 * What a header carries as proof of its past: an ancestor's certificate, in a term's first block the term's, and in a
 * block that changes the configuration the new one.
 */
export interface Justification {
  readonly block?: BlockCertificate;
  readonly term?: TermCertificate;
  readonly configuration?: Configuration;
  /** The signed statement of a recovery, in the first block above its base; the configuration is then the one it names. */
  readonly recovery?: Uint8Array;
}

/**
 * A statement of the members that abandons everything above a block and names who goes on from there (protocol.md §5,
 * "Disaster").
 */
export interface Recovery {
  readonly base: Tip;
  /** In force after the base, whatever that block's header says: of the next generation, and every key in it new. */
  readonly configuration: Configuration;
  /** The signed statement, opaque to consensus. */
  readonly bytes: Uint8Array;
}

/** All that consensus sees of a block. */
export interface BlockReference {
  readonly height: number;
  readonly term: number;
  readonly hash: Hash;
  readonly parentHash: Hash;
  readonly proposer: NodeId;
  /** Configuration in force after this block. */
  readonly configurationHash: Hash;
  readonly justification: Justification;
  /** Size of the whole block on the wire, for the caps on bytes in flight. */
  readonly byteLength: number;
}

/** A signed header as it travelled, opaque to consensus. */
export type SignedHeader = Uint8Array;

/** Durable before anything that follows from it is sent. */
export interface HardState {
  /** Highest term promised. */
  readonly term: number;
  /** The vote given in `term`, if any: re-sent only for the identical tuple. */
  readonly vote?: VoteRequestStatement;
  /** The node's own request in `term`, if it campaigned. */
  readonly voteRequest?: VoteRequestStatement;
  /** The highest ack ever signed, by (term, height). */
  readonly ack?: AckStatement;
}

// ---------------------------------------------------------------- messages

export type Message =
  | { readonly type: 'pre-vote-request'; readonly term: number; readonly round: number; readonly tip: Tip }
  | {
      readonly type: 'pre-vote-reply';
      readonly term: number;
      readonly round: number;
      readonly granted: boolean;
      readonly tip: Tip;
    }
  | {
      readonly type: 'vote-request';
      readonly statement: VoteRequestStatement;
      readonly signature: Uint8Array;
      /** Header of the tip and the certificate of the tip's term; absent at genesis. */
      readonly tipHeader?: SignedHeader;
      readonly tipTermCertificate?: TermCertificate;
      /** The leader itself ordered the campaign: that it is alive is no reason to refuse. Outside of the signature. */
      readonly ordered?: true;
    }
  | {
      readonly type: 'vote-reply';
      /** The replier's own term: teaches it to the candidate. */
      readonly term: number;
      readonly statement: VoteRequestStatement;
      /** Present when granted. */
      readonly signature?: Uint8Array;
      readonly tip: Tip;
    }
  | {
      readonly type: 'append';
      readonly term: number;
      /** Number of this append on its way to this follower, from 1, echoed in the reply; 0 wants none: a certificate alone. */
      readonly sequence: number;
      /** The right to lead, until the follower has acknowledged it. */
      readonly termCertificate?: TermCertificate;
      readonly previous: Tip;
      readonly blocks: readonly BlockReference[];
      /** The newest certificate the follower may lack. */
      readonly certificate?: BlockCertificate;
    }
  | {
      readonly type: 'append-reply';
      readonly term: number;
      /** The append that this answers; 0 when it reports progress after a sync. */
      readonly sequence: number;
      /** Signed acks of newly durable blocks of the leader's term, in height order. */
      readonly acks: readonly SignedAck[];
      /** Durable tip: progress, unsigned. */
      readonly durable: Tip;
      /** Set when `previous` was not in the follower's chain: where to probe next. */
      readonly conflict?: { readonly hintTerm: number; readonly hintHeight: number };
      readonly refusal?: Refusal;
    }
  | {
      readonly type: 'heartbeat';
      readonly term: number;
      readonly round: number;
      readonly termCertificate?: TermCertificate;
      readonly certificate?: BlockCertificate;
    }
  | {
      readonly type: 'heartbeat-reply';
      readonly term: number;
      readonly round: number;
      /** The ack of the highest durable current-term block, repeated every time. */
      readonly ack?: SignedAck;
      readonly durable: Tip;
      readonly committedHeight: number;
      /** The follower's clock when it replied: milliseconds since the Unix epoch. */
      readonly clockMs: number;
      readonly refusal?: Refusal;
      readonly needsTermCertificate: boolean;
    }
  | { readonly type: 'read-index-request'; readonly context: number }
  | { readonly type: 'read-index-reply'; readonly context: number; readonly height?: number }
  /** Start-up tripwire: "what have you durably seen from my key?" */
  | { readonly type: 'nonce-request'; readonly nonce: Uint8Array }
  | {
      readonly type: 'nonce-reply';
      readonly nonce: Uint8Array;
      readonly ack?: SignedAck;
      readonly vote?: SignedVote;
      readonly voteRequest?: SignedVoteRequest;
    }
  /** A pre-candidate asks a refuser with a higher tip for its branch. */
  | { readonly type: 'branch-request'; readonly known: Tip; readonly wanted: Tip }
  | {
      readonly type: 'branch-reply';
      readonly previous: Tip;
      readonly blocks: readonly BlockReference[];
      readonly tip: Tip;
      /** The newest certificate, if its block is in this piece or below it. */
      readonly certificate?: BlockCertificate;
    }
  /** A leader hands over: its follower is to campaign at once. Signed by nobody, since it gives no right. */
  | { readonly type: 'campaign-now'; readonly term: number };

export interface SignedAck {
  readonly statement: AckStatement;
  readonly signature: Uint8Array;
}

export interface SignedVote {
  readonly statement: VoteRequestStatement;
  readonly signature: Uint8Array;
}

export interface SignedVoteRequest {
  readonly statement: VoteRequestStatement;
  readonly signature: Uint8Array;
}

/** Why a follower does not take a block of the current term. */
export interface Refusal {
  readonly height: number;
  readonly hash: Hash;
  readonly reason: string;
}

export interface Envelope {
  readonly to: NodeId;
  readonly message: Message;
}

// ------------------------------------------------------------------- ports

/** The node's signing key; statements are domain-separated by the core. */
export interface StatementSigner {
  sign(message: Uint8Array): Uint8Array;
}

/** Reads the durable chain: what was persisted shows no later than `persisted()` is called. Synchronous. */
export interface ChainReader {
  /** Reference of the durable block at this height, or undefined below the first kept or above the tip. */
  reference(height: number): BlockReference | undefined;
  signedHeader(height: number): SignedHeader | undefined;
  /** Checks the proposer's signature and gives what the header says. Undefined when it is not a header of this ledger. */
  openHeader(header: SignedHeader): BlockReference | undefined;
  /** The certificate of a term this node followed or voted in, if it is kept. */
  termCertificate(term: number): TermCertificate | undefined;
  /** A configuration of the durable chain, or one that its certified history proves. */
  configuration(hash: Hash): Configuration | undefined;
  /** Reads a signed statement of a recovery. Undefined when it is none, or not enough members of this ledger signed it. */
  openRecovery(bytes: Uint8Array): Recovery | undefined;
}

// ------------------------------------------------------------------- ready

/**
 * Everything the core wants done, as one value. The duties, in this order:
 *
 * 1. `execute`: check and execute each block on its parent's overlay, and answer each with `verdict()`; answers may
 *    come later and in any order, but once each, and none for a block that was abandoned since. A parent that is durable
 *    but has no overlay (after a restart) is executed again first.
 * 2. `persist`: write everything in it in ONE synced batch, then the mark, then call `persisted(token)`. Requests are
 *    written in order and may be merged.
 * 3. `messages`: may leave at once. What must be durable first, the core itself withholds until `persisted`.
 * 4. `committed`: certified; apply in order. Each height appears once.
 * 5. `abandoned`: hashes that left the chain; drop their overlays, give their transactions back to the pool.
 */
export interface Ready {
  readonly execute: readonly ExecuteRequest[];
  readonly persist?: PersistRequest;
  readonly messages: readonly Envelope[];
  readonly committed: readonly CommittedBlock[];
  readonly abandoned: readonly Hash[];
  readonly reads: readonly ReadResult[];
  readonly evidence: readonly Evidence[];
}

export interface ExecuteRequest {
  readonly block: BlockReference;
  /** True when a certificate covers it: clock checks do not apply, and a difference is a divergence fault. */
  readonly certified: boolean;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface PersistRequest {
  readonly token: number;
  readonly hardState?: HardState;
  /** Remove every block above this height before appending. */
  readonly truncateAbove?: number;
  readonly append: readonly BlockReference[];
  /**
   * Newly learned certificates to keep: the term's, and the highest block certificate. They ride along; a certificate
   * alone causes no write, since every committed block comes with it.
   */
  readonly termCertificate?: TermCertificate;
  readonly certificate?: BlockCertificate;
  /** The highest statements seen from other keys, for the start-up tripwire. */
  readonly peerPromises: readonly PeerPromise[];
}

/** The highest statements this node durably holds from one key. */
export interface PeerPromise {
  readonly nodeId: NodeId;
  readonly ack?: SignedAck;
  readonly vote?: SignedVote;
  readonly voteRequest?: SignedVoteRequest;
}

export interface CommittedBlock {
  readonly block: BlockReference;
  /** The certificate of this block or of the nearest certified descendant known. */
  readonly certificate: BlockCertificate;
}

export interface ReadResult {
  readonly context: number;
  /** Serve the read once this height is applied; undefined: no leader answered, refuse. */
  readonly height?: number;
}

/**
 * Two statements of one key that no honest node makes (protocol.md §5, "Evidence"). A signed statement stands here as its
 * fixed-width body and the signature, a term certificate in its encoded form, a header as its 32-byte block hash: the
 * driver, which holds the bodies by hash, adds the signed header before it stores the evidence. Of a broken change,
 * `first` is the hash of the block that changes the configuration and its encoded justification after it, `second` the
 * hash of its parent.
 */
export interface Evidence {
  readonly kind:
    | 'two-headers'
    | 'two-acks'
    | 'two-votes'
    | 'two-vote-requests'
    | 'ack-then-vote'
    | 'broken-claim'
    | 'broken-change';
  readonly culprit: NodeId;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export type Role = 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner' | 'recovering';

/** What a leader needs to seal the next block. */
export interface ProposalSlot {
  readonly term: number;
  readonly parent: Tip;
  readonly justification: Justification;
  /** The clock that agreed with a majority's: the block's time follows it. */
  readonly nowMs: number;
  /** A term's first block is sealed at once, empty if need be. */
  readonly mandatory: boolean;
  /** Whether the block may change the configuration: the change before is certified, and a block of this term. */
  readonly mayChange: boolean;
}
