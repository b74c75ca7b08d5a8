import { AssentError, assert, type Logger, present, toHex } from '../../base/index.ts';
import { verifyCommitment } from '../../crypto/index.ts';
import { type Labels, type Opening, packOpenings, unpackOpenings } from './records.ts';
import { type Segment, SegmentFile } from './segment-file.ts';

/** A segment is unsealed as a whole to find one opening in it, so it is kept small. */
const SEGMENT_BODY_BYTES_MAX = 256 * 1024;
const SEGMENT_COUNT_MAX = 256;
const BODY_BYTES_MAX = 32 * 1024 * 1024;

interface Place {
  readonly segment: Segment;
  readonly position: number;
  readonly labels: Labels;
}

/** The openings of commitments: on disk in sealed segments, in memory only where each one is and its labels. */
export class OpeningStore {
  readonly #file: SegmentFile;
  /** In the order in which they were appended. */
  readonly #places: Map<string, Place>;
  #lastRead: { readonly segment: Segment; readonly openings: readonly Opening[] } | undefined;

  private constructor(file: SegmentFile, places: Map<string, Place>) {
    this.#file = file;
    this.#places = places;
  }

  static create(directory: string, key: Uint8Array): OpeningStore {
    return new OpeningStore(SegmentFile.create(directory, key), new Map());
  }

  static open(
    directory: string,
    key: Uint8Array,
    options: { readonly readOnly: boolean; readonly logger: Logger },
  ): OpeningStore {
    const places = new Map<string, Place>();
    const file = SegmentFile.open(directory, key, options, (segment, plain) =>
      indexSegment(places, segment, unpackOpenings(plain)),
    );
    return new OpeningStore(file, places);
  }

  get count(): number {
    return this.#places.size;
  }

  /** Appends the openings that are not held yet; answers how many these are. */
  append(openings: Iterable<Opening>): number {
    const fresh = new Map<string, Opening>();
    for (const opening of openings) {
      const { commitment, salt, body } = opening;
      assert(verifyCommitment(commitment, salt, body), 'an opening opens its commitment');
      if (body.length > BODY_BYTES_MAX)
        throw new AssentError('encoding-too-large', `the body of an opening exceeds ${BODY_BYTES_MAX} bytes`);
      const key = toHex(commitment);
      if (!this.#places.has(key)) fresh.set(key, opening);
    }
    if (fresh.size === 0) return 0;
    const groups = intoSegments([...fresh.values()]);
    const segments = this.#file.append(groups.map(packOpenings));
    groups.forEach((group, index) => {
      indexSegment(this.#places, present(segments[index], 'one segment for every group'), group);
    });
    return fresh.size;
  }

  get(commitmentHex: string): Opening | undefined {
    const place = this.#places.get(commitmentHex);
    return place === undefined ? undefined : this.#read(place);
  }

  /** Openings whose labels include all the given ones, in the order in which they were appended. */
  *find(labels: Labels): Generator<Opening> {
    const wanted = Object.entries(labels);
    for (const place of this.#places.values()) {
      if (wanted.every(([name, text]) => place.labels[name] === text)) yield this.#read(place);
    }
  }

  close(): void {
    this.#lastRead = undefined;
    this.#file.close();
  }

  #read(place: Place): Opening {
    const { segment, position } = place;
    if (this.#lastRead?.segment !== segment)
      this.#lastRead = { segment, openings: unpackOpenings(this.#file.read(segment)) };
    return present(this.#lastRead.openings[position], 'the index names what the segment holds');
  }
}

function indexSegment(places: Map<string, Place>, segment: Segment, openings: readonly Opening[]): void {
  openings.forEach(({ commitment, labels }, position) => {
    places.set(toHex(commitment), { segment, position, labels });
  });
}

function intoSegments(openings: readonly Opening[]): Opening[][] {
  const groups: Opening[][] = [];
  let group: Opening[] = [];
  let bodyBytes = 0;
  for (const opening of openings) {
    if (group.length === SEGMENT_COUNT_MAX || (group.length > 0 && bodyBytes >= SEGMENT_BODY_BYTES_MAX)) {
      groups.push(group);
      group = [];
      bodyBytes = 0;
    }
    group.push(opening);
    bodyBytes += opening.body.length;
  }
  groups.push(group);
  return groups;
}
