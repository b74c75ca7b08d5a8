import { type Command, CommanderError } from 'commander';
import { Context, type GlobalOptions } from './context.ts';
import { failureOf, failureText } from './output/failure.ts';
import { styleFor } from './output/style.ts';
import type { Shell } from './shell.ts';

/** What a command has to say: one document for machines, text for people, and how it ends. */
export interface Report {
  readonly json: unknown;
  readonly text: string;
  /** 0 unless given. */
  readonly exitCode?: number;
}

/** What a command does. It answers with a report, or prints by itself and answers with nothing. */
export type Action<Args extends readonly unknown[]> = (
  context: Context,
  ...args: Args
) => Promise<Report | undefined> | Report | undefined;

/** One run of the program: turns commands into actions that print what they report and what they throw. */
export class Session {
  readonly shell: Shell;
  exitCode = 0;
  #program: Command | undefined;

  constructor(shell: Shell) {
    this.shell = shell;
  }

  attach(program: Command): void {
    this.#program = program;
  }

  run<Args extends readonly unknown[]>(action: Action<Args>): (...args: Args) => Promise<void> {
    return async (...args) => {
      const context = new Context(this.shell, this.#options());
      try {
        const report = await action(context, ...args);
        if (report !== undefined) this.print(context, report);
      } catch (thrown) {
        this.fail(thrown);
      } finally {
        context.close();
      }
    };
  }

  print(context: Context, report: Report): void {
    const text = context.json ? JSON.stringify(report.json, undefined, 2) : report.text;
    if (text !== '') this.shell.stdout.write(`${text}\n`);
    this.exitCode = report.exitCode ?? 0;
  }

  fail(thrown: unknown): void {
    const { shell } = this;
    const { json = false, debug = false } = this.#options();
    const failure = failureOf(thrown);
    this.exitCode = failure.exitCode;
    if (json) {
      const { code, message, action, details } = failure;
      shell.stdout.write(`${JSON.stringify({ error: { code, message, action, ...details } }, undefined, 2)}\n`);
    } else shell.stderr.write(`${failureText(failure, styleFor(shell.stderr, shell.environment))}\n`);
    if (debug && thrown instanceof Error) shell.stderr.write(`${stackOf(thrown)}\n`);
  }

  /** Ends the run for what the parser of the command line threw: help and version are no failures. */
  stop(thrown: unknown): void {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
    // A noun without a verb: its help was shown.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') this.exitCode = 2;
    else this.fail(thrown);
  }

  #options(): GlobalOptions {
    return this.#program?.opts<GlobalOptions>() ?? {};
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
