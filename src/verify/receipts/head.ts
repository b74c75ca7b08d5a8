import { AssentError, equalBytes, messageOf } from '../../base/index.ts';
import {
  type BlockCertificate,
  type Configuration,
  decodeBlockCertificate,
  verifyBlockCertificate,
} from '../../consensus/portable.ts';
import { leafHash, sha256, type VerifySignature, verifyInclusion } from '../../crypto/portable.ts';
import { type BlockHeader, decodeHeader, type Genesis, openConfiguration, openGenesis } from '../../ledger/portable.ts';
import { consensusForm } from '../configuration-form.ts';
import { invalidHistory } from '../configuration-history.ts';
import { verifyHistory } from '../configuration-steps.ts';
import { recoveriesOf } from '../recovery.ts';
import { type Anchor, agrees, ledgerOf } from './anchor.ts';
import { malformed } from './fields.ts';
import type { ReceiptFrame } from './receipt.ts';

/** A block that is proved, by its own certificate or by that of one above it. */
export interface ProvedBlock extends BlockHeader {
  readonly hash: Uint8Array;
}

/** What the head of a receipt rests on. */
export interface ProvedHead {
  readonly block: ProvedBlock;
  readonly genesis: Genesis;
  /** The configuration whose majority certified it, and who signed; undefined when the head is itself what is pinned. */
  readonly certified: { readonly configuration: Configuration; readonly certificate: BlockCertificate } | undefined;
  /** Changes of the configuration that were followed. */
  readonly changes: number;
}

/**
 * The head: the checkpoint that is pinned, or a block with the certificate of a majority of the configuration to which
 * the changes lead, from genesis or from the pinned checkpoint. Throws a code of a receipt.
 */
export function verifyHead(frame: ReceiptFrame, anchor: Anchor, verify: VerifySignature): ProvedHead {
  const genesis = readAs('the genesis', () => openGenesis(frame.genesis));
  if (!equalBytes(genesis.ledgerId, ledgerOf(anchor)))
    throw new AssentError('receipt-of-another-ledger', 'The receipt is of another ledger than what is pinned.');
  const block = openBlock(frame.head.header, genesis.ledgerId);
  if (!agrees(anchor, block.height, block.hash)) throw otherChain(block.height);
  if (frame.head.certificate === undefined) {
    checkPinned(anchor, block);
    if (frame.checkpoint !== undefined || frame.configurations.length > 0)
      throw malformed('its newest block is pinned, and it has a history');
    return { block, genesis, certified: undefined, changes: 0 };
  }
  const configuration = configurationAt(frame, block, genesis, anchor, verify);
  const certificate = readAs('the certificate', () => decodeBlockCertificate(frame.head.certificate as Uint8Array));
  const { ack } = certificate;
  if (ack.height !== block.height || ack.term !== block.term || !equalBytes(ack.blockHash, block.hash))
    throw uncertified('it is the certificate of another block');
  if (!verifyBlockCertificate(certificate, configuration, genesis.ledgerId, verify))
    throw uncertified('no majority of the configuration in force signed it');
  return { block, genesis, certified: { configuration, certificate }, changes: frame.configurations.length };
}

/** The block that the receipt is about: the head, or an ancestor by its path in the head's history. */
export function verifyBlock({ block: below }: ReceiptFrame, head: ProvedBlock, anchor: Anchor): ProvedBlock {
  if (below === undefined) return head;
  const block = openBlock(below.header, head.ledgerId);
  if (!isAncestor(block, below.path, head))
    throw new AssentError(
      'receipt-block-unproved',
      `Block ${block.height} is not in the history of the certified block ${head.height}.`,
    );
  if (!agrees(anchor, block.height, block.hash)) throw otherChain(block.height);
  return block;
}

/** Leaf h of a block's `historyRoot` is the hash of block h; of its own height there is none. */
export function isAncestor(
  { hash, height }: Pick<ProvedBlock, 'hash' | 'height'>,
  path: readonly Uint8Array[],
  head: ProvedBlock,
): boolean {
  return verifyInclusion({ leafHash: leafHash(hash), index: height, size: head.height, path, root: head.historyRoot });
}

