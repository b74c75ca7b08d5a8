import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { parseConfig, resolveFiles } from '../../../src/node/config/index.ts';

function messageFor(text: string): string {
  try {
    parseConfig(text, 'node.json');
  } catch (error) {
    if (error instanceof AssentError && error.code === 'configuration-invalid') return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
}

describe('node configuration', () => {
  it('has a default for every setting', () => {
    const config = parseConfig('{}', 'node.json');
    expect(config.timing).toEqual({ tickMs: 25, heartbeatTicks: 4, electionTicks: 40, shutdownMs: 10_000 });
    expect(config.api.listen).toEqual({ host: '127.0.0.1', port: 7300 });
    expect(config.p2p.peers).toEqual([]);
    expect(config.log).toEqual({ level: 'info' });
  });

  it('resolves file names against the folder of the file', () => {
    const config = resolveFiles(parseConfig('{ "log": { "file": "node.log" } }', 'node.json'), '/srv/assent');
    expect(config.directory).toBe('/srv/assent/data');
    expect(config.nodeKeyFile).toBe('/srv/assent/node.key');
    expect(config.log.file).toBe('/srv/assent/node.log');
  });

  it('names the line of a wrong value', () => {
    expect(messageFor('{\n  "timing": {\n    "heartbeatTicks": 5,\n    "tickMs": "ten"\n  }\n}')).toMatch(
      /^node\.json, line 4: timing\.tickMs: /,
    );
  });

  it('names the line of a wrong element of a list', () => {
    const text = `{ "p2p": { "peers": [
      { "nodeId": "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp", "addresses": ["/ip4/127.0.0.1/tcp/1"] },
      { "nodeId": "somebody", "addresses": ["/ip4/127.0.0.1/tcp/2"] }
    ] } }`;
    expect(messageFor(text)).toBe('node.json, line 3: p2p.peers.1.nodeId: expected a node id: 12D3Koo….');
  });

  it('refuses a setting that it does not know, where it stands', () => {
    expect(messageFor('{\n\n  "api": {\n    "lisen": {}\n  }\n}')).toBe(
      'node.json, line 4: api.lisen is not a setting.',
    );
  });

  it('refuses a setting given twice', () => {
    expect(messageFor('{\n  "directory": "a",\n  "directory": "b"\n}')).toBe(
      'node.json, line 3: directory is given twice.',
    );
  });

  it.each([
    ['{\n  "directory": \n}', 3],
    ['{\n  "directory": "a",\n', 3],
    ['', 1],
  ])('names the line where %j stops being JSON', (text, line) => {
    expect(messageFor(text)).toMatch(new RegExp(`^node\\.json, line ${line}: it is not JSON`));
  });

  it('is not led astray by braces, quotes and line breaks inside texts', () => {
    expect(messageFor('{\n  "directory": "a\\n{\\"[",\n  "api": { "listen": { "port": 70000 } }\n}')).toMatch(
      /line 3: api\.listen\.port/,
    );
  });

  it('checks that elections wait for several heartbeats', () => {
    expect(messageFor('{\n "timing": { "heartbeatTicks": 50,\n  "electionTicks": 100 } }')).toMatch(
      /line 3: timing\.electionTicks: expected at least four times/,
    );
  });
});
