/**
 * The client: wallets and signing, and a typed HTTP client of the nodes. Runs in Node and in a browser. Promises that
 * what it signs is posted as the same bytes however often it is sent, and that every submission ends in bounded time with
 * an outcome that says what is certain.
 */

export { type ClaimedDecision, type ClaimsCheck, checkClaims } from './gateway/check-claims.ts';
export {
  type GatewayQuestion,
  type ResultClaims,
  resultClaims,
  type SealedConsent,
} from './gateway/result-claims.ts';
export { AssentClient, type AssentClientOptions } from './http/client.ts';
export { exitCodeOf, receiptOf, type SubmitOutcome } from './http/outcome.ts';
export type { DecideOptions, ReadOptions } from './http/read.ts';
export type { SubmitOptions } from './http/submission.ts';
export type { Fetch } from './http/transport.ts';
export { webClock, webRandom } from './platform.ts';
export {
  type AccessBatchRequest,
  type BatchedAccess,
  type BatchedResult,
  type SealedAccessBatch,
  sealAccesses,
} from './wallet/access-batch.ts';
export { type AccessRequestContent, type SignedAccessRequest, signAccessRequest } from './wallet/access-request.ts';
export { type CreateSigner, type Identity, identityOf, provePossession, withKey } from './wallet/identity.ts';
export { buildTransaction, type SignedTransaction, type TransactionRequest } from './wallet/transaction.ts';
export { Wallet } from './wallet/wallet.ts';
export { decodeMemory, type LastCosigned, type MemoryFile, type WitnessMemory } from './witness/memory.ts';
export { type SignedSighting, Witness, type WitnessOptions } from './witness/witness.ts';
