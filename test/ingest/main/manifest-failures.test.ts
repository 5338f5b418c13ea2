/** What a manifest leaves open, tells and goes without when a step of it fails. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { type FileOps, nodeFileOps, type StoreFd } from '../../../src/files/file-ops.ts';
import { ManifestWriter, pathPrefix } from '../../../src/ingest/main/manifest.ts';
import { numberOf } from '../../../src/native/descriptor.ts';
import type { Source } from '../../../src/sources/walk/sources.ts';
import { errno } from '../../harness/temp-store.ts';
import { temporaryDirectory } from '../../harness/tree.ts';

const CANNOT_SORT = `cannot sort the manifest: ${tmpdir()}: `;

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

/** With so little memory that it spills. */
function fill(manifest: ManifestWriter, count = 50): ManifestWriter {
  for (let n = 0; n < count; n++) manifest.add(digestOf(Buffer.of(n)), `path ${n}`);
  return manifest;
}

/** A standard output that fails so, and the number of its writes. */
function brokenOutput(code: string) {
  const output = { writes: 0, stream: new Writable() };
  output.stream = new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => {
      output.writes++;
      done(errno(code, 'write'));
    },
  });
  return output;
}

describe('the spill file', () => {
  /** Operations that tell of the spill file, the first file that is opened. */
  function watched(more: Partial<FileOps> = {}) {
    const spill: { fd: StoreFd | undefined; closes: number } = { fd: undefined, closes: 0 };
    const ops: FileOps = {
      ...nodeFileOps,
      openSync: (...args) => {
        const fd = nodeFileOps.openSync(...args);
        spill.fd ??= fd;
        return fd;
      },
      closeSync: (fd) => {
        if (fd === spill.fd) spill.closes++;
        nodeFileOps.closeSync(fd);
      },
      ...more,
    };
    return { ops, spill };
  }

  it.each([
    ['is written', {}],
    ['cannot be written', { renameSync: () => raise('EIO') }],
  ])('is closed when the manifest %s, and not again when it is given up then', async (_, more) => {
    const { ops, spill } = watched(more);
    const manifest = fill(new ManifestWriter(join(folder, 'file'), { chunkBytes: 200, ops }));
    await manifest.finish().catch(() => {});
    expect(spill.closes).toBe(1);
    manifest.abandon();
    expect(spill.closes).toBe(1);
  });

  it('is closed when the manifest is given up before', () => {
    const { ops, spill } = watched();
    fill(new ManifestWriter(join(folder, 'file'), { chunkBytes: 200, ops })).abandon();
    expect(spill.closes).toBe(1);
  });

  it('is for its owner alone', () => {
    let mode = 0;
    const { ops } = watched({
      unlinkSync: (path) => {
        mode = fs.statSync(path).mode & 0o777;
        fs.unlinkSync(path);
      },
    });
    fill(new ManifestWriter(join(folder, 'file'), { chunkBytes: 200, ops })).abandon();
    expect(mode.toString(8)).toBe('600');
  });

  it('is never what somebody else has put there', () => {
    const { ops } = watched({
      openSync: (path, ...more) => {
        fs.writeFileSync(path, 'theirs');
        onTestFinished(() => fs.rmSync(path));
        return nodeFileOps.openSync(path, ...more);
      },
    });
    const manifest = new ManifestWriter(join(folder, 'file'), { chunkBytes: 200, ops });
    expect(() => fill(manifest)).toThrow(/EEXIST/);
  });

  it('that finds no room is told of, and where it is', () => {
    const { ops } = watched({ writeSync: () => raise('ENOSPC') });
    const manifest = new ManifestWriter(join(folder, 'file'), { chunkBytes: 200, ops });
    expect(() => fill(manifest)).toThrow(CANNOT_SORT);
    expect(() => fill(manifest)).toThrow(/\(ENOSPC\); free space there or point TMPDIR at/);
    manifest.abandon();
  });

  it('that cannot be read fails the manifest, and so does one that is cut short', async () => {
    const { ops, spill } = watched();
    const unreadable = fill(new ManifestWriter(join(folder, 'a'), { chunkBytes: 200, ops }));
    const read = vi.spyOn(fs, 'readSync').mockImplementationOnce(() => raise('EIO'));
    onTestFinished(() => read.mockRestore());
    await expect(unreadable.finish()).rejects.toThrow(CANNOT_SORT);
    spill.fd = undefined;
    const short = fill(new ManifestWriter(join(folder, 'b'), { chunkBytes: 200, ops }));
    fs.ftruncateSync(numberOf(spill.fd!), 1000);
    await expect(short.finish()).rejects.toThrow(/cut short/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('standard output', () => {
  it.each(['EPIPE', 'ERR_STREAM_DESTROYED'])('without a reader gets no more: %s', async (code) => {
    const output = brokenOutput(code);
    // Some 300 KB: two blocks.
    const manifest = new ManifestWriter('-', { stdout: output.stream });
    for (let n = 0; n < 200; n++) manifest.add(digestOf(Buffer.of(n)), `${n}`.padEnd(1500));
    await manifest.finish();
    expect(output.writes).toBe(1);
  });

  it('whose reader takes nothing keeps nobody who was told to stop', async () => {
    const stream = new Writable({ write: () => {} });
    const manifest = fill(new ManifestWriter('-', { stdout: stream }), 1);
    const controller = new AbortController();
    const finished = manifest.finish(controller.signal);
    controller.abort(new Error('told to stop'));
    await expect(finished).rejects.toThrow('told to stop');
  });

  it('gets nothing when that was told before', async () => {
    const output = brokenOutput('ENOSPC');
    const manifest = fill(new ManifestWriter('-', { stdout: output.stream }), 1);
    const told = AbortSignal.abort(new Error('told to stop'));
    await expect(manifest.finish(told)).rejects.toThrow('told to stop');
    expect(output.writes).toBe(0);
  });

  it('that fails fails the manifest', async () => {
    const manifest = fill(new ManifestWriter('-', { stdout: brokenOutput('ENOSPC').stream }), 1);
    await expect(manifest.finish()).rejects.toMatchObject({ code: 'ENOSPC', path: '-' });
  });
});

describe('the paths of a manifest', () => {
  const source = (path: string, isDirectory = true): Source => ({
    ...{ path, realPath: path, inTree: path, isDirectory, isExcluded: false },
  });
  const plan = { excludes: undefined, oneFileSystem: false, list: undefined };

  it.each([
    ['one directory', [source('a/b')], undefined, 'a/b/'],
    ['the root directory', [source('/')], undefined, '/'],
    ['a file', [source('a/b', false)], undefined, ''],
    ['several directories', [source('a'), source('b')], undefined, ''],
    ['a directory and a list', [source('a')], { file: 'list', nul: false }, ''],
    ['a list', [], { file: 'list', nul: false }, ''],
  ])('begin after the prefix of %s', (_, sources, list, prefix) => {
    expect(pathPrefix({ ...plan, sources, list })).toBe(prefix);
  });
});

function raise(code: string): never {
  throw errno(code);
}
