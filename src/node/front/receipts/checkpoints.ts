import type {
  CheckpointList,
  CheckpointParams,
  CheckpointQuery,
  CosignatureBody,
  CosignatureReply,
} from '../../../api/index.ts';
import { AssentError, equalBytes, fromHex, present, toHex } from '../../../base/index.ts';
import { decodeDid, encodeDid, sha256, type VerifySignature, verifySignature } from '../../../crypto/index.ts';
import { cosignatureMessage } from '../../../verify/index.ts';
import type { KeptCosignature } from '../../cosignatures/store.ts';
import type { Ask } from '../../queries/query.ts';
import { headerAt } from './frame.ts';
import type { MadeReceipt, Receipts } from './receipts.ts';

/** Heights of one list: the newest. */
const listMax = 100;

export interface CheckpointsOptions {
  readonly ask: Ask;
  readonly ledgerId: Uint8Array;
  readonly receipts: Pick<Receipts, 'checkpoint'>;
  readonly verify?: VerifySignature;
}

/** Checkpoints with the cosignatures that the node has of them. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** The newest heights that anyone cosigned, the newest first. */
  async list(): Promise<CheckpointList> {
    const kept = await this.#options.ask('cosignatures', {});
    const heights = Map.groupBy(kept, ({ height }) => height);
    const newest = [...heights].sort(([left], [right]) => right - left).slice(0, listMax);
    return {
      checkpoints: newest.map(([height, cosignatures]) => ({
        height,
        cosignatures: cosignatures.map(({ witness, blockHash, time, signature }) => ({
          witness: encodeDid(witness),
          hash: toHex(blockHash),
          time,
          signature: toHex(signature),
        })),
      })),
    };
  }

  /** With every cosignature of it. Throws `not-found` where none has as many as are asked for, or as receipts do. */
  async get({ reference }: CheckpointParams, { witnesses, checkpoint }: CheckpointQuery): Promise<MadeReceipt> {
    const { ask, receipts } = this.#options;
    const kept = await ask('cosignatures', {});
    const height = reference === 'latest' ? await this.#latest(kept, witnesses) : Number(reference);
    const hash = sha256(await headerAt(ask, height));
    const cosignatures = kept
      .filter((one) => one.height === height && equalBytes(one.blockHash, hash))
      .map(({ witness, time, signature }) => ({ witness, time, signature }));
    if (cosignatures.length < witnesses)
      throw new AssentError('not-found', `${cosignatures.length} witnesses cosigned block ${height} here.`);
    return receipts.checkpoint(height, cosignatures, checkpoint);
  }

  /** Throws `block-unknown`, `checkpoint-contradicted`, `signature-invalid`, `witness-unknown`. */
  async cosign(
    height: number,
    { witness: did, hash, time, signature: text }: CosignatureBody,
  ): Promise<CosignatureReply> {
    const { ask, ledgerId, verify = verifySignature } = this.#options;
    const witness = decodeDid(did);
    if (witness === undefined) throw new AssentError('request-invalid', `${did} is not a did:assent.`);
    const blockHash = present(fromHex(hash), 'the route checked the hash');
    const signature = present(fromHex(text), 'the route checked the signature');
    if (!verify(witness, cosignatureMessage(ledgerId, { time, height, blockHash }), signature))
      throw new AssentError('signature-invalid', 'The cosignature is not signed by this witness for this ledger.');
    if (!equalBytes(sha256(await headerAt(ask, height)), blockHash))
      throw new AssentError(
        'checkpoint-contradicted',
        `The witness cosigned another block of height ${height} than this node holds.`,
      );
    return { isNew: await ask('cosign', { witness, height, blockHash, time, signature }) };
  }

  /** The newest block, or the newest one with so many cosignatures. */
  async #latest(kept: readonly KeptCosignature[], witnesses: number): Promise<number> {
    if (witnesses === 0) return (await this.#options.ask('bounds', {})).height;
    const heights = Map.groupBy(kept, ({ height }) => height);
    const found = [...heights].filter(([, cosignatures]) => cosignatures.length >= witnesses).map(([height]) => height);
    if (found.length === 0)
      throw new AssentError('not-found', `No block that this node knows was cosigned by ${witnesses} witnesses.`);
    return Math.max(...found);
  }
}
