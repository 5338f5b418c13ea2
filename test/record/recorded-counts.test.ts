import { expect, it } from 'vitest';
import type { RecordedDirectory } from '../../src/record/directory-block.ts';
import { RecordBlocks } from '../../src/record/record-blocks.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { addFile, enter, FINISHED, identityOf, LINK, openIn, STATUS } from './recording.ts';

const DIRECTORY: RecordedDirectory = {
  ...{ inTree: 'd', status: { ...STATUS, mode: 0o40755 }, xattrs: '', hasXattrs: true },
  ...{ entries: 3, subdirectories: ['below', 'other'] },
};

/** Records a directory with two files of 3 bytes and a link. */
function recorded(): string {
  const folder = temporaryDirectory();
  const records = openIn(folder);
  const blocks = new RecordBlocks(3);
  enter(blocks, { inTree: 'd', identity: identityOf(7) });
  for (const name of ['f', 'g']) addFile(blocks, { name });
  blocks.link('l', { ...LINK, size: 10 }, { target: 'f', isSure: true });
  records.add(blocks.take()!);
  records.addDirectory(DIRECTORY);
  records.finish(FINISHED);
  return folder;
}

it('counts what a directory holds, and the bytes of its files', () => {
  const counts = openIn(recorded(), { dryRun: true }).counts();
  const found = counts.find('d', DIRECTORY.status, true)!;
  expect(found).toEqual({ record: 0, entries: 3, subdirectories: ['below', 'other'] });
  expect(counts.bytesOf('d', found)).toBe(6);
});

it.each([
  ['of another time', 'd', { changedSeconds: 1 }, true],
  ['that is another one', 'd', { inode: 1, inodeLow: 1 }, true],
  ['without extended attributes', 'd', {}, false],
  ['of another path', 'e', {}, true],
] as const)('knows nothing of one %s', (_, inTree, status, hasXattrs) => {
  const counts = openIn(recorded(), { dryRun: true }).counts();
  expect(counts.find(inTree, { ...DIRECTORY.status, ...status }, hasXattrs)).toBeUndefined();
});

it('knows nothing where other names were passed over', () => {
  const counts = openIn(recorded(), { dryRun: true, rules: 'others' }).counts();
  expect(counts.find('d', DIRECTORY.status, true)).toBeUndefined();
});
