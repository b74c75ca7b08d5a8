import { assert, present } from '../base/index.ts';
import { comparePlaces, sameRequest } from './statements.ts';
import type {
  AckStatement,
  BlockCertificate,
  BlockReference,
  HardState,
  PeerPromise,
  PersistRequest,
  TermCertificate,
  VoteRequestStatement,
} from './types.ts';

/** A batch on its way to the disk. */
interface Flight {
  readonly token: number;
  readonly hardState: HardState;
  /** The highest block of the present chain that this batch makes durable; lowered when the chain is cut below it. */
  height: number;
  readonly peerPromises: readonly PeerPromise[];
}

/** What a completed batch made durable. */
export interface Synced {
  readonly height: number;
  readonly peerPromises: readonly PeerPromise[];
}

/**
 * What has to be on the disk, in the order in which it has to get there. Collects changes between two Readys into one
 * batch, numbers the batches, and knows from the completions what is durable, also when a later batch has overwritten
 * part of an earlier one meanwhile.
 */
export class Persistence {
  #hardState: HardState;
  #durable: HardState;
  #hardStateChanged = false;
  #truncateAbove: number | undefined;
  #append: BlockReference[] = [];
  #termCertificate: TermCertificate | undefined;
  #certificate: BlockCertificate | undefined;
  #nextToken = 1;
  /** The batch that holds the present term and vote; messages that state them wait for it. */
  #promiseToken = 0;
  #syncedToken = 0;
  readonly #flights: Flight[] = [];

  constructor(restored: HardState) {
    this.#hardState = restored;
    this.#durable = restored;
  }

  /** The node's promises, as they will be. */
  get hardState(): HardState {
    return this.#hardState;
  }

  get term(): number {
    return this.#hardState.term;
  }

  /** The node's promises, as a crash would leave them. */
  get durable(): HardState {
    return this.#durable;
  }

  /** The batch after which the present term and vote may be told. */
  get promiseToken(): number {
    return this.#promiseToken;
  }

  isSynced(token: number): boolean {
    return token <= this.#syncedToken;
  }

  /** Promises a higher term, with no vote in it yet. */
  adoptTerm(term: number): void {
    assert(term > this.#hardState.term, 'terms only rise');
    const { ack } = this.#hardState;
    this.#promise({ term, ...(ack && { ack }) });
  }

  /** Gives the term's one vote. */
  vote(vote: VoteRequestStatement): void {
    const { hardState } = this;
    assert(vote.term >= hardState.term, 'no vote in a past term');
    assert(vote.term > hardState.term || hardState.vote === undefined, 'one vote a term');
    this.#promise({ term: vote.term, vote, ...(hardState.ack && { ack: hardState.ack }) });
  }

  /** Votes for itself and asks the others to. */
  campaign(request: VoteRequestStatement): void {
    this.vote(request);
    this.#hardState = { ...this.#hardState, voteRequest: request };
  }

  /** Raises the ack that may be signed once this batch is durable. */
  raiseAck(ack: AckStatement): void {
    const known = this.#hardState.ack;
    assert(known === undefined || comparePlaces(ack, known) > 0, 'acks only rise');
    this.#hardState = { ...this.#hardState, ack };
    this.#hardStateChanged = true;
  }

  append(block: BlockReference): void {
    this.#append.push(block);
  }

  truncateAbove(height: number): void {
    this.#append = this.#append.filter((block) => block.height <= height);
    this.#truncateAbove = Math.min(height, this.#truncateAbove ?? height);
    for (const flight of this.#flights) flight.height = Math.min(flight.height, height);
  }

  keepTermCertificate(certificate: TermCertificate): void {
    this.#termCertificate = certificate;
  }

  keepCertificate(certificate: BlockCertificate): void {
    this.#certificate = certificate;
  }

  /** Whether there is something that must be written now; certificates and peers' promises can wait for it. */
  get isDue(): boolean {
    return this.#hardStateChanged || this.#truncateAbove !== undefined || this.#append.length > 0;
  }

  /** The next batch. `tipHeight` is the chain's, all of whose blocks are in this batch or an earlier one. */
  take(tipHeight: number, peerPromises: readonly PeerPromise[]): PersistRequest {
    const token = this.#nextToken++;
    this.#flights.push({ token, hardState: this.#hardState, height: tipHeight, peerPromises });
    const request: PersistRequest = {
      token,
      ...(this.#hardStateChanged && { hardState: this.#hardState }),
      ...(this.#truncateAbove !== undefined && { truncateAbove: this.#truncateAbove }),
      append: this.#append,
      ...(this.#termCertificate && { termCertificate: this.#termCertificate }),
      ...(this.#certificate && { certificate: this.#certificate }),
      peerPromises,
    };
    this.#hardStateChanged = false;
    this.#truncateAbove = undefined;
    this.#append = [];
    this.#termCertificate = undefined;
    this.#certificate = undefined;
    return request;
  }

  /** This batch and all before it are synced. */
  complete(token: number): Synced[] {
    assert(token > this.#syncedToken && token < this.#nextToken, 'completions come in order');
    this.#syncedToken = token;
    const synced: Synced[] = [];
    while (this.#flights[0] !== undefined && this.#flights[0].token <= token) {
      const flight = present(this.#flights.shift(), 'a flight was there');
      this.#durable = flight.hardState;
      synced.push({ height: flight.height, peerPromises: flight.peerPromises });
    }
    return synced;
  }

  /** Whether the vote for this request is given, and survives a crash. */
  hasDurableVote(request: VoteRequestStatement): boolean {
    return this.#durable.vote !== undefined && sameRequest(this.#durable.vote, request);
  }

  #promise(hardState: HardState): void {
    this.#hardState = hardState;
    this.#hardStateChanged = true;
    this.#promiseToken = this.#nextToken;
  }
}
