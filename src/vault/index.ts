/**
 * What stays off the ledger: the keystore, sealed under a passphrase, with the seeds of keys and the openings of
 * commitments. Without an opening its commitment says nothing to anyone.
 */

export { readFileIfPresent, replaceFile } from './keystore/files.ts';
export type { KeyEntry } from './keystore/keys.ts';
export { Keystore, type KeystoreOptions } from './keystore/keystore.ts';
export type { Labels, Opening } from './keystore/records.ts';
