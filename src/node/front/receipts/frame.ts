import { AssentError, type Clock, equalBytes, fromHex, present } from '../../../base/index.ts';
import { decodeHeader, openGenesis } from '../../../ledger/index.ts';
import {
  configurationIn,
  decodeHistory,
  type HistoryStep,
  type ReceiptFrame,
  receiptBytesMax,
} from '../../../verify/index.ts';
import type { AnswerOf, Ask, CertifiedHeader } from '../../queries/query.ts';

/** How long a block without a certificate of its own, or of a later one, is waited for. */
const certificateWaitMs = 5000;
const pollMs = 50;

export interface FrameOptions {
  readonly ask: Ask;
  readonly clock: Clock;
}

/**
 * What a receipt about the block of this height has besides its content: the nearest block with a certificate, the
 * changes of the configuration up to there, and the way between. With the height of a checkpoint that the asker has
 * pinned, what the checkpoint says already is left out. Throws `node-behind`, `history-not-kept`, `block-unknown`.
 */
export async function frameOf(
  { ask, clock }: FrameOptions,
  height: number,
  checkpoint: number | undefined,
): Promise<ReceiptFrame> {
  const genesis = present(fromHex((await ask('genesis', {})).genesis), 'the genesis is hexadecimal');
  if (checkpoint !== undefined && height <= checkpoint) {
    const head = { header: await headerAt(ask, checkpoint), certificate: undefined };
    const block = await blockBelow(ask, height, checkpoint);
    return { genesis, checkpoint: undefined, configurations: [], head, block };
  }
  const known = openGenesis(genesis).configuration;
  const deadlineMs = clock.monotonicMs() + certificateWaitMs;
  for (;;) {
    const head = await ask('certified', { height });
    const steps = head && (await stepsUpTo(ask, head, known.hash));
    if (head !== undefined && steps !== undefined) {
      const isAfter = (step: HistoryStep): boolean => decodeHeader(step.header).height > (checkpoint ?? 0);
      const before = steps.filter((step) => !isAfter(step)).at(-1);
      const link = checkpoint !== undefined && {
        header: await headerAt(ask, checkpoint),
        configuration: before === undefined ? known.bytes : configurationIn(before),
        path: await ask('historyPath', { height: checkpoint, above: head.height }),
      };
      return {
        genesis,
        checkpoint: link || undefined,
        configurations: steps.filter(isAfter),
        head: { header: head.header, certificate: head.certificate },
        block: await blockBelow(ask, height, head.height),
      };
    }
    if (clock.monotonicMs() >= deadlineMs)
      throw new AssentError('node-behind', `No block from ${height} on is certified and applied here yet.`);
    await new Promise<void>((resolve) => void clock.after(pollMs, resolve));
  }
}

export async function headerAt(ask: Ask, height: number): Promise<Uint8Array> {
  const [found] = await ask('headers', { from: height, limit: 1 });
  if (found === undefined) throw new AssentError('block-unknown', `No committed block is ${height}.`);
  return found.headerBytes;
}

async function blockBelow(ask: Ask, height: number, above: number): Promise<ReceiptFrame['block']> {
  if (height === above) return undefined;
  return { header: await headerAt(ask, height), path: await ask('historyPath', { height, above }) };
}

/** The changes up to the head; undefined while the last of them is not proved here. Throws `receipt-too-large`. */
async function stepsUpTo(
  ask: Ask,
  head: CertifiedHeader,
  genesisConfiguration: Uint8Array,
): Promise<readonly HistoryStep[] | undefined> {
  const steps: HistoryStep[] = [];
  let byteLength = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const piece: AnswerOf<'history'> = await ask('history', { after });
    byteLength += piece.bytes.length;
    if (byteLength > receiptBytesMax)
      throw new AssentError('receipt-too-large', 'The nodes changed too often for one receipt from genesis.');
    const all: readonly HistoryStep[] = decodeHistory(piece.bytes).steps;
    const upToHead = all.filter((step) => decodeHeader(step.header).height <= head.height);
    steps.push(...upToHead);
    after = upToHead.length === all.length ? piece.next : undefined;
  }
  const last = steps.at(-1);
  const configurationHash = last === undefined ? genesisConfiguration : decodeHeader(last.header).configurationHash;
  return equalBytes(configurationHash, decodeHeader(head.header).configurationHash) ? steps : undefined;
}
