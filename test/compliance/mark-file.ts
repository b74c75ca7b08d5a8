import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/index.ts';
import { type Mark, type MarkFile, markBytesMax, redoBytesMax } from '../../src/storage/index.ts';
import { noDigest, sha256 } from '../../src/storage/journal-records.ts';

export interface MarkFilePlace {
  open(): MarkFile;
}

export function writeMark(file: MarkFile, mark: Mark): Promise<void> {
  return new Promise((resolve, reject) =>
    file.write(mark, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** What every mark file promises (src/storage/mark-file.ts). `makePlace` is called once a test. */
export function markFileCompliance(name: string, makePlace: () => MarkFilePlace): void {
  describe(`mark file: ${name}`, () => {
    test('holds nothing at first', async () => {
      const file = makePlace().open();
      expect(file.read()).toEqual({ mark: undefined, damagedSlots: 0 });
      await file.close();
    });

    test('reads the newest mark when it is opened again', async () => {
      const place = makePlace();
      for (let number = 1; number <= 5; number++) {
        const file = place.open();
        for (const journalNumber of [number * 10, number * 10 + 1])
          await writeMark(file, { bytes: new Uint8Array(number * 100).fill(journalNumber), journalNumber });
        await file.close();
        const again = place.open();
        const bytes = new Uint8Array(number * 100).fill(number * 10 + 1);
        expect(again.read()).toEqual({ mark: { bytes, journalNumber: number * 10 + 1 }, damagedSlots: 0 });
        await again.close();
      }
    });

    test('takes a mark of any allowed length, and no other', async () => {
      const place = makePlace();
      const file = place.open();
      await writeMark(file, { bytes: new Uint8Array(markBytesMax).fill(7), journalNumber: 1 });
      expect(() => file.write({ bytes: new Uint8Array(markBytesMax + 1), journalNumber: 2 }, () => undefined)).toThrow(
        InvariantError,
      );
      expect(() => file.write({ bytes: new Uint8Array(0), journalNumber: 2 }, () => undefined)).toThrow(InvariantError);
      await file.close();
      expect(place.open().read().mark?.bytes).toEqual(new Uint8Array(markBytesMax).fill(7));
    });

    test('keeps the batch that comes with a mark, of any allowed length, and none with a mark that has none', async () => {
      const place = makePlace();
      let journalNumber = 1;
      for (const length of [1, 4096 - 128 - 1, 4096, redoBytesMax, undefined, 7, 0]) {
        const operations = new Uint8Array(length ?? 0).fill(1);
        const redo = { previousDigest: new Uint8Array(32).fill(9), digest: sha256(operations), operations };
        const file = place.open();
        const mark = { bytes: Uint8Array.of(1), journalNumber: journalNumber++ };
        await writeMark(file, length === undefined ? mark : { ...mark, redo });
        await file.close();
        const reading = place.open().read();
        expect(reading.mark?.redo, `${length} bytes`).toEqual(length === undefined ? undefined : redo);
      }
      const tooLong = { previousDigest: noDigest, digest: noDigest, operations: new Uint8Array(redoBytesMax + 1) };
      const mark = { bytes: Uint8Array.of(1), journalNumber: 1, redo: tooLong };
      expect(() => place.open().write(mark, () => undefined)).toThrow(InvariantError);
    });

    test('takes one mark at a time and completes never within the call', async () => {
      const file = makePlace().open();
      const order: string[] = [];
      const written = new Promise<void>((resolve) =>
        file.write({ bytes: Uint8Array.of(1), journalNumber: 1 }, () => {
          order.push('done');
          resolve();
        }),
      );
      expect(() => file.write({ bytes: Uint8Array.of(2), journalNumber: 2 }, () => undefined)).toThrow(InvariantError);
      order.push('called');
      await written;
      expect(order).toEqual(['called', 'done']);
      await writeMark(file, { bytes: Uint8Array.of(3), journalNumber: 3 });
      await file.close();
    });
  });
}
