/**
 * What a node's process is started with. V8 fixes the bound of the young generation when a process starts, at 128 MiB on a
 * machine with much memory, and lets it fill up with garbage, array buffers beside it: a quarter of that is enough.
 */
export const nodeOptions: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16'];

/** Begins this process anew with these options, unless it has them; not on systems that cannot. Call it before anything is open. */
export function demandNodeOptions(): void {
  const { execve, execPath, execArgv, argv, env, platform } = process;
  const missing = nodeOptions.filter((option) => !execArgv.includes(option));
  if (missing.length === 0 || execve === undefined || platform === 'win32') return;
  execve(execPath, [execPath, ...execArgv, ...missing, ...argv.slice(1)], env);
}
