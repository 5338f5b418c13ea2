import fs from 'node:fs';
import { expect, test } from 'vitest';
import { nodeDirectoryOps } from '../../../src/sources/walk/directory.ts';
import { NamedEntries } from '../../../src/sources/walk/named-entries.ts';
import { NamedFiles } from '../../../src/sources/walk/named-files.ts';
import { Outputs } from '../../../src/sources/walk/outputs.ts';
import { TreeWays } from '../../../src/sources/walk/tree-ways.ts';
import { makeTree } from '../../harness/tree.ts';
import { RecordingSink } from './recording-sink.ts';

test('where 1,024 directories lie is remembered, and not of more', () => {
  const root = makeTree({ 'a/f': '', 'b/f': '', link: { symlink: 'a' } });
  const leftOut = { store: undefined, outputs: new Outputs() };
  const sink = new RecordingSink();
  const ways = new TreeWays(sink, nodeDirectoryOps);
  const files = new NamedFiles(new NamedEntries(), leftOut, sink, ways);
  const named = () => files.takes(`${root}/link`, 'f');
  expect(named()).toBe(true);
  fs.rmSync(`${root}/link`);
  fs.symlinkSync('b', `${root}/link`);
  for (let n = 1; n < 1024; n++) files.takes(`${root}${'/.'.repeat(n)}`, 'f');
  expect(named()).toBe(false);
  files.takes(`${root}/a/.`, 'f');
  expect(named()).toBe(true);
});
