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
import { type VerifySignature, verifySignature } from '../crypto/index.ts';
import type { CanonicalValue } from '../ledger/index.ts';
import { type Forms, formsOfAny } from './ingress/forms.ts';
import type { RuleVersions } from './replay/replay-rules.ts';

/** JSON forms of what the rule set's transactions and entries carry. */
export interface RulesJson {
  outputToJson(kind: string, output: CanonicalValue): JsonValue;
  payloadToJson(kind: string, payload: CanonicalValue): JsonValue;
  entryToJson(entry: Uint8Array): Readonly<Record<string, JsonValue>>;
}

/** Every version of the rules that this program has, the oldest first; there is one. */
function versions(verify: VerifySignature): readonly [TracingRuleExecutor, ...TracingRuleExecutor[]] {
  return [createRuleExecutor(builtInContracts, { ruleSet, verifySignature: verify })];
}

/** All of them, ready to run on either thread: each block under its own. */
export function createExecutor(verify: VerifySignature = verifySignature): TracingRuleExecutor {
  return versionedExecutor(versions(verify), ruleSetAt);
}

/** What can be a transaction, for who has no state to say which version is in force. */
export function createForms(): Forms {
  return formsOfAny(versions(verifySignature));
}

const sentences: ReadonlyMap<string, string> = new Map(
  builtInContracts.ruleCodes.map(({ code, sentence }) => [code, sentence]),
);

/** The sentence of a refusal's code: each has one. The code itself, where this program does not know it. */
export function sentenceOf(code: string): string {
  return sentences.get(code) ?? code;
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
