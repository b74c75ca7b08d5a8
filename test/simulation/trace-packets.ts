import type { BlockReference } from '../../src/consensus/index.ts';
import type { Packet } from '../support/simulated-network.ts';
import { type NodeChannel, readFrame } from '../support/simulated-node.ts';

/** A packet as the trace tells it: hashes and signatures cut short, blocks as term and height, lists of signatures as counts. */
export function describePacket(packet: Packet<NodeChannel>): object {
  const { number, from, to, channel, frame } = packet;
  const message = readFrame(packet);
  return {
    packet: number,
    from,
    to,
    channel,
    bytes: frame.length,
    ...(message === undefined ? {} : { message: JSON.parse(JSON.stringify(message, shorten)) }),
  };
}

function shorten(key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, 4)).toString('hex');
  if (key === 'blocks') return (value as BlockReference[]).map(({ term, height }) => `${term}:${height}`);
  if (key === 'signatures' || key === 'votes') return (value as unknown[]).length;
  return value;
}
