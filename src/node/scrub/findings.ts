import type { AssentError, Logger } from '../../base/index.ts';

/** What is looked at. */
export const scrubbedParts = ['blocks', 'receipts', 'index', 'state', 'tree', 'cosignatures', 'tables'] as const;
export type ScrubbedPart = (typeof scrubbedParts)[number];

/** Damage that was found and repaired since the node started. */
export class Findings {
  readonly found: Record<ScrubbedPart, number> = none();
  readonly repaired: Record<ScrubbedPart, number> = none();
  readonly #logger: Logger;
  /** What is damaged, by name. */
  readonly #open = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Damage that was found and is not repaired. */
  get open(): number {
    return this.#open.size;
  }

  /** `shown`: its name in the log. */
  damaged(part: ScrubbedPart, name: string, { message }: AssentError, shown: string = name): void {
    if (this.#open.has(name)) return;
    this.#open.add(name);
    this.found[part] += 1;
    this.#logger.error({ part, what: shown, reason: message }, 'damage was found on the disk');
  }

  mended(part: ScrubbedPart, name: string): void {
    this.#open.delete(name);
    this.repaired[part] += 1;
    this.#logger.warn({ part }, 'damage on the disk was repaired');
  }

  fine(name: string): void {
    this.#open.delete(name);
  }
}

function none(): Record<ScrubbedPart, number> {
  return Object.fromEntries(scrubbedParts.map((part) => [part, 0])) as Record<ScrubbedPart, number>;
}
