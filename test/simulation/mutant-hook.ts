import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mutants } from './mutants.ts';

const sourceRoot = fileURLToPath(new URL('../../src/', import.meta.url));

/** The files to change, with their broken text. Throws when a patch no longer fits the code. */
function brokenFiles(name: string): Map<string, string> {
  const chosen = mutants.find((candidate) => candidate.name === name);
  if (chosen === undefined) throw new Error(`no mutant "${name}"`);
  const files = readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(sourceRoot, file));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const broken = new Map<string, string>();
  for (const { find, replace } of chosen.patches) {
    const places = files.filter((file) => texts.get(file)?.includes(find));
    const [file] = places;
    if (file === undefined || places.length > 1)
      throw new Error(`mutant "${name}" fits ${places.length} places and should fit one: ${find}`);
    const text = (texts.get(file) as string).replace(find, () => replace);
    texts.set(file, text);
    broken.set(pathToFileURL(file).href, text);
  }
  return broken;
}

/** Throws unless the mutant fits the code as it is. */
export function checkFits(name: string): void {
  brokenFiles(name);
}

/** Breaks the rule in this process: must run before the first import of `src/`. */
export function switchOn(name: string): void {
  const broken = brokenFiles(name);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const source = broken.get(url);
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}
