import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/index.ts';
import { type MarkFile, markBytesMax } from '../../src/storage/index.ts';

export interface MarkFilePlace {
  open(): MarkFile;
}

export function writeMark(file: MarkFile, bytes: Uint8Array, journalNumber: number): Promise<void> {
  return new Promise((resolve, reject) =>
    file.write(bytes, journalNumber, (error) => (error === undefined ? resolve() : reject(error))),
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
          await writeMark(file, new Uint8Array(number * 100).fill(journalNumber), journalNumber);
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
      await writeMark(file, new Uint8Array(markBytesMax).fill(7), 1);
      expect(() => file.write(new Uint8Array(markBytesMax + 1), 2, () => undefined)).toThrow(InvariantError);
      expect(() => file.write(new Uint8Array(0), 2, () => undefined)).toThrow(InvariantError);
      await file.close();
      expect(place.open().read().mark?.bytes).toEqual(new Uint8Array(markBytesMax).fill(7));
    });

    test('takes one mark at a time and completes never within the call', async () => {
      const file = makePlace().open();
      const order: string[] = [];
      const written = new Promise<void>((resolve) =>
        file.write(Uint8Array.of(1), 1, () => {
          order.push('done');
          resolve();
        }),
      );
      expect(() => file.write(Uint8Array.of(2), 2, () => undefined)).toThrow(InvariantError);
      order.push('called');
      await written;
      expect(order).toEqual(['called', 'done']);
      await writeMark(file, Uint8Array.of(3), 3);
      await file.close();
    });
  });
}
