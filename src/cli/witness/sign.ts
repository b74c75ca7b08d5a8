import type { CheckpointList } from '../../api/index.ts';
import { AssentError, fromHex, messageOf, present, toHex } from '../../base/index.ts';
import { AssentClient, identityOf, type SignedSighting, Witness } from '../../client/index.ts';
import { createSigner, decodeDid, encodeDid, verifySignature } from '../../crypto/index.ts';
import { readFileIfPresent, replaceFile } from '../../vault/index.ts';
import { compareCheckpoints, isSplit } from '../../verify/index.ts';
import type { Context } from '../context.ts';
import { nodeUrls } from '../ledger/node-urls.ts';
import { splitError } from '../output/split-view.ts';
import { shortHash } from '../output/words.ts';
import type { Report } from '../session.ts';
import { WitnessFile } from './memory-file.ts';

/** Another witness's block is joined when that cosigned it so lately: so that cosignatures gather on one block. */
const joinMs = 60 * 60 * 1000;
const timeoutMs = 60_000;

/** Verifies a checkpoint, cosigns it and hands it in. */
export async function sign(context: Context, flags: { height?: number }): Promise<Report> {
  const keystore = await context.keystore('write');
  const file = WitnessFile.find(keystore, context.options.as);
  const { keyName } = present(WitnessFile.all(keystore).find((one) => one.file.path === file.path)?.memory, 'found');
  const { publicKey, signer, did } = identityOf(keystore.seed(keyName), createSigner);
  const witness = new Witness({ signer, memory: file, nowMs: () => context.nowMs, verify: verifySignature }, publicKey);
  const client = context.client();
  const { checkpoints } = await client.checkpoints();
  witness.heardOf(sightingsOf(checkpoints));
  const { last } = witness;
  const height = flags.height ?? joinable(checkpoints, did, last, context.nowMs) ?? (await newest(client, last));
  const isNews = height !== last?.height;
  const sighting = isNews ? witness.cosign(await evidenceFor(context, client, file, witness, height)) : last;
  const handedIn = await handIn(context, sighting);
  if (isNews) await keepCheckpoint(context, client, file, height);
  const json = {
    witness: did,
    height,
    hash: toHex(sighting.blockHash),
    time: sighting.time,
    isNew: isNews,
    nodes: handedIn,
  };
  const took = handedIn.filter(({ error }) => error === undefined).length;
  const done = isNews
    ? `${did} cosigned block ${height}`
    : `${did} had cosigned block ${height}; there is none to cosign since`;
  return {
    json,
    text: `${done}, ${shortHash(toHex(sighting.blockHash))}; ${took} of ${handedIn.length} nodes have it.`,
    exitCode: took === 0 ? 3 : 0,
  };
}

function newest(client: AssentClient, last: SignedSighting | undefined): Promise<number> {
  return client
    .checkpoint('latest', last === undefined ? {} : { checkpoint: last.height }, { timeoutMs })
    .then(({ height }) => height);
}

/** The newest block above the last that another witness cosigned lately. */
function joinable(
  checkpoints: CheckpointList['checkpoints'],
  did: string,
  last: SignedSighting | undefined,
  nowMs: number,
): number | undefined {
  return checkpoints.find(
    ({ height, cosignatures }) =>
      height > (last?.height ?? 0) &&
      cosignatures.some(({ witness, time }) => witness !== did && Math.abs(nowMs - time) <= joinMs),
  )?.height;
}

/** The receipt that convinces the witness. A node that shows another history than before leaves evidence of it here. */
async function evidenceFor(
  context: Context,
  client: AssentClient,
  file: WitnessFile,
  witness: Witness,
  height: number,
): Promise<Uint8Array> {
  const { last } = witness;
  if (last === undefined) return bytesOf(await client.checkpoint(height, {}, { timeoutMs }));
  const kept = readFileIfPresent(file.checkpointPath);
  if (kept !== undefined) {
    const shown = bytesOf(await client.checkpoint(last.height, {}, { timeoutMs }));
    const compared = compareCheckpoints(
      Uint8Array.from(kept),
      shown,
      { genesisHash: witness.ledgerId },
      verifySignature,
    );
    if (isSplit(compared)) {
      const path = `${file.path}.${compared.verdict}-${compared.height}`;
      replaceFile(path, compared.evidence);
      context.remark(`The witness does not sign. The evidence is in ${path}.`);
      throw splitError(compared, path);
    }
  }
  const checkpoint = last.height;
  return bytesOf(
    height > last.height
      ? await client.consistencyReceipt({ older: last.height, newer: height, checkpoint }, { timeoutMs })
      : await client.checkpoint(height, { checkpoint }, { timeoutMs }),
  );
}

/** What is compared with later views. It is no part of the witness's promise: without it there is only less evidence. */
async function keepCheckpoint(
  context: Context,
  client: AssentClient,
  file: WitnessFile,
  height: number,
): Promise<void> {
  try {
    replaceFile(file.checkpointPath, bytesOf(await client.checkpoint(height, {}, { timeoutMs })));
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    context.remark(`The checkpoint was cosigned, but not kept for later comparison: ${messageOf(error)}`);
  }
}

interface HandedIn {
  readonly node: string;
  readonly error?: string;
}

async function handIn(
  context: Context,
  { witness, height, blockHash, time, signature }: SignedSighting,
): Promise<readonly HandedIn[]> {
  const body = { witness: encodeDid(witness), hash: toHex(blockHash), time, signature: toHex(signature) };
  return Promise.all(
    nodeUrls(context).map(async (node) => {
      try {
        await new AssentClient({ nodes: [node] }).cosign(height, body);
        return { node };
      } catch (error) {
        if (!(error instanceof AssentError)) throw error;
        context.remark(`${node} did not take the cosignature: ${error.message} [${error.code}]`);
        return { node, error: error.code };
      }
    }),
  );
}

function sightingsOf(checkpoints: CheckpointList['checkpoints']): readonly SignedSighting[] {
  const bytes = (text: string): Uint8Array => present(fromHex(text), 'the reply was checked');
  return checkpoints.flatMap(({ height, cosignatures }) =>
    cosignatures.flatMap(({ witness: did, hash, time, signature }) => {
      const witness = decodeDid(did);
      return witness === undefined
        ? []
        : [{ height, blockHash: bytes(hash), time, witness, signature: bytes(signature) }];
    }),
  );
}

function bytesOf({ receipt }: { readonly receipt: string }): Uint8Array {
  return present(fromHex(receipt), 'the reply was checked');
}
