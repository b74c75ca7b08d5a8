/**
 * What a node's process is started with. V8 fixes the bound of the young generation when a process starts, at 128 MiB on a
 * machine with much memory, and lets it fill up with garbage, array buffers beside it: a quarter of that is enough.
 */
export const nodeOptions: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];

/**
 * What a node's process has in its environment unless that says otherwise. glibc gives threads arenas of their own, up to
 * eight a core, and each keeps what was freed in it; and once a large piece was freed it takes pieces of that size, up to
 * 32 MiB, out of them, too. Other allocators do not know these variables.
 */
export const nodeEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '262144',
};

/** Begins this process anew with options and environment, unless it has both; not on systems that cannot. Call it before anything is open. */
export function demandNodeOptions(): void {
  const { execve, execPath, execArgv, argv, env, platform } = process;
  const missing = nodeOptions.filter((option) => !execArgv.includes(option));
  const isWhole = missing.length === 0 && Object.keys(nodeEnvironment).every((name) => env[name] !== undefined);
  if (isWhole || execve === undefined || platform === 'win32') return;
  execve(execPath, [execPath, ...execArgv, ...missing, ...argv.slice(1)], { ...nodeEnvironment, ...env });
}
