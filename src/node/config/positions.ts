/** Where in a JSON text each value begins: line numbers from 1, by path. */
export class JsonPositions {
  readonly #lines = new Map<string, number>();
  /** The first key that an object has twice: JSON.parse would silently take the last. */
  duplicate: { readonly key: string; readonly line: number } | undefined;

  /** `text` is JSON that JSON.parse accepts. */
  constructor(text: string) {
    new Scanner(text, (path, line) => this.#note(path, line)).value([]);
  }

  /** The line of the value under the path, or of the nearest one around it. */
  lineOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(keyOf(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }

  #note(path: readonly PropertyKey[], line: number): void {
    const key = keyOf(path);
    if (this.#lines.has(key)) this.duplicate ??= { key: String(path.at(-1)), line };
    else this.#lines.set(key, line);
  }
}

function keyOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** Walks valid JSON; tells of every member and element where it begins. */
class Scanner {
  readonly #text: string;
  readonly #visit: (path: readonly PropertyKey[], line: number) => void;
  #position = 0;
  #line = 1;

  constructor(text: string, visit: (path: readonly PropertyKey[], line: number) => void) {
    this.#text = text;
    this.#visit = visit;
  }

  value(path: readonly PropertyKey[]): void {
    this.#space();
    const first = this.#text[this.#position];
    if (first === '{') this.#members('}', () => this.#member(path));
    else if (first === '[') this.#elements(path);
    else if (first === '"') this.#string();
    else while (/[\w.+-]/.test(this.#text[this.#position] ?? '')) this.#position += 1;
  }

  #member(path: readonly PropertyKey[]): void {
    const line = this.#line;
    const name = this.#string();
    this.#visit([...path, name], line);
    this.#space();
    this.#position += 1; // the colon
    this.value([...path, name]);
  }

  #elements(path: readonly PropertyKey[]): void {
    let index = 0;
    this.#members(']', () => {
      const element = [...path, index];
      this.#visit(element, this.#line);
      this.value(element);
      index += 1;
    });
  }

  #members(end: string, each: () => void): void {
    this.#position += 1;
    this.#space();
    while (this.#text[this.#position] !== end) {
      each();
      this.#space();
      if (this.#text[this.#position] === ',') this.#position += 1;
      this.#space();
    }
    this.#position += 1;
  }

  #string(): string {
    const start = this.#position;
    this.#position += 1;
    while (this.#text[this.#position] !== '"') this.#position += this.#text[this.#position] === '\\' ? 2 : 1;
    this.#position += 1;
    return JSON.parse(this.#text.slice(start, this.#position)) as string;
  }

  #space(): void {
    for (; /\s/.test(this.#text[this.#position] ?? ''); this.#position++) {
      if (this.#text[this.#position] === '\n') this.#line += 1;
    }
  }
}
