/** A tiny store of every format, as the ingot of its time wrote it. */
import fs from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/digest.ts';
import { loadLibc } from '../../src/native/libc.ts';
import { makeTree } from './tree.ts';

export const CONTENT = 'as it was stored';
export const DIGEST = digestOf(Buffer.from(CONTENT));
export const ID = '0123456789abcdef0123456789abcdef';
export const GENERATION = 'fedcba9876543210fedcba9876543210';

export const FORMATS = {
  1: { '.ingot/store.json': '{"format":1,"layout":"flat"}\n' },
  2: {
    '.ingot/store.json': `{"format":2,"layout":"flat","id":"${ID}","since":"2026-11-30T12:00:00.000Z"}\n`,
    '.ingot/generation': `${GENERATION}\n`,
    '.ingot/lock': '',
  },
} as const;

export const KNOWN_FORMATS = [1, 2] as const;

/** It holds one object. */
export function storeOfFormat(format: keyof typeof FORMATS): string {
  const root = makeTree({ ...FORMATS[format], [DIGEST]: CONTENT });
  fs.chmodSync(join(root, DIGEST), 0o444);
  return root;
}

/** A live writer of an ingot that knows only format 1. Gives what ends it. */
export async function openOldWriter(root: string): Promise<() => void> {
  const folder = join(root, `.tmp-${'0'.repeat(31)}1`);
  fs.mkdirSync(folder);
  const fd = fs.openSync(join(folder, 'lock'), 'w+');
  fs.writeSync(fd, 'flat\n');
  (await loadLibc())!.tryLock(fd as never);
  return () => {
    fs.rmSync(folder, { recursive: true });
    fs.closeSync(fd);
  };
}
