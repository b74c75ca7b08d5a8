import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { librariesInBundle, verifierBundle } from './bundle.ts';

const folder = join(import.meta.dirname, '../../../vectors/receipts');
const bundleBytesMax = 60_000;
const chromium = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== '' && existsSync(path));

describe('assent/verify', () => {
  it('is under 60 kB, minified, and needs nothing but noble', async () => {
    const { code, imports } = await verifierBundle();
    expect(Buffer.byteLength(code)).toBeLessThan(bundleBytesMax);
    expect(imports).toEqual([]);
    expect(code).not.toMatch(/\bnode:(?!crypto)/);
    expect(await librariesInBundle()).toEqual(['@noble/ed25519', '@noble/hashes']);
  });

  it.skipIf(chromium === undefined)('gives the verdict of every vector in headless Chromium', async () => {
    const { code } = await verifierBundle();
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      readonly name: string;
      readonly file: string;
      readonly expect: string;
      readonly pinned: { readonly witnesses?: { readonly cosigned?: string } };
    }[];
    const hexOf = (file: string): string => readFileSync(join(folder, file)).toString('hex');
    const vectors = index.map((entry) => ({
      ...entry,
      receipt: hexOf(entry.file),
      cosigned: entry.pinned.witnesses?.cosigned && hexOf(entry.pinned.witnesses.cosigned),
    }));
    const text = await printedBy(
      `
      const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
      const vectors = ${JSON.stringify(vectors)};
      const verdicts = vectors.map(({ name, pinned, receipt, cosigned }) => {
        const by = pinned.checkpoint ? { checkpoint: bytes(pinned.checkpoint) } : { genesisHash: bytes(pinned.genesisHash) };
        const { witnesses } = pinned;
        if (witnesses) by.witnesses = { keys: witnesses.keys.map(bytes), atLeast: witnesses.atLeast };
        if (cosigned) by.witnesses.cosigned = bytes(cosigned);
        const verdict = verify.verifyReceipt(bytes(receipt), by);
        return name + ' ' + (verdict.ok ? 'ok' : verdict.code);
      });
      document.body.textContent = [typeof process, ...verdicts].join(';');`,
      code,
    );
    expect(text).toBe(['undefined', ...index.map((entry) => `${entry.name} ${entry.expect}`)].join(';'));
  });
});

/** What a page says after it ran the script with the bundle as `verify`. */
async function printedBy(script: string, bundle: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'assent-browser-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const page = join(directory, 'page.html');
  const module = `data:text/javascript;base64,${Buffer.from(bundle).toString('base64')}`;
  writeFileSync(
    page,
    `<!doctype html><body><script type="module">import * as verify from ${JSON.stringify(module)};${script}</script></body>`,
  );
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    `--user-data-dir=${directory}/profile`,
  ];
  const browser = spawn(present(chromium, 'a browser'), [
    ...flags,
    '--virtual-time-budget=30000',
    '--dump-dom',
    `file://${page}`,
  ]);
  const parts: string[] = [];
  browser.stdout.setEncoding('utf8').on('data', (part: string) => parts.push(part));
  await new Promise<void>((resolve, reject) => {
    browser.once('error', reject);
    browser.once('close', () => resolve());
  });
  return /<body>(.*?)<\/body>/s.exec(parts.join(''))?.[1]?.replace(/<script[\s\S]*?<\/script>/, '') ?? parts.join('');
}
