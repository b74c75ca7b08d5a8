import type { Stream } from '@libp2p/interface';
import { AssentError, concatBytes } from '../base/index.ts';
import { FrameParser, frameHeaderBytes } from './frame-parser.ts';

/** A frame with its length before it, as {@link readSingleFrame} expects it. */
export function withLength(frame: Uint8Array): Uint8Array {
  const header = new Uint8Array(frameHeaderBytes);
  new DataView(header.buffer).setUint32(0, frame.length);
  return concatBytes(header, frame);
}

/**
 * Reads the one frame that a stream is there for: 1 to `frameBytesMax` bytes. Calls `take` at most once. Calls `fail`
 * when the stream says more than that or says it wrongly, and whenever it ends; perhaps repeatedly, also after `take`.
 */
export function readSingleFrame(
  stream: Stream,
  frameBytesMax: number,
  { take, fail }: { take: (frame: Uint8Array) => void; fail: (reason: string) => void },
): void {
  let bytesLeft = frameHeaderBytes + frameBytesMax;
  let isTaken = false;
  const parser = new FrameParser(frameBytesMax, (frame) => {
    if (isTaken) return fail('a second frame on a stream for one');
    isTaken = true;
    take(frame);
  });
  stream.addEventListener('message', ({ data }) => {
    bytesLeft -= data.byteLength;
    if (bytesLeft < 0) return fail('more bytes than the longest frame has');
    try {
      if (data instanceof Uint8Array) parser.push(data);
      else for (const part of data) parser.push(part);
    } catch (error) {
      if (!(error instanceof AssentError && error.code === 'frame-invalid')) throw error;
      fail(error.message);
    }
  });
  stream.addEventListener('remoteCloseWrite', () => fail('the stream ended'));
  stream.addEventListener('close', () => fail('the stream ended'));
}
