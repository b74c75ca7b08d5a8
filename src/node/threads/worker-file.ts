/** Address of a worker's entry file beside `base`: the workers run as the rest does, from sources or compiled. */
export function workerFile(name: string, base: string): URL {
  return new URL(`./${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
