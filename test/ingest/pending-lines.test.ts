/** Lines of directories that are what a record says. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { EntryBlocks } from '../../src/ingest/entry-blocks.ts';
import { NO_BLOCKS, type TaskBlocks } from '../../src/ingest/messages.ts';
import { Packer } from '../../src/ingest/packed-files.ts';
import { addLines } from '../../src/ingest/pending-lines.ts';
import { DirectoryScan } from '../../src/record/directory-scan.ts';
import type { SharedRecord } from '../../src/record/record-reader.ts';
import type { Records } from '../../src/record/records.ts';
import { Devices } from '../../src/sources/devices.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import {
  blocksOf,
  digestNumber,
  FINISHED,
  identityOf,
  openIn,
  STATUS,
} from '../record/recording.ts';

const FILES = ['a', 'b'].map((name, n) => ({ name, digest: digestNumber(n) }));
/** Two blocks of one directory. */
const BLOCKS = FILES.map((file) => blocksOf({ inTree: 'd', identity: identityOf(5) }, [file]));
const DIRECTORY = {
  ...{ inTree: 'd', status: STATUS, xattrs: '', hasXattrs: true },
  ...{ entries: FILES.length, subdirectories: [] },
};

let folder: string;
let records: Records;
beforeEach(() => {
  folder = temporaryDirectory();
  const earlier = openIn(folder);
  earlier.addDirectory(DIRECTORY);
  for (const block of BLOCKS) earlier.add(block);
  earlier.finish(FINISHED);
  // The next run meets all of it again.
  records = openIn(folder);
  for (const block of BLOCKS) records.add(block);
  expect(records.find('d', STATUS, true)).toMatchObject({ isSame: true });
});

function linesFrom(record: SharedRecord): { left: number[]; lines: TaskBlocks } {
  const packer = new Packer();
  packer.add({ directory: '/', inTree: '', names: ['x'] });
  const known = { record: 0, entries: FILES.length };
  packer.add({ directory: '/s/d', withoutLinks: '/s/d', inTree: 'd', names: [], known });
  const blocks = new EntryBlocks(new Devices(), 8, { isRecorded: false, wantXattrs: true });
  const scans = [new DirectoryScan(record)];
  const left = addLines({ files: packer.take(), pending: [1] }, scans, blocks);
  return { left, lines: blocks.take() };
}

const earlierFile = () =>
  join(folder, fs.readdirSync(folder).find((name) => !name.includes('.part-'))!);

it('are those of the directory itself and of its entries', () => {
  const { left, lines } = linesFrom(records.shared[0]!);
  expect(left).toEqual([]);
  expect(lines.directories).toEqual(['d', 'd']);
  const text = Buffer.from(lines.bytes).toString('latin1');
  for (const { name, digest } of FILES) expect(text).toMatch(new RegExp(`"${name}".*${digest}`));
});

it('are not made where the record cannot be read any more, and then from what the run has recorded', () => {
  const before = linesFrom(records.shared[0]!);
  fs.truncateSync(earlierFile(), 0);
  expect(linesFrom(records.shared[0]!)).toEqual({ left: [1], lines: NO_BLOCKS });
  expect(linesFrom(records.readBack()!)).toEqual(before);
});

it('are not made in part where one of the blocks is damaged', () => {
  const bytes = fs.readFileSync(earlierFile());
  const last = bytes.lastIndexOf(Buffer.from(BLOCKS[1]!));
  expect(last).toBeGreaterThan(0);
  bytes[last + 40]! ^= 1;
  fs.writeFileSync(earlierFile(), bytes);
  expect(linesFrom(records.shared[0]!)).toEqual({ left: [1], lines: NO_BLOCKS });
});

it('cannot be read back by a run that records nothing', () => {
  expect(openIn(folder, { dryRun: true }).readBack()).toBeUndefined();
});
