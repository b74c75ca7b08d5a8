import type { Nothing, Route } from '../route.ts';
import {
  type ArchiveView,
  archiveView,
  nothing,
  type PruneRequest,
  type PruneView,
  pruneRequest,
  pruneView,
} from '../schemas/archive.ts';
import { type FileList, type FileProgress, fileList, fileProgress } from '../schemas/files.ts';
import { type TransferRequest, type TransferView, transferRequest, transferView } from '../schemas/leadership.ts';
import { jsonBody, requestLimits } from './common.ts';

/** What the operator has a node do. */
export interface OperationRoutes {
  readonly lookAtArchive: Route<Nothing, Nothing, Record<string, never>, ArchiveView>;
  readonly prune: Route<Nothing, Nothing, PruneRequest, PruneView>;
  readonly createSnapshot: Route<Nothing, Nothing, Record<string, never>, FileProgress>;
  readonly snapshots: Route<Nothing, Nothing, never, FileList>;
  readonly backup: Route<Nothing, Nothing, Record<string, never>, FileProgress>;
  readonly transferLeadership: Route<Nothing, Nothing, TransferRequest, TransferView>;
}

export const operationRoutes: OperationRoutes = {
  lookAtArchive: {
    operation: 'lookAtArchive',
    method: 'POST',
    path: '/v1/archive/look',
    summary: "Look at the files of the node's archive again: some may have come from elsewhere.",
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: archiveView },
    errors: ['archive-unset'],
  },
  prune: {
    operation: 'prune',
    method: 'POST',
    path: '/v1/archive/prune',
    summary:
      'Give up blocks, receipts and past states that are archived and older than is to be kept. They are answered from the archive then. Asked again, say whether it is done.',
    bodies: [jsonBody('What is to be kept at least; of null and null the policy of the node.', pruneRequest)],
    reply: { mediaType: 'application/json', schema: pruneView },
    errors: ['archive-unset', 'archive-full', 'archive-permission', 'archive-failed', 'archive-damaged'],
  },
  createSnapshot: {
    operation: 'createSnapshot',
    method: 'POST',
    path: '/v1/snapshots',
    summary:
      "Write a certified snapshot of the state into the node's folder of snapshots; asked again, say whether it is written.",
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: fileProgress },
    errors: ['snapshot-unavailable', 'archive-full', 'archive-permission', 'archive-failed'],
  },
  snapshots: {
    operation: 'listSnapshots',
    method: 'GET',
    path: '/v1/snapshots',
    summary: "The snapshots in the node's folder.",
    reply: { mediaType: 'application/json', schema: fileList },
    errors: ['archive-permission', 'archive-failed'],
  },
  backup: {
    operation: 'backup',
    method: 'POST',
    path: '/v1/backups',
    summary:
      'Write all that the node has of the ledger into one file in its folder of snapshots; asked again, say whether it is written. No key is in it.',
    bodies: [jsonBody('Nothing.', nothing)],
    reply: { mediaType: 'application/json', schema: fileProgress },
    errors: ['block-unknown', 'archive-full', 'archive-permission', 'archive-failed'],
  },
  transferLeadership: {
    operation: 'transferLeadership',
    method: 'POST',
    path: '/v1/leadership/transfer',
    summary:
      'Begin to hand the leadership to another voter. Only the leader can; whether it succeeded, the next term shows.',
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The node id of the voter, or null for the one that is furthest.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: transferRequest,
      },
    ],
    reply: { mediaType: 'application/json', schema: transferView },
    errors: ['not-leader', 'leadership-kept', 'not-found'],
  },
};
