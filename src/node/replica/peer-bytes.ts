import { AssentError } from '../../base/index.ts';

/** Only what fails while the peer's bytes are read is the peer's fault; then the answer is undefined. */
export function readOrBlame<T>(read: () => T, blame: (error: AssentError) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    blame(error);
    return undefined;
  }
}
