import { type Mutant, mutant } from './mutant.ts';

/** Rules for changes of the configuration. About two of five seeds have such changes. */
export const membershipMutants: readonly Mutant[] = [
  mutant(
    'a change stands on no certificate of its own term',
    60,
    {
      find: 'if (certificate?.ack.term !== persistence.term) return false;',
      replace: 'if (certificate === undefined) return false;',
    },
    { find: ': certificate?.ack.term !== block.term', replace: ': certificate === undefined' },
  ),
  mutant(
    'two changes uncertified at once',
    60,
    { find: 'return certificate.ack.height >= log.changeHeightAt(log.tip.height);', replace: 'return true;' },
    {
      find: ': certificate.ack.height < changeHeightBelow(core, block, forkHeight, find)',
      replace: ': certificate.ack.height < 0',
    },
  ),
  mutant(
    'a block enacts all changes that wait',
    60,
    {
      find: 'this.#executor.enact(state, this.#context);',
      replace: 'while (this.#executor.nextChange(state) !== undefined) this.#executor.enact(state, this.#context);',
    },
    { find: 'return steps.length === 1 ? steps[0] : undefined;', replace: 'return steps[0];' },
  ),
  mutant(
    'a removed leader counts itself',
    60,
    {
      find: "if (!isVoter(core, core.nodeId)) return 'not-a-voter';",
      replace: "if (!isVoter(core, core.nodeId) && core.leadership === undefined) return 'not-a-voter';",
    },
    {
      find: 'if (voters.has(signer)) chosen.push({ signer, signature });',
      replace: 'chosen.push({ signer, signature });',
    },
  ),
  mutant('a leader counts acks under the configuration before', 60, {
    find: "const configuration = present(configurationOf(core, block.configurationHash), 'the own configuration is known');",
    replace:
      "const before = core.log.at(block.height - 1) ?? block; const configuration = present(configurationOf(core, before.configurationHash), 'the own configuration is known');",
  }),
  mutant('a configuration is in force only once it is certified', 60, {
    find: 'return configurationAtChange(core, core.log.changes.length - 1);',
    replace: 'return certifiedConfiguration(core);',
  }),
  mutant('a change stays though its block is cut off', 720, {
    find: 'while ((this.#changes.at(-1)?.height ?? 0) > height) this.#changes.pop();',
    replace: '',
  }),
  mutant('a removed node gets the first piece of the proof only', 300, {
    find: 'known.height > removedAt && known.height >= heightMax;',
    replace: 'known.height > removedAt;',
  }),
];
