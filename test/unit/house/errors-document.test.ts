import { expect, it } from 'vitest';
import { errorTable } from '../../../src/base/index.ts';
import { ruleCodes } from '../../../src/contracts/index.ts';

/** docs/errors.md is written from the tables: `npx vitest run test/unit/house -u` after a change. */
it('docs/errors.md lists every code', async () => {
  const errors = Object.entries(errorTable)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(
      ([code, { meaning, httpStatus, exitCode, action }]) =>
        `| \`${code}\` | ${meaning} | ${httpStatus} | ${exitCode} | ${action} |`,
    );
  const rules = [...ruleCodes]
    .sort((left, right) => (left.code < right.code ? -1 : 1))
    .map(
      ({ code, sentence, rules: from }) =>
        `| \`${code}\` | ${sentence} | ${from.map(({ kind, rule }) => `${kind}: ${rule}`).join('<br>') || 'the engine'} |`,
    );
  const document = `# Errors

Codes are stable: never renamed, never reused. Written from \`src/base/error-table.ts\` and the contracts' rules.

## Of the node, the API and the CLI

Exit codes of the CLI: 1 refused, 2 usage or configuration, 3 no node took it and nothing happened, 4 a verification failed, 5 outcome unknown, 70 a bug.

| code | meaning | HTTP | exit | what to do |
|---|---|---|---|---|
${errors.join('\n')}

## Of the rules

A transaction that a rule refuses has its place in a block, with the rule's code as its result. The CLI exits with 1.

| code | sentence | rules |
|---|---|---|
${rules.join('\n')}
`;
  await expect(document).toMatchFileSnapshot('../../../docs/errors.md');
});
