import { describe, expect, it } from 'vitest';
import { type Inner, inner, leaf } from '../../../src/ledger/state/nodes.ts';
import { damagedTree } from '../../../src/ledger/state/pages.ts';
import { OpenedPages } from '../../../src/ledger/state/tree-walk.ts';

const key = '\0'.repeat(32);
const pageOf = (number: number): Inner => inner(leaf(key, String(number).padStart(32, '0')), undefined);

describe('pages that were read of late', () => {
  it('are opened once, wherever a tree has them', () => {
    const pages = new OpenedPages();
    let opened = 0;
    const open = pages.through(() => pageOf(++opened));
    const first = open(key, 8, 'a');
    expect(open(key, 12, 'a')).toBe(first);
    expect(pages.through(() => pageOf(99))(key, 8, 'a')).toBe(first);
    expect(open(key, 8, 'b')).not.toBe(first);
    expect(opened).toBe(2);
  });

  it('are not remembered where they were damaged', () => {
    const pages = new OpenedPages();
    const damaged = pages.through(() => {
      throw damagedTree();
    });
    expect(() => damaged(key, 8, 'a')).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
    const page = pageOf(1);
    expect(pages.through(() => page)(key, 8, 'a')).toBe(page);
  });

  it('are forgotten when they were not used for long, and stay as long as they are', () => {
    const pages = new OpenedPages();
    const opened = new Map<string, number>();
    const open = pages.through((_, __, hash) => {
      opened.set(hash, (opened.get(hash) ?? 0) + 1);
      return pageOf(0);
    });
    open(key, 8, 'once');
    for (let number = 0; number < 20_000; number++) {
      open(key, 8, 'often');
      open(key, 8, `page-${number}`);
    }
    open(key, 8, 'once');
    expect(opened.get('once')).toBe(2);
    expect(opened.get('often')).toBe(1);
  });
});
