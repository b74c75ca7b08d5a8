import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { OutcomeView } from '../../api/index.ts';

/** Metrics of the HTTP thread. Labels are names of routes and stable codes, never data of a person. */
export class FrontMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'operation' | 'status'>;
  readonly #outcomes: Counter<'status' | 'code'>;
  readonly #advice: Counter<'state'>;

  constructor(outstanding: () => number) {
    const registers = [this.#registry];
    this.#requests = new Histogram({
      name: 'assent_http_request_seconds',
      help: 'Duration of HTTP requests, by operation and status.',
      labelNames: ['operation', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#outcomes = new Counter({
      name: 'assent_submissions_total',
      help: 'Submitted transactions, by outcome and code.',
      labelNames: ['status', 'code'],
      registers,
    });
    this.#advice = new Counter({
      name: 'assent_advisory_decisions_total',
      help: 'Requests for advisory decisions, by whether the HTTP thread knew the state (known) or the main thread was asked.',
      labelNames: ['state'],
      registers,
    });
    new Gauge({
      name: 'assent_submissions_outstanding',
      help: 'Submitted transactions without an outcome.',
      registers,
      collect() {
        this.set(outstanding());
      },
    });
  }

  request(operation: string, status: number, durationMs: number): void {
    this.#requests.observe({ operation, status: String(status) }, durationMs / 1000);
  }

  outcome({ status, error, receipt }: OutcomeView): void {
    this.#outcomes.inc({ status, code: error?.code ?? receipt?.result.code ?? '' });
  }

  advice(isKnown: boolean): void {
    this.#advice.inc({ state: isKnown ? 'known' : 'asked' });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
