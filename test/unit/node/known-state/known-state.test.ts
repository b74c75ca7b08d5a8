import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionRequest, DecisionView } from '../../../../src/api/index.ts';
import { AssentError, present } from '../../../../src/base/index.ts';
import { type Advice, KnownState, StateFeed, type StateNews } from '../../../../src/node/known-state/index.ts';
import { type Asking, Chain, who } from '../replay/support.ts';

const subjects = ['ana', 'cleo', 'dan'];
const agents = ['kay', 'eve'];
const questions = subjects.flatMap((subject) =>
  agents.map(
    (agent): DecisionRequest => ({
      agent: who(agent).did,
      role: agent === 'kay' ? 'clinician' : 'emergency-physician',
      organisation: 'north',
      subject: who(subject).did,
      domain: 'north-records',
      purpose: 'TREAT',
      action: 'access',
    }),
  ),
);

/** A message of the main thread: news, or the answer to a question. */
type Message = { readonly news: StateNews } | { readonly answer: Advice };

/** A node's two threads: what the one sends reaches the other later, in order. */
class Threads {
  readonly chain: Chain;
  readonly feed: StateFeed;
  readonly known = new KnownState(() => 0);
  readonly messages: Message[] = [];
  readonly #consents: string[] = [];

  private constructor(chain: Chain, generationBytesMax: number) {
    this.chain = chain;
    this.feed = new StateFeed({
      ledger: chain.ledger,
      nowMs: () => 0,
      send: (news) => this.messages.push({ news }),
      generationBytesMax,
    });
  }

  static async begin(generationBytesMax = 1 << 20): Promise<Threads> {
    const chain = await Chain.begin();
    const linked = subjects.filter((subject) => subject !== 'ana').map((subject) => chain.link('north', subject));
    await chain.block(linked);
    return new Threads(chain, generationBytesMax);
  }

  /** What the main thread says; what it read is on its way. */
  ask(question: DecisionRequest): string {
    const answer = this.feed.decide(question);
    this.messages.push({ answer });
    return answer.text;
  }

  deliver(count = this.messages.length): void {
    for (const message of this.messages.splice(0, count)) this.#receive(message);
  }

  #receive(message: Message): void {
    if ('news' in message) this.known.follow(message.news);
    else this.known.learn(present(message.answer.values, 'an answer of a bounded question'));
  }

  /** Delivers the newest before those that came earlier, as far as threads do that: an answer may be overtaken by news. */
  deliverOvertaken(): void {
    const place = this.messages.findIndex((message) => 'answer' in message);
    const [answer] = place < 0 ? [] : this.messages.splice(place, 1);
    this.deliver();
    if (answer !== undefined) this.#receive(answer);
  }

  /** Text of what is decided here; undefined where that is not known. */
  here(question: DecisionRequest): string | undefined {
    const advised = this.known.decide(question);
    if (advised === undefined) return undefined;
    if ('refusal' in advised) throw advised.refusal;
    return advised.text;
  }

  async grant(subject: string): Promise<void> {
    const provision = { type: 'permit', purposes: ['TREAT'] };
    const { id, receipt } = await this.chain.one(this.chain.grant(provision, subject));
    if (receipt.result.ok) this.#consents.push(id);
  }

  async revoke(place: number): Promise<void> {
    const [consent] = this.#consents.splice(place % Math.max(1, this.#consents.length), 1);
    if (consent === undefined) return;
    const asking = subjects.map((subject): Asking => [subject, 'consent.revoke', { consent }]);
    // All but the subject's own are refused.
    await this.chain.block(asking);
  }
}

