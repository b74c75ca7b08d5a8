import { assert, compareBytes, present } from '../../src/base/index.ts';
import type { SignedTransaction } from '../../src/client/index.ts';
import {
  type AckStatement,
  ackMessage,
  type BlockCertificate,
  encodeJustification,
  type TermCertificate,
  voteMessage,
} from '../../src/consensus/index.ts';
import { createSigner, encodeNodeId, generateSeed, type Signer } from '../../src/crypto/index.ts';
import {
  type Genesis,
  genesisOperations,
  Ledger,
  type OpenedBlock,
  UnverifiedTransaction,
  VerifiedTransaction,
} from '../../src/ledger/index.ts';
import { createExecutor } from '../../src/node/rules.ts';
import { ScratchStore } from '../../src/storage/index.ts';
import { consortiumGenesis } from './consortium.ts';

/** A chain as three voters make it, two of whom sign every block: without their network and their disks. */
export class CertifiedChain {
  readonly genesis: Genesis;
  readonly blocks: Uint8Array[] = [];
  readonly #signers: readonly Signer[] = Array.from({ length: 3 }, () => createSigner(generateSeed()));
  readonly #store: ScratchStore;
  readonly #ledger: Ledger;
  #certificate: BlockCertificate | undefined;

  private constructor(genesisOf: (keys: readonly Uint8Array[]) => Genesis) {
    this.genesis = genesisOf(this.#signers.map(({ publicKey }) => publicKey));
    this.#store = new ScratchStore();
    const executor = createExecutor();
    this.#store.load(genesisOperations(this.#store, this.genesis, executor));
    this.#ledger = new Ledger(this.#store, this.genesis, executor, { checksReads: false });
  }

  static begin(): CertifiedChain {
    return new CertifiedChain(consortiumGenesis);
  }

  /** Of the newest block. */
  get certificate(): BlockCertificate {
    return present(this.#certificate, 'there is a block');
  }

  async add(transactions: readonly SignedTransaction[]): Promise<void> {
    const ledger = this.#ledger;
    const [leader] = this.#signers as [Signer];
    const { hash, timestamp, height } = ledger.applied;
    const verified = transactions.map(({ bytes }) => {
      const transaction = new UnverifiedTransaction(bytes);
      return VerifiedTransaction.vouchedFor(transaction, transaction.sender);
    });
    const first = height === 0 ? { term: this.#termCertificate() } : {};
    const justification = encodeJustification({ ...first, ...(this.#certificate && { block: this.#certificate }) });
    const { draft, accept } = ledger.seal(
      {
        parentHash: hash,
        term: 1,
        timestamp: Math.max(Date.now(), timestamp + 1),
        enactsChange: false,
        justification: () => justification,
      },
      leader.publicKey,
      verified,
      (_, reason) => assert(false, `a transaction was left out: ${reason}`),
    );
    accept();
    const block = draft.sign(leader);
    const { operations } = ledger.commit(block.hash);
    await this.#store.put(operations);
    ledger.settle(block.hash);
    this.blocks.push(block.bytes);
    this.#certificate = this.#certified(block);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #certified({ header, hash }: OpenedBlock): BlockCertificate {
    const { term, height, configurationHash } = header;
    const ack: AckStatement = { term, height, blockHash: hash, configurationHash };
    return { ack, signatures: this.#majority(ackMessage(this.genesis.ledgerId, ack)) };
  }

  #termCertificate(): TermCertificate {
    const { ledgerId, configuration } = this.genesis;
    const [leader] = this.#signers as [Signer];
    const request = {
      term: 1,
      candidate: encodeNodeId(leader.publicKey),
      tip: { term: 0, height: 0, hash: ledgerId },
      configurationHash: configuration.hash,
    };
    return { request, votes: this.#majority(voteMessage(ledgerId, request)) };
  }

  #majority(message: Uint8Array): BlockCertificate['signatures'] {
    const two = this.#signers.slice(0, 2).sort((left, right) => compareBytes(left.publicKey, right.publicKey));
    return two.map((signer) => ({ signer: encodeNodeId(signer.publicKey), signature: signer.sign(message) }));
  }
}
