/** The trees that snapshots are measured with: of tiny files, since a snapshot is of entries. */
import { count, counted } from '../../src/units.ts';
import { type CorpusDescription, tinyFiles, tinyFilesAtTop } from '../corpus/description.ts';
import type { CorpusFacts } from '../results.ts';

/** Of ten directories, one of which is renamed. */
export const CHANGING: CorpusDescription = {
  ...tinyFiles(100_000),
  name: 'tiny-100000-in-10',
  folders: { files: 10_000, depth: 1, fanOut: 10 },
};

const MANY = 1_000_000;

/** In many directories, and in one. */
export const MANY_FILES: readonly CorpusDescription[] = [tinyFiles(MANY), tinyFilesAtTop(MANY)];

/** `1,000,000 files in directories of 1,000`; `facts` are those of the tree as it was made. */
export function wordsFor({ folders }: CorpusDescription, facts: CorpusFacts): string {
  const where = folders.depth === 0 ? 'one directory' : `directories of ${count(folders.files)}`;
  return `${counted(facts.files, 'file')} in ${where}`;
}
