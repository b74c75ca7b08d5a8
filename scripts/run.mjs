// Runs a script of this project on a current Node, whatever Node starts it, and installs what the lock file names if
// that was not done yet. Plain JavaScript for Node 18 and up: it is what runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.assent-installed');
const [task, ...rest] = process.argv.slice(2);

const tasks = {
  start: () => runSource('src/cli/main.ts', ['demo', '--stay', ...rest]),
  simulate: () => runSource('scripts/simulate.ts', rest),
  bench: () => runSource('bench/main.ts', rest),
  test: () => test(rest),
  check: () => check(),
};

if (!Object.hasOwn(tasks, task ?? '')) fail(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')}`);
installOnce();
process.exitCode = await tasks[task]();

/** Installs unless the lock file, the platform and the result of the last installation are the same as then. */
function installOnce() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).update(`${process.platform} ${process.arch}`).digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(nodeProgram())) return;
  process.stderr.write('Installing what package-lock.json names (once) …\n');
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail('The installation failed; npm says why above. Nothing was started.', status ?? 1);
  try {
    writeFileSync(stampFile, stamp);
  } catch (problem) {
    fail(`The installation cannot be recorded: ${problem.message}. Make this directory writable for you.`);
  }
}

/** The Node of the lock file, so that the one that started this does not matter. */
function nodeProgram() {
  return join(root, 'node_modules', 'node', 'bin', 'node');
}

function runSource(file, args) {
  return run(nodeProgram(), ['--disable-warning=ExperimentalWarning', join(root, file), ...args]);
}

/** Everything that continuous integration runs: style, types, and the tests. */
async function test(args) {
  if (args.length === 0) {
    const status = await check();
    if (status !== 0) return status;
  }
  const directory = mkdtempSync(join(tmpdir(), 'assent-test-'));
  const report = join(directory, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const status = await run(nodeProgram(), [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
    process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
  }
  rmSync(directory, { recursive: true, force: true });
  return status;
}

async function check() {
  const biome = await run(nodeProgram(), [
    join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome'),
    'check',
    '.',
  ]);
  if (biome !== 0) return biome;
  return run(nodeProgram(), [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', root]);
}

/** Runs a program to its end, hands signals on, and gives its exit code. */
function run(program, args) {
  const path = `${dirname(nodeProgram())}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`;
  const cache = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'assent');
  const env = { ...process.env, PATH: path, NODE_COMPILE_CACHE: cache };
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the child as well, other senders do not; what comes twice at once counts once there.
  const handOn = (signal) => child.kill(signal);
  process.on('SIGINT', handOn);
  process.on('SIGTERM', handOn);
  process.on('SIGHUP', handOn);
  // A shell between npm and this ends on SIGTERM without handing it on. Whoever started this being gone means: stop.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  return new Promise((resolve) => {
    child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

function fail(message, status = 2) {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}
