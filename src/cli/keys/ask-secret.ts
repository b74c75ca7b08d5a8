import type { ReadStream } from 'node:tty';

interface Output {
  write(text: string): unknown;
}

/** Reads a line from a terminal without showing it; undefined when there is no terminal or nothing was typed. */
export function askSecret(question: string, input: ReadStream, output: Output): Promise<string | undefined> {
  if (!input.isTTY) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let typed = '';
    const finish = (answer: string | undefined): void => {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      resolve(answer === '' ? undefined : answer);
    };
    const onData = (chunk: string): void => {
      for (const character of chunk) {
        // Ctrl-C and Ctrl-D: raw mode makes them characters.
        const given = character === '\u0003' || character === '\u0004';
        if (given || character === '\r' || character === '\n') {
          finish(given ? undefined : typed);
          return;
        }
        typed = character === '\u007f' || character === '\b' ? typed.slice(0, -1) : typed + character;
      }
    };
    output.write(`${question}: `);
    input.setEncoding('utf8');
    input.setRawMode(true);
    input.resume();
    input.on('data', onData);
  });
}
