import type { TestNode } from '../unit/consensus/cluster.ts';
import type { Labels } from './labels.ts';
import { officeOf } from './transcript.ts';

export function statusLine(labels: Labels, node: TestNode): string {
  const number = labels.node(node.id);
  if (!node.isRunning) return `  ${number} is down`;
  const { status } = node;
  const { tip, durableTip, certifiedHeight, committedHeight, withheld, refusal, sealRefusal } = status;
  const parts = [
    officeOf(labels, status),
    `tip ${labels.block(tip)}`,
    ...(labels.block(tip) === labels.block(durableTip) ? [] : [`durable ${labels.block(durableTip)}`]),
    `certified ${certifiedHeight}`,
    ...(certifiedHeight === committedHeight ? [] : [`committed ${committedHeight}`]),
    ...(withheld === undefined ? [] : [`withholds votes and acks: ${withheld}`]),
    ...(refusal === undefined ? [] : [`refuses its leader: ${refusal}`]),
    ...(sealRefusal === undefined ? [] : [`seals nothing: ${sealRefusal}`]),
  ];
  return `  ${number} ${parts.join(', ')}`;
}

/** Who counts at the tip of the node. */
export function configurationLines(labels: Labels, node: TestNode): string[] {
  return [`  ${labels.node(node.id)} is under ${labels.configuration(node.raft.configuration)}`];
}

/** A leader's view of the others. */
export function peerLines(labels: Labels, node: TestNode): string[] {
  return node.status.peers.map((peer) => {
    const { nodeId, state, matchHeight, nextHeight, inflightAppends, active, refusal } = peer;
    const parts = [
      `${state} match ${matchHeight} next ${nextHeight}`,
      `${inflightAppends} in flight`,
      ...(active ? [] : ['silent']),
      ...(refusal === undefined ? [] : [`refuses: ${refusal}`]),
    ];
    return `  ${labels.node(node.id)} of ${labels.node(nodeId)}: ${parts.join(', ')}`;
  });
}

/** The durable chain: who proposed each block, and what its header carries as proof. */
export function logLines(labels: Labels, node: TestNode): string[] {
  const number = labels.node(node.id);
  if (node.disk.chain.length === 0) return [`  ${number} has no block`];
  return node.disk.chain.slice(node.disk.baseHeight - 1).map((block) => {
    const { block: certificate, term, configuration } = block.justification;
    const parts = [
      `${labels.block(block)} of ${labels.node(block.proposer)}`,
      ...(term === undefined ? [] : [labels.termCertificate(term)]),
      ...(certificate === undefined ? [] : [labels.certificate(certificate)]),
      ...(configuration === undefined ? [] : [labels.configuration(configuration)]),
    ];
    return `  ${number} ${parts.join(', ')}`;
  });
}

/** What the disk holds: the highest block certificate that committed something, and those of terms. */
export function certificateLines(labels: Labels, { id, disk }: TestNode): string[] {
  const terms = [...disk.termCertificates.values()].sort((left, right) => left.request.term - right.request.term);
  const held = [
    ...terms.map((certificate) => labels.termCertificate(certificate)),
    ...(disk.certificate === undefined ? [] : [labels.certificate(disk.certificate)]),
  ];
  return held.length === 0 ? [`  ${labels.node(id)} has none`] : held.map((text) => `  ${labels.node(id)} ${text}`);
}
