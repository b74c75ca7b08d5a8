/** The node's configuration file: JSON, checked by a schema, unknown settings refused, errors with the line. */
export { loadConfig, parseConfig, resolveFiles } from './load.ts';
export type { ListenAddress, NodeConfig, PeerConfig } from './schema.ts';
