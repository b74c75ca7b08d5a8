import { AssentError } from '../../base/index.ts';

/**
 * What JSON.parse answers, where no object has a name twice: it keeps the last of the two, and whoever looks at the file
 * may see the first. Throws a SyntaxError or `encoding-invalid`.
 */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (namesWritten(text) !== namesIn(value)) throw new AssentError('encoding-invalid', 'an object has a name twice');
  return value;
}

/** Each name is followed by a colon, and outside of strings there are no others. The text is well-formed JSON. */
function namesWritten(text: string): number {
  let names = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === ':') names += 1;
    else if (character === '"') at = endOfString(text, at + 1);
  }
  return names;
}

/** Place of the quotation mark that ends the string whose first character stands at `at`. */
function endOfString(text: string, at: number): number {
  let end = at;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const items = Object.values(value);
  const own = Array.isArray(value) ? 0 : items.length;
  return items.reduce<number>((names, item) => names + namesIn(item), own);
}
