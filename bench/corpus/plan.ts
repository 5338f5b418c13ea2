/** What a seeded tree holds, before it is written. */
import type { CorpusFacts } from '../results.ts';
import type { CorpusDescription, Folders, SizeDistribution } from './description.ts';
import { Random } from './random.ts';

export interface CorpusPlan {
  readonly facts: Required<CorpusFacts>;
  /** Bytes of each distinct content. */
  readonly sizes: Float64Array;
  /** For each file the number of its content. */
  readonly contents: Uint32Array;
}

/** Below this, random contents could be equal by chance. */
const MIN_BYTES = 16;

/** The same plan for the same description and seed. */
export function planCorpus(description: CorpusDescription, seed: number): CorpusPlan {
  const { name, files, duplicateShare } = description;
  const distinctFiles = Math.max(1, Math.round(files * (1 - duplicateShare)));
  const random = new Random(seed, 'sizes');
  const sizes = new Float64Array(distinctFiles).map(() => sizeOf(description.size, random));
  const contents = spreadContents(files, distinctFiles, new Random(seed, 'places'));
  return {
    facts: {
      name,
      files,
      bytes: contents.reduce((sum, content) => sum + sizes[content]!, 0),
      distinctFiles,
      distinctBytes: sizes.reduce((sum, size) => sum + size, 0),
    },
    sizes,
    contents,
  };
}

/** Every content once and then at random, in an order in which copies lie anywhere. */
function spreadContents(files: number, distinct: number, random: Random): Uint32Array {
  const contents = Uint32Array.from({ length: files }, (_, file) =>
    file < distinct ? file : random.below(distinct),
  );
  if (distinct === files) return contents;
  for (let last = files - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [contents[last], contents[other]] = [contents[other]!, contents[last]!];
  }
  return contents;
}

function sizeOf(size: SizeDistribution, random: Random): number {
  if (size.kind === 'fixed') return size.bytes;
  if (size.kind === 'uniform') return size.min + random.below(size.max - size.min + 1);
  const bytes = Math.round(size.median * Math.exp(size.sigma * random.normal()));
  return Math.min(size.max, Math.max(MIN_BYTES, bytes));
}

/** The folder of every file, below the tree's top: `d3/d1/`. */
export function folderOf(file: number, { files, depth, fanOut }: Folders): string {
  let place = Math.floor(file / files);
  if (fanOut === 1) return 'd/'.repeat(place % (depth + 1));
  let folder = '';
  for (let level = 0; level < depth; level++) {
    folder += `d${place % fanOut}/`;
    place = Math.floor(place / fanOut);
  }
  return folder;
}

/** The path of every file, below the tree's top: `d3/d1/f17`. */
export function pathOf(file: number, folders: Folders): string {
  return `${folderOf(file, folders)}f${file}`;
}
