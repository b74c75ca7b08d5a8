import type { BlockCertificate } from '../../consensus/index.ts';
import type { Operation } from '../../storage/index.ts';
import { certificateOperations } from './persistence.ts';

/**
 * Which block certificates are on their way to the disk, or there. Batches arrive in the order in which they were given to
 * the journal, so what an earlier one brings no later one has to.
 */
export class WrittenCertificates {
  #height = 0;

  /** For the batch that is given to the journal next. Nothing where it, or that of a higher block, was written before. */
  operations(certificate: BlockCertificate): readonly Operation[] {
    const { height } = certificate.ack;
    if (height <= this.#height) return [];
    this.#height = height;
    return certificateOperations(certificate);
  }
}
