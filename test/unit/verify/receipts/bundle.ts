import { join } from 'node:path';
import { rolldown } from 'rolldown';

const entry = join(import.meta.dirname, '../../../../src/verify/receipts/index.ts');

/** `assent/verify` in one minified module, as an application's bundler would take it in for a browser. */
export async function verifierBundle(): Promise<{ readonly code: string; readonly imports: readonly string[] }> {
  const bundle = await rolldown({ input: entry, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  const [chunk] = output;
  return { code: chunk.code, imports: [...chunk.imports, ...chunk.dynamicImports] };
}

/** Modules outside of this project that are in it. */
export async function librariesInBundle(): Promise<string[]> {
  const bundle = await rolldown({ input: entry, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundle.generate({ format: 'esm' });
  const modules = Object.keys(output[0].modules).filter((module) => module.includes('node_modules'));
  return [...new Set(modules.map((module) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? module))].sort();
}
