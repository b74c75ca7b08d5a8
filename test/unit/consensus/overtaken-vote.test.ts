import { expect, test } from 'vitest';
import { Effects } from '../../../src/consensus/effects.ts';
import type { Message } from '../../../src/consensus/index.ts';

const tip = { term: 0, height: 0, hash: new Uint8Array(32) };
const statement = { term: 25, candidate: 'a', tip, configurationHash: new Uint8Array(32) };
const vote: Message = { type: 'vote-reply', term: 25, statement, signature: new Uint8Array(64), tip };
const refusal: Message = { type: 'vote-reply', term: 25, statement, tip };

test('a vote that waits for a sync is not sent once its term is over; a refusal is', () => {
  const effects = new Effects(10);
  effects.sendAfter(1, 'a', vote);
  effects.sendAfter(1, 'a', refusal);
  effects.dropStatements();
  effects.sendAfter(2, 'b', vote);
  effects.release(2);
  expect(effects.messages).toEqual([
    { to: 'a', message: refusal },
    { to: 'b', message: vote },
  ]);
});
