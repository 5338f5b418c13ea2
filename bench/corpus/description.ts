/** What trees are made of, and those that have a name. */

export interface CorpusDescription {
  readonly name: string;
  readonly files: number;
  /** Of the distinct contents, in bytes. */
  readonly size: SizeDistribution;
  /** Share of the files whose content another file has already; 0 to below 1. */
  readonly duplicateShare: number;
  readonly folders: Folders;
}

export type SizeDistribution =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  /** exp(normal): most are small, a few are large, as in source trees. */
  | {
      readonly kind: 'log-normal';
      readonly median: number;
      /** Standard deviation of the size's logarithm. */
      readonly sigma: number;
      readonly max: number;
    };

export interface Folders {
  /** Files in each folder. */
  readonly files: number;
  /** Folders that lie in one another; 0 puts all files at the top. */
  readonly depth: number;
  /** Subfolders of a folder on every level above the last. 1 makes a single chain. */
  readonly fanOut: number;
}

const MIB = 1 << 20;
const TOP: Folders = { files: 1, depth: 0, fanOut: 1 };

const NAMED: readonly CorpusDescription[] = [
  {
    name: 'small',
    files: 100_000,
    size: { kind: 'uniform', min: 2048, max: 6144 },
    duplicateShare: 0,
    folders: { files: 100, depth: 2, fanOut: 32 },
  },
  {
    name: 'source',
    files: 40_000,
    size: { kind: 'log-normal', median: 3000, sigma: 1.4, max: 8 * MIB },
    duplicateShare: 0.3,
    folders: { files: 12, depth: 5, fanOut: 6 },
  },
  {
    name: 'large',
    files: 8,
    size: { kind: 'fixed', bytes: 512 * MIB },
    duplicateShare: 0,
    folders: TOP,
  },
  {
    name: 'duplicates',
    files: 100_000,
    size: { kind: 'uniform', min: 2048, max: 6144 },
    duplicateShare: 0.999,
    folders: { files: 100, depth: 2, fanOut: 32 },
  },
  {
    name: 'huge',
    files: 1,
    size: { kind: 'fixed', bytes: 4096 * MIB },
    duplicateShare: 0,
    folders: TOP,
  },
  {
    name: 'wide',
    files: 100_000,
    size: { kind: 'fixed', bytes: 1024 },
    duplicateShare: 0,
    folders: TOP,
  },
  {
    name: 'deep',
    files: 20_000,
    size: { kind: 'fixed', bytes: 1024 },
    duplicateShare: 0,
    folders: { files: 100, depth: 200, fanOut: 1 },
  },
];

export const CORPORA: Readonly<Record<string, CorpusDescription>> = Object.fromEntries(
  NAMED.map((description) => [description.name, description]),
);

/** Distinct contents of about 100 bytes: files that cost nothing but being files. */
export function tinyFiles(files: number): CorpusDescription {
  return {
    name: `tiny-${files}`,
    files,
    size: { kind: 'uniform', min: 64, max: 136 },
    duplicateShare: 0,
    folders: { files: 1000, depth: 2, fanOut: 100 },
  };
}

/** The same in no directory but the top. */
export function tinyFilesAtTop(files: number): CorpusDescription {
  return { ...tinyFiles(files), name: `tiny-${files}-at-top`, folders: TOP };
}

/** Few files are worth scaling by their size, many by their number. */
const MANY_FILES = 100;

/** The same kind of tree, larger or smaller: its files' number scaled, or the size of a few. */
export function scaled(description: CorpusDescription, factor: number): CorpusDescription {
  const { files, size } = description;
  const times = (value: number) => Math.max(1, Math.round(value * factor));
  if (files >= MANY_FILES) return { ...description, files: times(files) };
  if (size.kind !== 'fixed') return description;
  return { ...description, size: { kind: 'fixed', bytes: times(size.bytes) } };
}
