import { z } from 'zod';
import { wholeNumber } from './primitives.ts';

/** A file that a node wrote into its folder of snapshots and backups. */
export interface FileView {
  /** On the node's machine. */
  readonly file: string;
  /** Of the newest block whose effects it holds. */
  readonly height: number;
}

/** What becomes of a file that is being written: who asked asks again until it is. */
export interface FileProgress {
  /** Null while it is being written. */
  readonly written: FileView | null;
}

export interface FileList {
  /** The oldest first. */
  readonly files: readonly FileView[];
}

export const fileView: z.ZodType<FileView, FileView> = z.object({ file: z.string(), height: wholeNumber });

export const fileProgress: z.ZodType<FileProgress, FileProgress> = z.object({ written: z.union([fileView, z.null()]) });

export const fileList: z.ZodType<FileList, FileList> = z.object({ files: z.array(fileView) });
