#!/usr/bin/env node
// Runs the program on a Node that can: this one, or the one among its dependencies. Plain JavaScript for Node 18 and up.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist', 'cli', 'main.js');
const entry = existsSync(built) ? built : join(root, 'src', 'cli', 'main.ts');
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Starting takes half the time when what was compiled once is kept. Older Nodes cannot.
nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'assent'));

if (satisfies(process.versions.node, engines.node)) await import(pathToFileURL(entry).href);
else runOnOwnNode();

/** Whether a version is in one of the caret ranges: `^22.18.0 || ^24.0.0`. */
function satisfies(version, ranges) {
  const [major, minor, patch] = version.split('.').map(Number);
  return ranges.split('||').some((range) => {
    const [wantedMajor, wantedMinor, wantedPatch] = range.trim().slice(1).split('.').map(Number);
    return major === wantedMajor && (minor > wantedMinor || (minor === wantedMinor && patch >= wantedPatch));
  });
}

function runOnOwnNode() {
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(node)) {
    process.stderr.write(
      `assent needs Node ${engines.node}; this is ${process.versions.node}. Install a current Node, or run \`npm ci\` in ${root}. [usage]\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to the child as well; the child takes a signal that comes twice at once as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be started: ${error.message}. [usage]\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal] ?? 1;
  });
}
