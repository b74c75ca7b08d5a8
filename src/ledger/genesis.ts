import { AssentError, fromHex, toHex } from '../base/index.ts';
import { sha256 } from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { type NodeConfiguration, nodeConfiguration, problemOf } from './configuration.ts';
import { ledgerLimits } from './limits.ts';
import type { GenesisContent, GenesisDomain, GenesisMember, GenesisNode } from './types/execution.ts';

const genesisVersion = 1;
const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const keyBytes = 32;

/** Parameter of genesis: how many members decide; more than half of them where it is absent. */
export const approvalThresholdParameter = 'governance.threshold';

/** A ledger's beginning. Its id is the hash of the bytes, so the bytes are kept as they came. */
export interface Genesis {
  readonly bytes: Uint8Array;
  readonly ledgerId: Uint8Array;
  readonly content: GenesisContent;
  readonly configuration: NodeConfiguration;
}

/** Encodes and checks a genesis. Throws `genesis-invalid`. */
export function createGenesis(content: GenesisContent): Genesis {
  return openGenesis(
    encodeCanonical([
      genesisVersion,
      content.ledgerName,
      content.createdAt,
      content.members.map((member) => [member.name, member.governanceKey]),
      content.nodes.map((node) => [node.publicKey, node.member, node.role]),
      content.domains.map((domain) => [domain.name, domain.custodian, domain.policy]),
      content.parameters.map(([name, value]) => [name, value]),
      content.ruleSet,
    ]),
  );
}

/** Reads genesis bytes. Throws `genesis-invalid` with the field that is wrong. */
export function openGenesis(bytes: Uint8Array): Genesis {
  const value = decodeOrRefuse(bytes);
  const [version, ledgerName, createdAt, members, nodes, domains, parameters, ruleSet] = list(value, 'genesis', 8);
  if (version !== genesisVersion) throw invalid(`version ${String(version)} is not ${genesisVersion}`);
  const content: GenesisContent = {
    ledgerName: name(ledgerName, 'ledger name'),
    createdAt: time(createdAt),
    members: list(members, 'members').map(readMember),
    nodes: list(nodes, 'nodes').map(readNode),
    domains: list(domains, 'domains').map(readDomain),
    parameters: list(parameters, 'parameters').map(readParameter),
    ruleSet: text(ruleSet, 'rule set'),
  };
  checkReferences(content);
  const configuration = nodeConfiguration(
    0,
    content.nodes.map((node) => ({ publicKey: node.publicKey, role: node.role })),
  );
  return { bytes, ledgerId: sha256(bytes), content, configuration };
}

/** How many members of this ledger decide together. */
export function approvalThreshold({ members, parameters }: GenesisContent): number {
  const stated = parameters.find(([parameterName]) => parameterName === approvalThresholdParameter)?.[1];
  // A genesis that was opened has a number there, or nothing.
  return (stated as number | undefined) ?? Math.floor(members.length / 2) + 1;
}

/** The text form of a genesis file: one line of hexadecimal, so that any tool can carry it unharmed. */
export function genesisToText(genesis: Genesis): string {
  return `${toHex(genesis.bytes)}\n`;
}

/** Reads the text form. Throws `genesis-invalid`. */
export function genesisFromText(content: string): Genesis {
  const bytes = fromHex(content.trim());
  if (bytes === undefined || bytes.length === 0) throw invalid('the file is not one line of hexadecimal');
  return openGenesis(bytes);
}

function readMember(value: CanonicalValue): GenesisMember {
  const [memberName, governanceKey] = list(value, 'a member', 2);
  return { name: name(memberName, 'member name'), governanceKey: key(governanceKey, 'governance key') };
}

function readNode(value: CanonicalValue): GenesisNode {
  const [publicKey, member, role] = list(value, 'a node', 3);
  if (role !== 'voter' && role !== 'learner') throw invalid('a node is a voter or a learner');
  return { publicKey: key(publicKey, 'node key'), member: name(member, 'member of a node'), role };
}

function readDomain(value: CanonicalValue): GenesisDomain {
  const [domainName, custodian, policy] = list(value, 'a domain', 3);
  return {
    name: name(domainName, 'domain name'),
    custodian: name(custodian, 'custodian'),
    policy: policy as CanonicalValue,
  };
}

function readParameter(value: CanonicalValue): readonly [string, CanonicalValue] {
  const [parameterName, content] = list(value, 'a parameter', 2);
  return [text(parameterName, 'parameter name'), content as CanonicalValue];
}

function checkReferences(content: GenesisContent): void {
  const memberNames = content.members.map((member) => member.name);
  unique(memberNames, 'member name');
  const members = new Set(memberNames);
  const threshold = approvalThreshold(content);
  // Nobody decides alone among others. What verifies a recovery counts by it, and has nothing but the genesis.
  if (typeof threshold !== 'number' || threshold < Math.min(2, members.size) || threshold > members.size)
    throw invalid('its threshold does not fit its members');
  unique(
    content.members.map((member) => toHex(member.governanceKey)),
    'governance key',
  );
  unique(
    content.domains.map((domain) => domain.name),
    'domain name',
  );
  unique(
    content.parameters.map(([parameterName]) => parameterName),
    'parameter',
  );
  for (const node of content.nodes)
    if (!members.has(node.member)) throw invalid(`node of unknown member ${node.member}`);
  for (const domain of content.domains) {
    if (!members.has(domain.custodian)) throw invalid(`domain of unknown member ${domain.custodian}`);
  }
  const problem = problemOf(content.nodes);
  if (problem !== undefined) throw invalid(problem);
}

function unique(values: readonly string[], what: string): void {
  if (new Set(values).size !== values.length) throw invalid(`a ${what} appears twice`);
}

function decodeOrRefuse(bytes: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(bytes, { bytesMax: ledgerLimits.genesisBytesMax, depthMax: 16, countMax: 100_000 });
  } catch (error) {
    throw new AssentError('genesis-invalid', 'the genesis is not canonical msgpack', {}, { cause: error });
  }
}

function list(value: CanonicalValue | undefined, what: string, count?: number): readonly CanonicalValue[] {
  if (!Array.isArray(value) || (count !== undefined && value.length !== count)) {
    throw invalid(`${what} is not a list${count === undefined ? '' : ` of ${count}`}`);
  }
  return value;
}

function text(value: CanonicalValue | undefined, what: string): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 128)
    throw invalid(`${what} is not a short text`);
  return value;
}

function name(value: CanonicalValue | undefined, what: string): string {
  const content = text(value, what);
  if (!namePattern.test(content)) throw invalid(`${what} "${content}" is not lower-case letters, digits and hyphens`);
  return content;
}

function time(value: CanonicalValue | undefined): number {
  if (typeof value !== 'number' || value < 0) throw invalid('createdAt is not a time');
  return value;
}

function key(value: CanonicalValue | undefined, what: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== keyBytes) throw invalid(`${what} is not ${keyBytes} bytes`);
  return value;
}

function invalid(reason: string): AssentError {
  return new AssentError('genesis-invalid', `the genesis is wrong: ${reason}`);
}
