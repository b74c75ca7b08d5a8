import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ErrorReply,
  type SubmitReply,
  transactionMediaType,
  transactionsMediaType,
} from '../../../src/api/index.ts';
import { builtInContracts } from '../../../src/contracts/index.ts';
import { createSigner, encodeDid, generateSeed, type Signer, sha256 } from '../../../src/crypto/index.ts';
import {
  encodeCanonical,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
} from '../../../src/ledger/index.ts';
import { type NodeConfig, type RunningNode, startNode } from '../../../src/node/index.ts';
import { configOf, type PreparedNode, prepareNode } from '../../support/node-directory.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function start(config: NodeConfig): Promise<RunningNode> {
  const node = await startNode(config);
  onTestFinished(() => node.stop());
  return node;
}

async function ready(node: RunningNode): Promise<void> {
  while (!(await fetch(`${node.apiUrl}/readyz`)).ok);
}

interface Signing {
  readonly signer?: Signer;
  readonly validUntil?: number;
  readonly ledgerId?: Uint8Array;
  readonly kind?: string;
}

/** A credential for a new clinician, signed by the member. */
function credential({ genesis, member }: PreparedNode, signing: Signing = {}): Uint8Array<ArrayBuffer> {
  const payload = builtInContracts.payloadFromJson('credential.issue', {
    agent: encodeDid(createSigner(generateSeed()).publicKey),
    role: 'clinician',
  });
  const signer = signing.signer ?? member;
  const body = encodeTransactionBody({
    kind: signing.kind ?? 'credential.issue',
    sender: signer.publicKey,
    salt: generateSeed().subarray(0, 16),
    validUntil: signing.validUntil ?? Date.now() + 60_000,
    payload,
  });
  const message = transactionMessage(signing.ledgerId ?? genesis.ledgerId, body);
  return Uint8Array.from(encodeSignedTransaction(body, signer.sign(message)));
}

function post(
  node: RunningNode,
  body: Uint8Array<ArrayBuffer>,
  mediaType = transactionMediaType,
  query = '',
): Promise<Response> {
  return fetch(`${node.apiUrl}/v1/transactions${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': mediaType },
  });
}

async function outcomes(response: Response): Promise<SubmitReply['outcomes']> {
  expect(response.status).toBeLessThan(300);
  return ((await response.json()) as SubmitReply).outcomes;
}

describe('a node of its own', () => {
  it('commits, answers the same receipt for ever, and has all of it after a restart', { timeout: 30_000 }, async () => {
    const directory = temporaryDirectory();
    const prepared = prepareNode(directory);
    const bytes = credential(prepared);
    const first = await start(prepared.config);
    await ready(first);
    const [outcome] = await outcomes(await post(first, bytes));
    expect(outcome).toMatchObject({ status: 'committed', receipt: { index: 0, result: { ok: true } } });
    expect(await outcomes(await post(first, bytes))).toEqual([outcome]);
    await first.stop();
    expect(await first.stopped).toBeUndefined();

    const second = await start(prepared.config);
    expect(await outcomes(await post(second, bytes))).toEqual([outcome]);
    const read = await fetch(`${second.apiUrl}/v1/transactions/${outcome?.id}`);
    expect(await read.json()).toMatchObject({
      receipt: outcome?.receipt,
      transaction: {
        kind: 'credential.issue',
        sender: encodeDid(prepared.member.publicKey),
        payload: { role: 'clinician' },
      },
    });
  });
});
