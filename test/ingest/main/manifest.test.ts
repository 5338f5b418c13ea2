import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/digest.ts';
import { nodeFileOps } from '../../../src/files/file-ops.ts';
import { ManifestWriter } from '../../../src/ingest/main/manifest.ts';
import { escapeName } from '../../../src/names.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'ingot-test-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const ODD_NAMES = [
  'plain',
  ' leading and trailing ',
  '*starred',
  '-',
  '-dash',
  'back\\slash',
  'new\nline',
  'carriage\rreturn',
  'ends in\r',
  '\\n',
  'line\u2028separator',
  'größe 日本 😀',
].map((name) => Buffer.from(name));
const NOT_UTF8 = [Buffer.from([0xff, 0xfe]), Buffer.from([0x61, 0x5c, 0xe2, 0x28])];

function collector(): { stream: Writable; text: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      globalThis.setImmediate(done);
    },
  });
  return { stream, text: () => Buffer.concat(chunks) };
}

describe('the manifest', () => {
  it('is byte for byte what sha256sum prints, and sha256sum -c accepts it', async () => {
    const names = [...ODD_NAMES, ...NOT_UTF8].sort(Buffer.compare);
    const root = Buffer.from(`${folder}/`);
    for (const name of names) fs.writeFileSync(Buffer.concat([root, name]), name);
    const target = join(folder, 'manifest');
    const manifest = new ManifestWriter(target);
    for (const name of names) manifest.add(digestOf(name), escapeName(name));
    await manifest.finish();

    const check = spawnSync('sha256sum', ['--strict', '-c', target], { cwd: folder, input: '' });
    expect(check.stderr.toString()).toBe('');
    expect(check.status).toBe(0);
    // The one name that sha256sum itself cannot be given as it is.
    const asked = names.map((name) => (name.toString() === '-' ? Buffer.from('./-') : name));
    const input = Buffer.concat(asked.flatMap((name) => [name, Buffer.of(0)]));
    const printed = spawnSync('xargs', ['-0', 'sha256sum', '--'], { cwd: folder, input });
    expect(fs.readFileSync(target).toString('latin1')).toBe(printed.stdout.toString('latin1'));
  });

  it('is accepted by sha256sum -c whatever bytes are in the names', async () => {
    const bytes = fc.uint8Array({ min: 1, minLength: 1, maxLength: 30 });
    const odd = fc.array(fc.constantFrom(...Buffer.from('\\\n\r *-a\xff', 'latin1')), {
      minLength: 1,
      maxLength: 6,
    });
    const name = fc
      .oneof(
        bytes,
        odd.map((each) => Uint8Array.from(each)),
      )
      .map((each) => Buffer.from(each.map((byte) => (byte === 0x2f ? 0x5f : byte))))
      .filter((each) => !['.', '..'].includes(each.toString('latin1')));
    const names = fc.uniqueArray(name, {
      selector: (each) => each.toString('latin1'),
      minLength: 200,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(names, async (some) => {
        const source = fs.mkdtempSync(join(folder, 'names-'));
        const manifest = new ManifestWriter(join(folder, 'manifest'));
        for (const each of some) {
          fs.writeFileSync(Buffer.concat([Buffer.from(`${source}/`), each]), each);
          manifest.add(digestOf(each), escapeName(each));
        }
        await manifest.finish();
        const command = ['--strict', '--quiet', '-c', '../manifest'];
        const check = spawnSync('sha256sum', command, { cwd: source, input: '' });
        expect(check.stdout.toString('latin1') + check.stderr.toString('latin1')).toBe('');
        expect(check.status).toBe(0);
        expect(fs.readFileSync(join(folder, 'manifest')).filter((b) => b === 0x0a).length).toBe(
          200,
        );
      }),
      { numRuns: 10 },
    );
  });

  it('is sorted by path bytes, however little memory it has', async () => {
    const path = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => escapeName(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 60 }),
        fc.integer({ min: 1, max: 700 }),
        async (paths, chunkBytes) => {
          const out = collector();
          const manifest = new ManifestWriter('-', { chunkBytes, stdout: out.stream });
          for (const path of paths) manifest.add(digestOf(Buffer.from(path, 'utf16le')), path);
          await manifest.finish();
          const whole = collector();
          const reference = new ManifestWriter('-', { stdout: whole.stream });
          const sorted = paths.toSorted((a, b) => Buffer.compare(pathBytes(a), pathBytes(b)));
          for (const path of sorted) reference.add(digestOf(Buffer.from(path, 'utf16le')), path);
          await reference.finish();
          expect(out.text().equals(whole.text())).toBe(true);
          expect(out.text().toString('latin1')).toBe(sorted.map(plainLine).join(''));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes a path longer than a chunk, than a read of the merge and than a block of lines', async () => {
    const out = collector();
    const manifest = new ManifestWriter('-', { chunkBytes: 100, stdout: out.stream });
    const paths = ['b'.repeat(300_000), 'a'.repeat(150), 'c'];
    for (const path of paths) manifest.add(digestOf(Buffer.from(path)), path);
    await manifest.finish();
    const lines = paths.toSorted().map((path) => `${digestOf(Buffer.from(path))}  ${path}\n`);
    expect(out.text().toString()).toBe(lines.join(''));
  });

  it('of many blocks piles up no listeners on the stream that takes them at once', async () => {
    const listeners: number[] = [];
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        listeners.push(stream.listenerCount('error'));
        done();
      },
    });
    const manifest = new ManifestWriter('-', { stdout: stream });
    for (let n = 0; n < 20; n++) manifest.add(digestOf(Buffer.of(n)), `${n}`.padEnd(200_000));
    await manifest.finish();
    expect(listeners).toEqual(Array.from({ length: 20 }, () => 1));
    await setImmediate();
    expect(stream.listenerCount('error')).toBe(0);
  });

  it('leaves no spill file behind, not even while it is being made', () => {
    const spills: string[] = [];
    const ops: typeof nodeFileOps = {
      ...nodeFileOps,
      openSync: (path, flags, mode) => {
        spills.push(String(path));
        return nodeFileOps.openSync(path, flags, mode);
      },
    };
    const manifest = new ManifestWriter(join(folder, 'manifest'), { chunkBytes: 200, ops });
    for (let n = 0; n < 50; n++) manifest.add(digestOf(Buffer.of(n)), `path ${n}`);
    expect(spills).toHaveLength(1);
    expect(fs.existsSync(spills[0]!)).toBe(false);
    manifest.abandon();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('keeps the old file and leaves no temp when its flush fails', async () => {
    const target = join(folder, 'manifest');
    fs.writeFileSync(target, 'old');
    const ops: typeof nodeFileOps = {
      ...nodeFileOps,
      fsyncSync: () => {
        throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' });
      },
    };
    const manifest = new ManifestWriter(target, { ops });
    manifest.add(digestOf(Buffer.of(1)), 'one');
    await expect(manifest.finish()).rejects.toMatchObject({ code: 'EIO', path: target });
    expect(fs.readFileSync(target, 'utf8')).toBe('old');
    expect(fs.readdirSync(folder)).toEqual(['manifest']);
  });

  it('is written into a special file and through a link instead of replacing them', async () => {
    const real = join(folder, 'real');
    const link = join(folder, 'link');
    fs.writeFileSync(real, 'old');
    fs.symlinkSync(real, link);
    for (const target of [link, '/dev/null']) {
      const manifest = new ManifestWriter(target);
      manifest.add(digestOf(Buffer.of(1)), 'one');
      await manifest.finish();
    }
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(fs.readFileSync(real, 'utf8')).toMatch(/ {2}one\n$/);
    expect(fs.statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('says at once when no file can be made at its target', () => {
    expect(() => new ManifestWriter(folder)).toThrow(/EISDIR/);
    expect(() => new ManifestWriter(join(folder, 'missing', 'file'))).toThrow(
      /^cannot write the manifest: .*\/missing\/file: .*\(ENOENT\)/,
    );
  });
});

function pathBytes(path: string): Buffer {
  return Buffer.from(
    [...path].flatMap((char) => {
      const unit = char.charCodeAt(0);
      return char.length === 1 && unit >= 0xdc00 && unit <= 0xdcff
        ? [unit - 0xdc00]
        : [...Buffer.from(char)];
    }),
  );
}

function plainLine(path: string): string {
  const digest = digestOf(Buffer.from(path, 'utf16le'));
  const name = pathBytes(path).toString('latin1');
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === name ? '' : '\\'}${digest}  ${escaped === '-' ? './-' : escaped}\n`;
}
