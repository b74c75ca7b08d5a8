import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vectorFiles } from '../test/support/vector-files.ts';

/* Writes test/vectors/receipts anew: npx node scripts/receipt-vectors.ts. A test compares what stands there with the code. */

const folder = join(import.meta.dirname, '../test/vectors/receipts');
mkdirSync(folder, { recursive: true });
const files = await vectorFiles();
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name));
for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
process.stdout.write(`${files.size} files in ${folder}\n`);
