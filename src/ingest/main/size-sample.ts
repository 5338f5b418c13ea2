import type { FoundFiles } from '../../sources/found-files.ts';

/** Files of one kind in a directory: those whose names end alike are mostly of a size. */
interface Kind {
  files: number;
  looks: number;
  bytes: number;
  /** Names that nobody has looked at. */
  readonly passedOver: string[];
  /** Undefined sizes aside, one was so large that it outweighs many: then each counts. */
  hasLarge: boolean;
}

/** Of each kind at least so many files are looked at, and one in `LOOK_EVERY`. */
const LEAST_LOOKS = 1;
/** A look takes some four times as long as reading the name. */
const LOOK_EVERY = 32;
/** One file above this in a kind has all files of that kind looked at. */
const LARGE_BYTES = 1 << 20;

/**
 * The bytes of files of one directory, by looking at some of them. `sizeOf` gives undefined for one
 * that cannot be looked at.
 */
export function estimateBytes(
  { names }: Pick<FoundFiles, 'names'>,
  sizeOf: (name: string) => number | undefined,
): number {
  const kinds = new Map<string, Kind>();
  for (const name of names) {
    const kind = kindOf(name, kinds);
    kind.files++;
    const isDue = kind.looks < LEAST_LOOKS || kind.files % LOOK_EVERY === 0 || kind.hasLarge;
    if (isDue) look(kind, sizeOf(name));
    else kind.passedOver.push(name);
  }
  let bytes = 0;
  for (const kind of kinds.values()) {
    if (kind.hasLarge) for (const name of kind.passedOver) look(kind, sizeOf(name));
    if (kind.looks > 0) bytes += (kind.bytes / kind.looks) * kind.files;
  }
  return bytes;
}

function look(kind: Kind, size: number | undefined): void {
  if (size === undefined) return;
  kind.looks++;
  kind.bytes += size;
  kind.hasLarge ||= size > LARGE_BYTES;
}

function kindOf(name: string, kinds: Map<string, Kind>): Kind {
  const ending = name.slice(name.lastIndexOf('.') + 1 || name.length);
  let kind = kinds.get(ending);
  if (kind === undefined) {
    kind = { files: 0, looks: 0, bytes: 0, passedOver: [], hasLarge: false };
    kinds.set(ending, kind);
  }
  return kind;
}