export function openBlock(bytes: Uint8Array, ledgerId: Uint8Array): ProvedBlock {
  const header = readAs('a header', () => decodeHeader(bytes));
  if (!equalBytes(header.ledgerId, ledgerId))
    throw new AssentError('receipt-of-another-ledger', 'A header in the receipt is of another ledger.');
  if (header.height < 1) throw malformed('a header is of no block');
  return { ...header, hash: sha256(bytes) };
}

export function readAs<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code.startsWith('receipt-')) throw error;
    throw malformed(`${what} in it cannot be read (${messageOf(error)})`, error);
  }
}

/** The configuration in force after the head. */
function configurationAt(
  frame: ReceiptFrame,
  head: ProvedBlock,
  genesis: Genesis,
  anchor: Anchor,
  verify: VerifySignature,
): Configuration {
  const { ledgerId } = genesis;
  const first = frame.checkpoint === undefined ? genesis.configuration : checkpointConfiguration(frame, head, anchor);
  const known = {
    ledgerId,
    height: 0,
    configuration: consensusForm(first),
    openRecovery: recoveriesOf(genesis, verify),
  };
  const history = { ledgerId, knownHeight: 0, knownHash: first.hash, steps: frame.configurations };
  const proved = historyOf(() => verifyHistory(history, known, verify));
  const [earliest, last] = [proved[0], proved.at(-1)];
  if (last !== undefined && (last.height > head.height || last.term > head.term))
    throw unproved('it goes on above the certified block');
  const pinned = anchor.type === 'checkpoint' ? anchor.header : undefined;
  if (
    frame.checkpoint !== undefined &&
    pinned !== undefined &&
    earliest !== undefined &&
    earliest.height <= pinned.height
  )
    throw unproved('it begins below the checkpoint');
  const configuration = last?.configuration ?? known.configuration;
  if (!equalBytes(configuration.hash, head.configurationHash))
    throw unproved('it does not lead to the configuration of the certified block');
  if (frame.checkpoint === undefined && pinned !== undefined && pinned.height <= head.height) {
    const at = proved.findLast(({ height }) => height <= pinned.height)?.configuration ?? known.configuration;
    if (!equalBytes(at.hash, pinned.configurationHash)) throw otherChain(pinned.height);
  }
  return configuration;
}

function checkpointConfiguration(frame: ReceiptFrame, head: ProvedBlock, anchor: Anchor) {
  const { header, configuration, path } = frame.checkpoint as NonNullable<ReceiptFrame['checkpoint']>;
  const block = openBlock(header, head.ledgerId);
  checkPinned(anchor, block);
  if (!isAncestor(block, path, head)) throw otherChain(block.height);
  const opened = readAs('a configuration', () => openConfiguration(configuration));
  if (!equalBytes(opened.hash, block.configurationHash))
    throw unproved("it does not begin with the checkpoint's configuration");
  return opened;
}

function checkPinned(anchor: Anchor, { hash }: ProvedBlock): void {
  if (anchor.type !== 'checkpoint' || !equalBytes(anchor.hash, hash))
    throw new AssentError('receipt-of-another-ledger', 'It is made for a checkpoint that is not pinned.');
}

function historyOf<T>(verified: () => T): T {
  try {
    return verified();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'history-invalid') throw error;
    throw new AssentError('receipt-history-invalid', error.message, error.data, { cause: error });
  }
}

function unproved(reason: string): AssentError {
  return new AssentError('receipt-history-invalid', invalidHistory(reason).message);
}

function uncertified(reason: string): AssentError {
  return new AssentError('receipt-certificate-invalid', `Its newest block is not certified: ${reason}.`);
}

function otherChain(height: number): AssentError {
  return new AssentError(
    'receipt-block-unproved',
    `The receipt is of another chain than the checkpoint of block ${height}.`,
  );
}
