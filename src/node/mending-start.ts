import { AssentError } from '../base/index.ts';
import { encodeNodeId, systemRandom, verifySignature } from '../crypto/index.ts';
import { createTransport } from '../p2p/index.ts';
import { PeerKeeper } from './membership.ts';
import type { NodeBasis } from './opening.ts';
import { damagedKey } from './replica/index.ts';
import { decodeRepairMessage, isRepairFrame, mendValue, Repairs } from './scrub/index.ts';
import { Ticker } from './ticker.ts';

/** A disk of which more than this keeps a node from starting is to be replaced. */
const mendsMax = 16;

/**
 * What `start` gives. It executes what is above the applied block again, and may come across a damaged value: then the
 * nodes of the configuration are asked for it, before this one takes any part, and it is tried again. Throws what `start`
 * throws where nobody has it.
 */
export async function startedMended<T>(basis: NodeBasis, start: () => T): Promise<T> {
  for (let count = 0; ; count++) {
    try {
      return start();
    } catch (error) {
      const key = damagedKey(error);
      if (key === undefined || count >= mendsMax) throw error;
      basis.log.logger.error(
        { reason: (error as Error).message },
        'damage on the disk is in the way: others are asked',
      );
      if (!(await mended(basis, key))) throw error;
      basis.opened.ledger.reload();
      basis.log.logger.warn({}, 'damage on the disk was repaired: the node goes on');
    }
  }
}

/** Connects for this alone: no frame of consensus is heard or sent. */
async function mended({ config, identity, opened, log, clock }: NodeBasis, key: string): Promise<boolean> {
  const { ledger, directory } = opened;
  const { logger } = log;
  const transport = createTransport({
    nodeKeySeed: identity.key.seed,
    ledgerId: ledger.ledgerId,
    listenAddress: config.p2p.listen,
    peers: identity.peers,
    clock,
    random: systemRandom,
    logger,
    onFrame: (from, channel, frame) => {
      if (channel !== 'bulk' || !isRepairFrame(frame)) return;
      try {
        repairs.receive(from, decodeRepairMessage(frame));
      } catch (error) {
        if (!(error instanceof AssentError)) throw error;
        transport.cutOff(from, error.message);
      }
    },
  });
  const repairs = new Repairs({
    ledger,
    verify: verifySignature,
    peers: () => transport.peers().flatMap(({ connected, nodeId }) => (connected ? [nodeId] : [])),
    send: (to, frame) => transport.send(to, 'bulk', frame),
  });
  const ticker = new Ticker({ clock, tickMs: config.timing.tickMs, tick: () => repairs.tick() });
  const keeper = new PeerKeeper({
    ledger,
    self: identity.key.nodeId,
    configured: identity.peers,
    transport,
    logger,
  });
  const { nodes } = ledger.configurationOf(ledger.applied.hash);
  keeper.changed({ connected: new Set(nodes.map(({ publicKey }) => encodeNodeId(publicKey))) });
  await transport.start();
  ticker.start();
  try {
    const { store, journal } = directory;
    return await mendValue({ ledger, store, journal, repairs, clock }, key);
  } finally {
    ticker.stop();
    repairs.stop();
    await transport.stop();
  }
}
