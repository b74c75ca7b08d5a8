/**
 * A process that writes to a data directory until the disk refuses, then says on stdout what it was told:
 * `{ code, acknowledged, later }`, with the code of the first failure and that of an append after it.
 *
 *     node write-until-failure.ts DIRECTORY
 */
import { AssentError, utf8 } from '../../src/base/index.ts';
import { openDataDirectory, prefixedKey } from '../../src/storage/index.ts';

const identity = { ledgerId: new Uint8Array(32).fill(0xa1), nodeKey: new Uint8Array(32).fill(0xb2) };
const appendsMax = 200;

async function run(path: string): Promise<{ code: string | undefined; acknowledged: number; later?: string }> {
  let acknowledged = 0;
  try {
    const { journal } = await openDataDirectory(path, identity);
    try {
      for (; acknowledged < appendsMax; acknowledged++) {
        const key = prefixedKey('state', utf8(`append-${acknowledged + 1}`));
        await new Promise<void>((resolve, reject) =>
          journal.append([{ type: 'put', key, value: new Uint8Array(4000) }], utf8(`${acknowledged + 1}`), (error) =>
            error === undefined ? resolve() : reject(error),
          ),
        );
      }
    } catch (error) {
      return {
        code: codeOf(error),
        acknowledged,
        later: laterCode(() => journal.append([], undefined, () => undefined)),
      };
    }
  } catch (error) {
    return { code: codeOf(error), acknowledged };
  }
  return { code: undefined, acknowledged };
}

function laterCode(call: () => void): string {
  try {
    call();
    return 'taken';
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AssentError) return error.code;
  throw error;
}

const outcome = await run(process.argv[2] ?? '');
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
