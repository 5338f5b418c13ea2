/** A tree that a tool has written back: where it is, and whether it is whole. */
import fs from 'node:fs';
import path from 'node:path';
import { IngotError } from '../src/errors.ts';
import { count, counted } from '../src/units.ts';
import { regularFiles } from './peers/regular-files.ts';
import type { Context } from './question.ts';

/** Where every run restores to. */
export function targetIn({ arena }: Pick<Context, 'arena'>): string {
  return path.join(arena.path, 'restored');
}

/** Throws an IngotError, by `name` and with `code`, unless it has all files and bytes of the tree. */
export function checkRestored(
  { arena, corpus }: Pick<Context, 'arena' | 'corpus'>,
  name: string,
  code: string,
): void {
  const target = targetIn({ arena });
  let [files, bytes] = [0, 0];
  for (const file of regularFiles(target)) {
    files++;
    bytes += fs.lstatSync(file.path).size;
  }
  if (files === corpus.files && bytes === corpus.bytes) return;
  const shares = [
    `${count(files)} of ${counted(corpus.files, 'file')}`,
    `${count(bytes)} of ${counted(corpus.bytes, 'byte')}`,
  ];
  const why = `it restored ${shares.join(', ')}`;
  throw new IngotError({ what: `${name} did not restore the tree`, code, path: target, why });
}
