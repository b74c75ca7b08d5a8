import pino from 'pino';
import type { LogFields, Logger } from '../base/index.ts';
import type { NodeConfig } from './config/index.ts';

/** The node's log, and the way to get its last lines onto the disk. */
export interface NodeLog {
  readonly logger: Logger;
  flush(): void;
}

/** JSON lines in the configured file or on standard error; never on standard output. */
export function openLog(config: NodeConfig['log'], nodeId: string): NodeLog {
  const target = config.file ?? 2;
  const destination = pino.destination({ dest: target, mkdir: true, append: true, sync: true });
  const base = { node: nodeId };
  const log = pino({ level: config.level, base, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const at =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void =>
      log[level](fields, message);
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { logger, flush: () => destination.flushSync() };
}
