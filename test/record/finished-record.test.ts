/** The record of a run, as that run asks it what it may remove. */
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeFileOps } from '../../src/files/file-ops.ts';
import { FinishedRecord } from '../../src/record/finished-record.ts';
import { RecordBlocks } from '../../src/record/record-blocks.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import {
  addFile,
  digestNumber,
  enter,
  FINISHED,
  identityOf,
  LINK,
  recordIn,
  STATUS,
} from './recording.ts';

/** The path of a record of one directory. */
function recorded(): string {
  const folder = temporaryDirectory();
  const blocks = new RecordBlocks(3);
  enter(blocks, { inTree: 'd', identity: identityOf(7) });
  addFile(blocks, { name: 'f', digest: digestNumber(5) });
  addFile(blocks, { name: 'unsure', isSure: false });
  blocks.link('l', LINK, { target: 'x', isSure: true });
  recordIn(folder, [blocks.take()!]);
  return join(folder, fs.readdirSync(folder)[0]!);
}

function opened(path: string, snapshot = FINISHED.snapshot): FinishedRecord | undefined {
  const record = FinishedRecord.open(path, snapshot, nodeFileOps);
  if (record !== undefined) onTestFinished(() => record.close());
  return record;
}

it('has all that the run has learnt of an entry', () => {
  const record = opened(recorded())!;
  record.enter('d');
  const { device: _, ...status } = STATUS;
  const digest = digestNumber(5);
  expect(record.find('f')).toEqual({ status, digest, target: undefined, isSure: true });
  expect(record.find('unsure')).toMatchObject({ isSure: false });
  const link = { digest: undefined, target: 'x', isSure: true };
  expect(record.find('l')).toEqual({ status: { ...status, mode: LINK.mode }, ...link });
  expect(record.find('other')).toBeUndefined();
  record.enter('e');
  expect(record.find('f')).toBeUndefined();
});

it('is none when it is that of another run', () => {
  expect(opened(recorded(), '20261130T140203Z-00000000')).toBeUndefined();
});

it('is none when it is damaged', () => {
  const path = recorded();
  fs.truncateSync(path, fs.statSync(path).size - 1);
  expect(() => opened(path)).toThrow();
});
