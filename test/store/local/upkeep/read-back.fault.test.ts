/** Objects that are in memory, but not on the disk: what a failed write-back leaves. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { digestOf } from '../../../../src/digest.ts';
import { nodeFileOps } from '../../../../src/files/file-ops.ts';
import { loadLibc } from '../../../../src/native/libc.ts';
import { createStore } from '../../../../src/store/local/on-disk/create-store.ts';
import { objectPath } from '../../../../src/store/local/on-disk/layout.ts';
import { DiskReader } from '../../../../src/store/local/upkeep/read-back.ts';
import { relayoutStore as relayout } from '../../../../src/store/local/upkeep/relayout.ts';
import { demandFileSystem } from '../../../harness/file-systems.ts';
import {
  demandMounts,
  demandProgram,
  mountAgain,
  mountImage,
  overwriteOnDisk,
} from '../../../harness/mounts.ts';
import { ingot } from '../../../harness/run.ts';
import { ingotInjected } from '../../../harness/strace.ts';
import { errno, plant } from '../../../harness/temp-store.ts';
import { makeTree, temporaryDirectory } from '../../../harness/tree.ts';

const SIZES = [0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 4096, (3 << 20) + 1];
const CONTENTS = SIZES.map((size) => randomBytes(size));

function mountDisk(context: Pick<TestContext, 'skip'>, type: 'ext4' | 'xfs' | 'btrfs'): string {
  demandMounts(context);
  demandFileSystem(context, type);
  return mountImage(type, type === 'ext4' ? 200 : 320);
}

/** Writes back, then takes it from the disk again. */
function loseOnDisk(at: string, bytes: Buffer): void {
  execFileSync('sync', ['-f', at]);
  overwriteOnDisk(at, bytes, Buffer.from('not what was written'));
}

it.for(['ext4', 'xfs', 'btrfs'] as const)(
  'what --durability none stored and %s does not hold is stored anew',
  async (type, context) => {
    const at = mountDisk(context, type);
    const store = join(at, 'store');
    const source = makeTree(Object.fromEntries(CONTENTS.map((bytes, n) => [`f${n}`, bytes])));
    const run = (...args: string[]) => ingot([...args, '--store', store, '-q']);
    expect(run('ingest', source, '--durability', 'none').code).toBe(0);
    loseOnDisk(at, CONTENTS[4]!);
    // Memory still holds it.
    expect(run('verify').code).toBe(0);
    expect(ingot(['ingest', source, '--store', store, '-n']).stderr).toBe('');
    expect(ingot(['ingest', source, '--store', store])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^ingot: note: a run with --durability none has stored objects here: all are read back from the disk at the end\n(?:.*\n)*ingot: objects that --durability none stored are not on the disk: 1 of them, in quarantine now; check the disk and run again: those among its sources are stored anew\n/,
      ),
    });
    expect(run('ingest', source)).toMatchObject({ code: 0, stderr: '' });
    await mountAgain(at);
    const verified = run('verify', '--json');
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ checked: SIZES.length });
  },
);

it('of an object in both layouts the one that the disk holds is kept', async (context) => {
  const at = mountDisk(context, 'ext4');
  const store = join(at, 'store');
  createStore(store, 'sharded', nodeFileOps, await loadLibc());
  const digest = plant(store, 'sharded', CONTENTS[4]!);
  loseOnDisk(at, CONTENTS[4]!);
  plant(store, 'flat', CONTENTS[4]!);
  expect(await relayout(store, 'sharded')).toMatchObject({ moved: 1, merged: 0 });
  await mountAgain(at);
  expect(digestOf(fs.readFileSync(objectPath(store, 'sharded', digest)))).toBe(digest);
});

it('a content is read back whole, whatever its size, and told from any other', async () => {
  const folder = temporaryDirectory();
  for (const libc of [await loadLibc(), undefined])
    for (const bytes of CONTENTS) {
      const disk = new DiskReader(libc);
      const path = join(folder, 'object');
      fs.writeFileSync(path, bytes);
      fs.fsyncSync(fs.openSync(path, 'r'));
      expect(await disk.holds(path, digestOf(bytes))).toBe(true);
      expect(await disk.holds(path, digestOf(Buffer.from('another')))).toBe(false);
    }
});

it('what is no file holds nothing, and where nothing is, nothing is told', async () => {
  const folder = makeTree({ link: { symlink: 'file' }, file: '' });
  const disk = new DiskReader(await loadLibc());
  const empty = digestOf(Buffer.alloc(0));
  expect(await disk.holds(join(folder, 'file'), empty)).toBe(true);
  expect(await disk.holds(join(folder, 'link'), empty)).toBe(false);
  expect(await disk.holds(folder, empty)).toBe(false);
  expect(await disk.holds(join(folder, 'gone'), empty)).toBeUndefined();
});

it.each(['EIO', 'ENOSPC', 'EDQUOT'])(
  'what the disk could not take or give is not there: %s',
  async (code) => {
    const folder = makeTree({ file: 'x' });
    const path = join(folder, 'file');
    vi.spyOn(fs, 'readSync').mockImplementation(() => {
      throw errno(code, 'read');
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const disk = new DiskReader(await loadLibc());
    expect(await disk.holds(path, digestOf(Buffer.from('x')))).toBe(false);
  },
);

it('signals are heard while many small objects are read back', async () => {
  const path = join(makeTree({ file: 'x' }), 'file');
  const disk = new DiskReader(undefined);
  let heard = false;
  setImmediate(() => {
    heard = true;
  });
  const giveUpAt = performance.now() + 5000;
  while (!heard && performance.now() < giveUpAt) await disk.holds(path, digestOf(Buffer.from('x')));
  expect(heard).toBe(true);
});

it('reading back ends when it is told to', async () => {
  const folder = makeTree({ file: 'x' });
  const disk = new DiskReader(undefined, AbortSignal.abort(new Error('enough')));
  await expect(disk.holds(join(folder, 'file'), digestOf(Buffer.from('x')))).rejects.toThrow(
    'enough',
  );
});

/** A read of this object fails as it does on ext4 and XFS when a checksum is wrong. */
const misreads = (path: string) => ({
  inject: 'pread64,read:error=EBADMSG:when=1+',
  on: [path],
});

describe('an object whose bytes have a wrong checksum', () => {
  let source: string;
  let store: string;
  let path: string;
  beforeEach((context) => {
    demandProgram(context, 'strace');
    source = makeTree({ wrong: 'wrong', other: 'other' });
    store = join(temporaryDirectory(), 'store');
    path = objectPath(store, 'flat', digestOf(Buffer.from('wrong')));
    ingot(['ingest', source, '--store', store, '-q', '--durability', 'none']);
  });

  it('is damaged, says verify', () => {
    const ended = ingotInjected(['verify', '--store', store], misreads(path));
    expect(ended.code).toBe(4);
    expect(ended.stdout).toMatch(/^damaged +[0-9a-f]{64}: it cannot be read \(EBADMSG\)/m);
  });

  it('is stored anew after a durable ingest that has met it', () => {
    const args = ['ingest', source, '--store', store, '-q'];
    const ended = ingotInjected(args, misreads(path));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/are not on the disk: 1 of them, in quarantine now; /);
    expect(ingot(args)).toMatchObject({ code: 0, stderr: '' });
    expect(fs.existsSync(path)).toBe(true);
  });
});
