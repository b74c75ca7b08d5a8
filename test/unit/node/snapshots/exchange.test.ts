import { expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { type Answer, Exchange } from '../../../../src/node/snapshots/exchange.ts';
import { decodeSnapshotMessage, type SnapshotMessage } from '../../../../src/node/snapshots/messages.ts';

const nothing = new Uint8Array();
const block = new Uint8Array(32).fill(1);
const otherBlock = new Uint8Array(32).fill(2);
const address = Uint8Array.of(3);
type Piece = Extract<SnapshotMessage, { type: 'piece' }>;
const head: Piece = { type: 'piece', block, address, offset: 0, total: 4, bytes: Uint8Array.of(5, 6) };
const rest: Piece = { ...head, offset: 2, bytes: Uint8Array.of(7, 8) };
const whole = Uint8Array.of(5, 6, 7, 8);

/** A question to the peer `asked`. */
class Asked {
  readonly sent: { readonly to: string; readonly message: SnapshotMessage }[] = [];
  readonly exchange: Exchange = new Exchange({
    send: (to, frame) => this.sent.push({ to, message: decodeSnapshotMessage(frame) }),
    silentTicksMax: 100,
  });
  answer: Answer | undefined;

  constructor(of: Uint8Array = block, at: Uint8Array = address) {
    void this.exchange.ask('asked', { block: of, address: at }).then((answer) => {
      this.answer = answer;
    });
  }

  async receive(message: SnapshotMessage, from = 'asked'): Promise<Answer | undefined> {
    this.exchange.receive(from, message);
    await Promise.resolve();
    return this.answer;
  }

  async tick(count: number): Promise<Answer | undefined> {
    for (let tick = 0; tick < count; tick++) this.exchange.tick();
    await Promise.resolve();
    return this.answer;
  }
}

it('asks for each piece when the one before it has come', async () => {
  const asked = new Asked();
  await asked.receive(head);
  expect(asked.sent.map(({ to, message }) => [to, message])).toEqual([
    ['asked', { type: 'request', block, address, offset: 0 }],
    ['asked', { type: 'request', block, address, offset: 2 }],
  ]);
  expect(await asked.receive(rest)).toEqual({ type: 'bytes', block, bytes: whole });
});

it.each<[what: string, message: SnapshotMessage, from?: string]>([
  ['of another peer', rest, 'other'],
  ['of another address', { ...rest, address: Uint8Array.of(4) }],
  ['of another block', { ...rest, block: otherBlock }],
  ['that came before', head],
  ['with a gap before it', { ...rest, offset: 3, bytes: Uint8Array.of(9) }],
  ['of another total', { ...rest, total: 5, bytes: Uint8Array.of(7, 8, 9) }],
  ['that is none of another block', { type: 'none', block: otherBlock, address }],
  ['that is no answer', { type: 'request', block, address, offset: 2 }],
])('passes over a piece %s', async (_, stray, from) => {
  const asked = new Asked();
  await asked.receive(head);
  expect(await asked.receive(stray, from)).toBeUndefined();
  expect(await asked.receive(rest)).toEqual({ type: 'bytes', block, bytes: whole });
});

it('takes the pieces of one block when it asked for any', async () => {
  const asked = new Asked(nothing, nothing);
  const manifest = { address: nothing };
  await asked.receive({ ...head, ...manifest });
  expect(present(asked.sent[1], 'the next request').message).toMatchObject({ block, offset: 2 });
  expect(await asked.receive({ ...rest, ...manifest, block: otherBlock })).toBeUndefined();
  expect(await asked.receive({ ...rest, ...manifest })).toEqual({ type: 'bytes', block, bytes: whole });
});

it('hears that there is none, whether any was asked for or this one', async () => {
  for (const of of [nothing, block]) {
    const asked = new Asked(of, nothing);
    expect(await asked.receive({ type: 'none', block: of, address: nothing })).toEqual({ type: 'none' });
  }
  const left = new Asked(nothing, nothing);
  await left.receive({ ...head, address: nothing });
  expect(await left.receive({ type: 'none', block, address: nothing })).toEqual({ type: 'none' });
});

it('asks again for what did not come, and gives up a peer that brings nothing new', async () => {
  const asked = new Asked();
  await asked.tick(39);
  expect(asked.sent).toHaveLength(1);
  await asked.tick(1);
  expect(asked.sent).toHaveLength(2);
  await asked.tick(50);
  await asked.receive(head);
  await asked.tick(99);
  expect(asked.answer).toBeUndefined();
  // What it had already is nothing new.
  await asked.receive(head);
  expect(await asked.tick(1)).toEqual({ type: 'silent' });
  expect(asked.sent.map(({ message }) => 'offset' in message && message.offset)).toEqual([0, 0, 0, 2, 2, 2]);
});
