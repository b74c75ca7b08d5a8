/**
 * FHIR: reads R4 sources with byte precision and commits to their elements. Runs anywhere; touches no file and no
 * network. What is read stays with the caller: only salted commitments are meant for the ledger.
 */
export * from './source/index.ts';
