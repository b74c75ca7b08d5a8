import { equalBytes, present, toHex } from '../../src/base/index.ts';
import type {
  AckStatement,
  BlockCertificate,
  Configuration,
  Hash,
  SignedAck,
  StatementSignature,
  TermCertificate,
} from '../../src/consensus/index.ts';
import type { Forge } from '../unit/consensus/forge.ts';

/** Short names that stay the same: nodes are numbered from 1, block `b3@2` has height 3 and term 2. */
export class Labels {
  readonly #numbers: Map<string, number>;
  readonly #names: Map<string, string> = new Map<string, string>();
  readonly #forge: Forge;

  constructor(forge: Forge) {
    this.#forge = forge;
    this.#numbers = new Map(forge.signers.map((_, index) => [forge.id(index), index + 1]));
  }

  node(id: string): number {
    return present(this.#numbers.get(id), 'the node is of the cluster');
  }

  /** Puts numbers in place of the identifiers in a sentence. */
  sentence(text: string): string {
    let shortened = text;
    for (const [id, number] of this.#numbers) shortened = shortened.replaceAll(id, `${number}`);
    return shortened;
  }

  /** The chain's start is `b0`; every further block of one height and term gets one more prime. */
  block({ height, term, hash }: { readonly height: number; readonly term: number; readonly hash: Hash }): string {
    if (height === 0) return 'b0';
    const key = toHex(hash);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const base = `b${height}@${term}`;
    const rivals = [...this.#names.values()].filter((name) => name.replaceAll("'", '') === base).length;
    const name = `${base}${"'".repeat(rivals)}`;
    this.#names.set(key, name);
    return name;
  }

  hash(hash: Hash): string {
    return this.block(present(this.#forge.blocks.get(toHex(hash)), 'the block was made here'));
  }

  blocks(blocks: readonly Parameters<Labels['block']>[0][]): string {
    return blocks.map((block) => this.block(block)).join(' ');
  }

  acked({ height, term, blockHash }: AckStatement): string {
    return this.block({ height, term, hash: blockHash });
  }

  acks(acks: readonly SignedAck[]): string {
    return acks.map(({ statement }) => this.acked(statement)).join(' ');
  }

  certificate({ ack, signatures }: BlockCertificate): string {
    return `certificate of ${this.acked(ack)} by ${this.#signers(signatures)}`;
  }

  termCertificate({ request, votes }: TermCertificate): string {
    return `certificate of term ${request.term} by ${this.#signers(votes)}`;
  }

  configuration({ nodes }: Configuration): string {
    const [voters, learners] = (['voter', 'learner'] as const).map((wanted) =>
      nodes
        .filter(({ role }) => role === wanted)
        .map(({ id }) => this.node(id))
        .sort((left, right) => left - right)
        .join('+'),
    );
    return `voters ${voters}${learners === '' ? '' : `, learners ${learners}`}`;
  }

  /** Whether it is the one with which the ledger began. */
  isFirst({ hash }: Configuration): boolean {
    return equalBytes(hash, this.#forge.configuration.hash);
  }

  #signers(signatures: readonly StatementSignature[]): string {
    return signatures
      .map(({ signer }) => this.node(signer))
      .sort((left, right) => left - right)
      .join('+');
  }
}
