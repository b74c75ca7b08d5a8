import type { JsonValue, RuleSchemas } from '../api/index.ts';
import {
  builtInContracts,
  createRuleExecutor,
  decisionQuestionJsonSchema,
  describeEntry,
  ruleSet,
  ruleSetAt,
  type TracingRuleExecutor,
  versionedExecutor,
} from '../contracts/index.ts';
import { verifySignature } from '../crypto/index.ts';
import type { CanonicalValue } from '../ledger/index.ts';
import type { RuleVersions } from './replay/replay-rules.ts';

/** JSON forms of what the rule set's transactions and entries carry. */
export interface RulesJson {
  outputToJson(kind: string, output: CanonicalValue): JsonValue;
  payloadToJson(kind: string, payload: CanonicalValue): JsonValue;
  entryToJson(entry: Uint8Array): Readonly<Record<string, JsonValue>>;
}

/** Every version of the rules that this program has, ready to run on either thread; there is one. */
export function createExecutor(): TracingRuleExecutor {
  return versionedExecutor([createRuleExecutor(builtInContracts, { ruleSet, verifySignature })], ruleSetAt);
}

// The contracts' JSON forms are JSON by their schemas; their types say no more than "object".
export const rulesJson: RulesJson = {
  outputToJson: (kind, output) => builtInContracts.outputToJson(kind, output) as JsonValue,
  payloadToJson: (kind, payload) => builtInContracts.payloadToJson(kind, payload) as JsonValue,
  entryToJson: (entry) => describeEntry(entry) as Readonly<Record<string, JsonValue>>,
};

/** The versions of the rules that this program has, for replays. */
export function ruleVersions(): RuleVersions {
  const executor = createExecutor();
  const { outputToJson } = rulesJson;
  const only = { executor, catalogue: builtInContracts, outputToJson, describeEntry };
  return (name) => (name === executor.ruleSet ? only : undefined);
}

/** The rule set's part of `/openapi.json`. */
export function ruleSchemas(): RuleSchemas {
  const payloads = builtInContracts.kindNames.map((kind) => [kind, builtInContracts.payloadJsonSchema(kind)]);
  return {
    payloads: Object.fromEntries(payloads) as RuleSchemas['payloads'],
    decisionRequest: decisionQuestionJsonSchema() as JsonValue,
  };
}
