import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { createNodeKey, type NodeConfig, type RunningNode, readNodeKey, startNode } from '../../../src/node/index.ts';
import { storageFormat } from '../../../src/storage/index.ts';
import { configOf, type PreparedNode, prepareNode } from '../../support/node-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function start(config: NodeConfig): Promise<RunningNode> {
  const node = await startNode(config);
  onTestFinished(() => node.stop());
  return node;
}

describe('a node that cannot start', () => {
  it.each<[string, string, (prepared: PreparedNode, directory: string) => NodeConfig]>([
    ['storage-foreign', 'on the data of another ledger', foreignLedger],
    [
      'storage-permission',
      'with a key that others can read',
      ({ config }) => {
        chmodSync(config.nodeKeyFile, 0o644);
        return config;
      },
    ],
    [
      'configuration-invalid',
      'with a key that is none',
      ({ config }) => {
        writeFileSync(config.nodeKeyFile, 'secret');
        return config;
      },
    ],
    [
      'configuration-invalid',
      'without its key',
      ({ config }) => ({ ...config, nodeKeyFile: `${config.nodeKeyFile}.not` }),
    ],
    ['configuration-invalid', 'with the key of another node', ({ config }, directory) => strangeKey(config, directory)],
    [
      'genesis-invalid',
      'without its genesis',
      ({ config }) => ({ ...config, genesisFile: `${config.genesisFile}.not` }),
    ],
    [
      'address-refused',
      'on an address that others can reach',
      (_, directory) => configOf(directory, { api: { listen: { host: '0.0.0.0', port: 0 } } }),
    ],
  ])('says %s %s', async (code, _, change) => {
    const directory = temporaryDirectory();
    const config = change(prepareNode(directory), directory);
    const outcome = startNode(config);
    await expect(outcome).rejects.toMatchObject({ name: 'AssentError', code });
  });

  it('says port-in-use, for either port, and leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const running = await start(prepareNode(directory).config);
    const other = temporaryDirectory();
    const { config } = prepareNode(other);
    const apiPort = Number(new URL(running.apiUrl).port);
    const p2pPort = Number(/\/tcp\/(\d+)/.exec(running.p2pAddresses[0] ?? '')?.[1]);
    const listen = (port: number): { listen: { host: string; port: number } } => ({
      listen: { host: '127.0.0.1', port },
    });
    await expect(startNode({ ...config, api: listen(apiPort) })).rejects.toMatchObject({ code: 'port-in-use' });
    const taken = { ...config, p2p: { ...listen(p2pPort), peers: [] } };
    await expect(startNode(taken)).rejects.toMatchObject({ code: 'port-in-use' });
    await start(config);
  });

  it('says storage-locked while another process has the directory', async () => {
    const { config } = prepareNode(temporaryDirectory());
    await start(config);
    await expect(startNode(config)).rejects.toMatchObject({ code: 'storage-locked' });
  });

  it('says what a node needs that is none of the genesis', async () => {
    const directory = temporaryDirectory();
    const { config } = prepareNode(directory);
    rmSync(config.nodeKeyFile);
    const { nodeId } = createNodeKey(config.nodeKeyFile);
    await expect(startNode(config)).rejects.toMatchObject({ code: 'configuration-invalid' });
    await expect(startNode({ ...config, member: 'riverside' })).rejects.toThrow(nodeId);
  });
});

describe('a node key', () => {
  it('is made once, for its owner only, and read back', () => {
    const file = join(temporaryDirectory(), 'node.key');
    const made = createNodeKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readNodeKey(file).nodeId).toBe(made.nodeId);
    expect(() => createNodeKey(file)).toThrow(AssentError);
    expect(readNodeKey(file).nodeId).toBe(made.nodeId);
  });
});

function foreignLedger({ config }: PreparedNode): NodeConfig {
  mkdirSync(config.directory, { recursive: true });
  const owner = { format: storageFormat, ledgerId: '00'.repeat(32), nodeKey: '00'.repeat(32) };
  writeFileSync(join(config.directory, 'owner.json'), JSON.stringify(owner));
  return config;
}

function strangeKey(config: NodeConfig, directory: string): NodeConfig {
  const nodeKeyFile = join(directory, 'strange.key');
  createNodeKey(nodeKeyFile);
  return { ...config, nodeKeyFile };
}