const place = fc.nat({ max: 5 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ask: place }) },
  { weight: 2, arbitrary: fc.record({ grant: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ revoke: place }) },
  { weight: 2, arbitrary: fc.record({ credential: fc.nat({ max: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ deliver: fc.nat({ max: 4 }) }) },
  { weight: 2, arbitrary: fc.constantFrom({ overtaken: true }, { overtaken: true }, { reload: true }) },
);

describe('decisions beside the main thread', () => {
  it('are those of the main thread after the block that they name, whatever is on its way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 40 }),
        fc.constantFrom(12 * 1024, 20 * 1024, 1 << 20),
        async (steps, generationBytesMax) => {
          const threads = await Threads.begin(generationBytesMax);
          const { chain, known } = threads;
          /** By height, what the main thread says to each question. */
          const said = new Map<number, readonly string[]>();
          const note = (): void => {
            const state = new StateFeed({
              ledger: { certified: chain.ledger.certified, onCertified: () => undefined },
              nowMs: () => 0,
              send: () => undefined,
            });
            const { height } = chain.ledger.certified.facts;
            said.set(
              height,
              questions.map((question) => state.decide(question).text),
            );
          };
          note();
          for (const next of steps) {
            if ('ask' in next) threads.ask(present(questions[next.ask], 'a question'));
            else if ('grant' in next) await threads.grant(present(subjects[next.grant], 'a subject'));
            else if ('revoke' in next) await threads.revoke(next.revoke);
            else if ('credential' in next)
              await chain.one(chain.credential('north', present(agents[next.credential], 'an agent'), 'clinician'));
            else if ('deliver' in next) threads.deliver(next.deliver);
            else if ('overtaken' in next) threads.deliverOvertaken();
            else chain.ledger.reload();
            note();
            for (const [place, question] of questions.entries()) {
              const text = threads.here(question);
              if (text === undefined) continue;
              const { height } = JSON.parse(text) as DecisionView;
              expect(height).toBe(known.facts?.height);
              expect(text).toBe(said.get(height)?.[place]);
            }
          }
          threads.deliver();
          if (known.size > 0) expect(known.facts?.height).toBe(chain.ledger.certified.facts.height);
          expect(known.size * 1024).toBeLessThanOrEqual(2 * generationBytesMax);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('need the main thread once for a subject, and go on without it through its changes', async () => {
    const threads = await Threads.begin();
    const [question = {}] = questions;
    expect(threads.here(question)).toBeUndefined();
    expect(threads.ask(question)).toContain('"decision":"deny"');
    threads.deliver();
    expect(threads.here(question)).toContain('"decision":"deny"');
    await threads.chain.one(threads.chain.credential('north', 'kay', 'device'));
    // What was given out changed; until it is heard of, the state is the former one.
    expect(threads.here(question)).toContain('"height":3');
    threads.deliver();
    expect(threads.here(question)).toContain('"height":4');
    // A new consent was not given out yet.
    await threads.grant('ana');
    threads.deliver();
    expect(threads.here(question)).toBeUndefined();
    threads.ask(question);
    threads.deliver();
    expect(threads.here(question)).toContain('"decision":"permit"');
    await threads.revoke(0);
    threads.deliver();
    expect(threads.here(question)).toContain('"decision":"deny"');
  });

  it('tell nothing while nothing was given out, and all of a batch or nothing', async () => {
    const threads = await Threads.begin();
    await threads.grant('ana');
    expect(threads.messages).toEqual([]);
    const { known, feed } = threads;
    threads.ask(present(questions[0], 'a question'));
    threads.deliver();
    expect(known.decide({ questions })).toBeUndefined();
    const { text, values } = feed.decide({ questions });
    known.learn(present(values, 'few values'));
    expect(known.decide({ questions })).toMatchObject({ text });
    expect(JSON.parse(text)).toHaveProperty('decisions.length', questions.length);
  });

  it('refuse as the main thread does', async () => {
    const threads = await Threads.begin();
    const [question = {}] = questions;
    threads.ask(question);
    threads.deliver();
    const wrong = { ...question, purpose: 'FOR-FUN' };
    expect(() => threads.feed.decide(wrong)).toThrow(AssentError);
    const { refusal } = threads.known.decide(wrong) as { refusal: AssentError };
    expect(refusal).toMatchObject({ code: 'request-invalid' });
    // What does not exist is never remembered, so that nobody fills the memory with names.
    const unknown = { ...question, domain: 'nowhere' };
    expect(() => threads.feed.decide(unknown)).toThrow('there is no domain');
    expect(threads.known.decide(unknown)).toBeUndefined();
  });

  it('begin again where the ledger does', async () => {
    const threads = await Threads.begin();
    const { chain } = threads;
    const [question = {}] = questions;
    const block = chain.executed([chain.grant({ type: 'permit', purposes: ['TREAT'] })]);
    chain.ledger.certify(block.hash);
    expect(threads.ask(question)).toContain('"decision":"permit"');
    threads.deliver();
    expect(threads.here(question)).toContain('"height":4');
    // A snapshot is installed, say, or damage is mended: what was not durable is gone.
    chain.ledger.reload();
    threads.deliver();
    expect(threads.here(question)).toBeUndefined();
    // Of which block it is nobody tells whoever holds nothing: not even a refusal is of the newest one.
    expect(threads.known.decide({ ...question, purpose: 'FOR-FUN' })).toBeUndefined();
    expect(threads.ask(question)).toContain('"decision":"deny"');
    threads.deliver();
    expect(threads.here(question)).toContain('"height":3');
  });

  it('forget what was given out two generations ago, and are told no more of it', async () => {
    const threads = await Threads.begin(8 * 1024);
    const [first = {}] = questions;
    threads.ask(first);
    for (const question of questions.slice(1)) threads.ask(question);
    threads.deliver();
    expect(threads.known.decide(first)).toBeUndefined();
    await threads.chain.one(threads.chain.credential('south', 'somebody', 'device'));
    expect(threads.messages).toMatchObject([{ news: { type: 'state', values: { keys: [] } } }]);
  });
});
