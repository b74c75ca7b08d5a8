import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssentError } from '../../base/index.ts';
import { Keystore } from '../../vault/index.ts';
import { clusterFileName } from '../cluster/cluster-file.ts';
import type { Shell } from '../shell.ts';

/** Where a keystore is and what opens it. */
export interface HomePlace {
  readonly directory: string;
  /** The keystore of a local cluster has its passphrase in a file beside it. */
  readonly passphraseFile: string | undefined;
}

const clusterKeystoreName = 'keystore';
const clusterPassphraseName = 'passphrase';

/** Names of what belongs to a local cluster's own keystore, in the cluster's directory. */
export const clusterKeystoreParts: readonly string[] = [clusterKeystoreName, clusterPassphraseName];

/** `--home`, ASSENT_HOME, else the keystore of the local cluster where there is one, else `~/.assent`. */
export function homePlace(shell: Shell, home: string | undefined, clusterDirectory: string): HomePlace {
  const named = home ?? shell.environment['ASSENT_HOME'];
  if (named !== undefined && named !== '')
    return { directory: resolve(shell.workingDirectory, named), passphraseFile: undefined };
  if (existsSync(join(clusterDirectory, clusterFileName))) return clusterHomePlace(clusterDirectory);
  return { directory: join(shell.userDirectory, '.assent'), passphraseFile: undefined };
}

/** The keystore that a local cluster makes for itself. */
export function clusterHomePlace(clusterDirectory: string): HomePlace {
  return {
    directory: join(clusterDirectory, clusterKeystoreName),
    passphraseFile: join(clusterDirectory, clusterPassphraseName),
  };
}

/** Where a passphrase comes from. */
type PassphraseSource = Pick<Shell, 'environment' | 'askSecret'>;

/** Opens the keystore; with `create`, makes it where there is none. */
export async function openKeystore(
  shell: PassphraseSource,
  place: HomePlace,
  mode: 'read' | 'write' | 'create',
): Promise<Keystore> {
  const { directory } = place;
  if (!Keystore.exists(directory)) {
    if (mode !== 'create')
      throw new AssentError(
        'not-found',
        `There is no keystore in ${directory}; make one with \`assent identity new NAME\`.`,
      );
    return Keystore.create(directory, await newPassphrase(shell, place));
  }
  return Keystore.open(directory, await passphraseOf(shell, place), { readOnly: mode === 'read' });
}

async function newPassphrase(shell: PassphraseSource, place: HomePlace): Promise<string> {
  const { passphraseFile } = place;
  if (passphraseFile === undefined) return passphraseOf(shell, place);
  if (existsSync(passphraseFile)) return readPassphrase(passphraseFile);
  const passphrase = randomBytes(24).toString('base64url');
  mkdirSync(resolve(passphraseFile, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600, flag: 'wx' });
  return passphrase;
}

async function passphraseOf(shell: PassphraseSource, { directory, passphraseFile }: HomePlace): Promise<string> {
  if (passphraseFile !== undefined) return readPassphrase(passphraseFile);
  const fromEnvironment = shell.environment['ASSENT_PASSPHRASE'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  const typed = await shell.askSecret(`Passphrase of the keystore in ${directory}`);
  if (typed !== undefined) return typed;
  throw new AssentError(
    'keystore-locked',
    `The keystore in ${directory} needs a passphrase and nobody can be asked for it here.`,
  );
}

function readPassphrase(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new AssentError(
      'keystore-locked',
      `${file}, the passphrase of this cluster's keystore, cannot be read.`,
      {},
      { cause: error },
    );
  }
}
