import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../../../src/base/index.ts';
import { FramePacker } from '../../../src/p2p/frame-packer.ts';
import { FrameParser } from '../../../src/p2p/frame-parser.ts';

const limits = { frameBytesMax: 300, queueFramesMax: 100, queueBytesMax: 100_000 };

function collect(frameBytesMax = limits.frameBytesMax): { parser: FrameParser; frames: Uint8Array[] } {
  const frames: Uint8Array[] = [];
  return { parser: new FrameParser(frameBytesMax, (frame) => frames.push(frame)), frames };
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (let index = 0; offset < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number;
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return chunks;
}

describe('frames on the wire', () => {
  test('the length is four bytes, big-endian', () => {
    const packer = new FramePacker({ ...limits, frameBytesMax: 1000 });
    packer.push(new Uint8Array(258).fill(7));
    expect(toHex(packer.take(6))).toBe('000001020707');
  });

  test('whatever the pieces and the chunks, the same frames come out in the same order', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: limits.frameBytesMax });
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), sizes, sizes, (sent, pieceSizes, chunkSizes) => {
        const packer = new FramePacker(limits);
        for (const each of sent) packer.push(each);
        const total = packer.waitingBytes;
        const pieces: Uint8Array[] = [];
        for (let index = 0; packer.waitingBytes > 0; index++)
          pieces.push(packer.take(pieceSizes[index % pieceSizes.length] as number));
        const wire = concatBytes(...pieces);
        expect(wire.length).toBe(total);
        const { parser, frames } = collect();
        for (const chunk of cut(wire, chunkSizes)) parser.push(chunk);
        expect(frames.map(toHex)).toEqual(sent.map(toHex));
        expect(parser.midFrame).toBe(false);
      }),
    );
  });

  test('a frame is a copy: it keeps no receive buffer alive and does not change with it', () => {
    const { parser, frames } = collect();
    const chunk = Uint8Array.of(0, 0, 0, 2, 1, 2, 0, 0);
    parser.push(chunk);
    chunk.fill(9);
    expect(frames.map(toHex)).toEqual(['0102']);
    expect(frames[0]?.buffer.byteLength).toBe(2);
  });

  test('a frame at the bound passes; one byte more is refused at its header, before anything is kept', () => {
    const { parser, frames } = collect(5);
    parser.push(Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4, 5));
    expect(frames).toHaveLength(1);
    expect(() => parser.push(Uint8Array.of(0, 0, 0, 6))).toThrow(expect.objectContaining({ code: 'frame-invalid' }));
    expect(() => collect(5).parser.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toThrow(/4294967295/);
  });

  test('an empty frame is a sign of life: not delivered, and not an end', () => {
    const { parser, frames } = collect();
    parser.push(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 42));
    expect(frames.map(toHex)).toEqual(['2a']);
  });

  test('a stream that ends within a header or a body is noticed', () => {
    for (const part of [Uint8Array.of(0), Uint8Array.of(0, 0, 0, 2), Uint8Array.of(0, 0, 0, 2, 1)]) {
      const { parser } = collect();
      parser.push(part);
      expect(parser.midFrame).toBe(true);
    }
  });
});

describe('the queue of a channel', () => {
  test('refuses beyond its bytes and beyond its frames', () => {
    const byBytes = new FramePacker({ frameBytesMax: 10, queueFramesMax: 10, queueBytesMax: 27 });
    expect([byBytes.push(new Uint8Array(10)), byBytes.push(new Uint8Array(9))]).toEqual([true, true]);
    expect(byBytes.push(new Uint8Array(1))).toBe(false);
    const byFrames = new FramePacker({ frameBytesMax: 10, queueFramesMax: 1, queueBytesMax: 100 });
    expect([byFrames.push(new Uint8Array(1)), byFrames.push(new Uint8Array(1))]).toEqual([true, false]);
  });

  test('after the stream broke within a frame, the frame starts over', () => {
    const packer = new FramePacker(limits);
    packer.push(Uint8Array.of(1, 2, 3));
    expect(packer.take(5)).toHaveLength(5);
    expect(packer.waitingBytes).toBe(2);
    packer.rewind();
    expect(toHex(packer.take(100))).toBe('00000003010203');
  });

  test('a frame above the bound is a bug of the caller', () => {
    expect(() => new FramePacker(limits).push(new Uint8Array(301))).toThrow(/bound/);
  });
});
