import { describe, expect, it } from 'vitest';
import { builtInContracts } from '../../../src/contracts/index.ts';
import { contractsDocument } from './contracts-document/document.ts';
import { usedMeanings } from './contracts-document/fields.ts';
import { meanings } from './contracts-document/meanings.ts';

describe('docs/contracts.md', () => {
  /** Written from the contracts: `npx vitest run test/unit/house -u` after a change. */
  it('says what every kind of transaction is', async () => {
    const document = contractsDocument(builtInContracts);
    await expect(document).toMatchFileSnapshot('../../../docs/contracts.md');
    expect(Object.keys(meanings).filter((key) => !usedMeanings.has(key))).toEqual([]);
  });

  it.each(builtInContracts.kindNames)('has an example of %s that travels and comes back', (name) => {
    const example = builtInContracts.kind(name)?.documentation.example;
    const wire = builtInContracts.payloadFromJson(name, example);
    const back = builtInContracts.payloadToJson(name, wire);
    expect(back).toMatchObject(example ?? {});
    expect(builtInContracts.payloadFromJson(name, back)).toEqual(wire);
  });
});
