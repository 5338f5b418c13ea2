import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ingest, isDigest } from 'ingot';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ingestTree, LARGE, newStore, objects, outcomes, sha256 } from '../harness/ingest-tree.ts';
import { makeTree } from '../harness/tree.ts';

describe('ingest', () => {
  it('keeps every distinct content once, in a read-only file named by its SHA-256', async () => {
    const { store, counts, report } = await ingestTree({ a: 'one', 'd/b': 'two', 'd/e/c': 'one' });
    expect(counts).toEqual({ new: 2, duplicate: 1 });
    expect(objects(store)).toEqual([sha256('one'), sha256('two')].sort());
    for (const name of objects(store)) {
      const file = path.join(store, name);
      expect(sha256(fs.readFileSync(file))).toBe(name);
      expect(fs.statSync(file).mode & 0o777).toBe(0o444);
    }
    expect(report).toMatchObject({ bytesRead: 9, bytesWritten: 6, bytesSaved: 3, directories: 3 });
  });

  it('leaves nothing at the top of the store but objects and .ingot', async () => {
    const { store } = await ingestTree({ a: 'one', large: randomBytes(LARGE) });
    expect(fs.readdirSync(store).filter((name) => !isDigest(name))).toEqual(['.ingot']);
  });

  it('stores nothing and writes no object the second time', async () => {
    const tree = { a: 'one', b: 'two', large: randomBytes(LARGE) };
    const { store, source } = await ingestTree(tree);
    const before = objects(store).map((name) => fs.statSync(path.join(store, name)).ctimeMs);
    const again = await ingest(store, [source], { threads: 2 });
    expect(outcomes(again.outcomes)).toEqual({ duplicate: 3 });
    expect(again).toMatchObject({ bytesWritten: 0, flushes: { barriers: 0, files: 0 } });
    expect(objects(store).map((name) => fs.statSync(path.join(store, name)).ctimeMs)).toEqual(
      before,
    );
  });

  it('counts the same with 1, 2 and 8 threads', async () => {
    const tree: Record<string, string> = {};
    for (let n = 0; n < 3000; n++) tree[`d${n % 40}/f${n}`] = `content ${n % 1100}`;
    const source = makeTree(tree);
    for (const threads of [1, 2, 8]) {
      const store = newStore();
      const report = await ingest(store, [source], { threads });
      expect(outcomes(report.outcomes)).toEqual({ new: 1100, duplicate: 1900 });
      expect(objects(store).length).toBe(1100);
    }
  });

  it('has the patterns that are given directly decide over those of files', async () => {
    const rules = `${makeTree({ rules: '*.log\n' })}/rules`;
    const options = { exclude: ['!keep.log'], excludeFrom: [rules] };
    const { counts } = await ingestTree({ 'keep.log': 'a', 'x.log': 'b' }, newStore(), options);
    expect(counts).toEqual({ new: 1, excluded: 1 });
  });

  it('makes smaller groups durable when a batch is smaller', async () => {
    const tree: Record<string, string> = {};
    for (let n = 0; n < 40; n++) tree[`f${n}`] = `content ${n}`;
    const options = { threads: 1, barrier: 'syncfs' } as const;
    const whole = await ingestTree(tree, newStore(), options);
    expect(whole.report.flushes.barriers).toBe(1);
    // No more than three of the eight groups are on their way at a time.
    const { report, counts } = await ingestTree(tree, newStore(), { ...options, batchFiles: 5 });
    expect(report.flushes.barriers).toBeGreaterThanOrEqual(3);
    expect(counts).toEqual({ new: 40 });
  });

  it('refuses a number of threads or files in a batch that makes no sense', async () => {
    for (const options of [{ threads: 0 }, { batchFiles: 0 }, { batchFiles: 1.5 }]) {
      const store = newStore();
      await expect(ingest(store, ['.'], options)).rejects.toMatchObject({ code: 'INGOT_USAGE' });
      expect(fs.existsSync(store)).toBe(false);
    }
  });

  it('ingests every odd name, byte by byte', async () => {
    const names = [
      'a b',
      ' lead',
      'trail ',
      '-dash',
      '#hash',
      '!bang',
      '~',
      '*',
      '[x]',
      '{a,b}',
      '(p)',
      '?',
      '$HOME',
      'quo\'te"',
      'back\udc5cslash',
      'new\udc0aline',
      'carriage\udc0dreturn',
      'tab\tin',
      'utf8-äöü-日本',
      'invalid\udcff\udcfe',
      'ls\u0085',
      '\udce2\udc80\udca8',
      '.dot',
      '..two',
      'e\u0301',
      'con',
      'x'.repeat(255),
    ];
    const tree: Record<string, string> = {};
    for (const [n, name] of names.entries()) {
      tree[name] = `file ${n}`;
      tree[`in/${name}/f`] = `below ${n}`;
    }
    const { counts, entries, store } = await ingestTree(tree, newStore(), { report: 'all' });
    expect(counts).toEqual({ new: names.length * 2 });
    expect(objects(store)).toEqual(Object.values(tree).map(sha256).sort());
    expect(entries.length).toBe(names.length * 2);
  });

  it('counts links, and special files as unsupported, and never follows or opens them', async () => {
    const { counts, report } = await ingestTree({
      file: 'x',
      link: { symlink: 'file' },
      loop: { symlink: '.' },
      dangling: { symlink: 'nowhere' },
      fifo: { fifo: true },
      socket: { socket: true },
    });
    expect(counts).toEqual({ new: 1, link: 3, unsupported: 2 });
    expect(report.unsupportedKinds).toEqual({ fifo: 1, socket: 1 });
    expect(report.entries).toBe(6);
  });

  it('succeeds with zero entries on an empty directory, and makes the store', async () => {
    const { counts, report, store } = await ingestTree({});
    expect([counts, report.entries]).toEqual([{}, 0]);
    expect(fs.existsSync(path.join(store, '.ingot/store.json'))).toBe(true);
  });

  it('stores an empty file, and files around the limit between the two lanes', async () => {
    const sizes = [0, 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, (4 << 20) + 2, LARGE];
    const tree = Object.fromEntries(sizes.map((size) => [`f${size}`, Buffer.alloc(size, 'x')]));
    const { counts, store } = await ingestTree(tree);
    expect(counts).toEqual({ new: sizes.length });
    expect(objects(store)).toEqual(Object.values(tree).map(sha256).sort());
  });

  it('reads a file to its end whatever size it claims', async () => {
    const store = newStore();
    const report = await ingest(store, ['/proc/self/limits'], { threads: 1 });
    expect(outcomes(report.outcomes)).toEqual({ new: 1 });
    expect(report.bytesRead).toBeGreaterThan(100);
  });
});

describe('sources', () => {
  it('may be files and overlapping directories: each entry counts once', async () => {
    const source = makeTree({ a: 'one', 'd/b': 'two', 'd/c': 'three' });
    const store = newStore();
    const sources = [source, `${source}/d`, `${source}/d/b`, `${source}/a`, `${source}/d/`];
    const report = await ingest(store, sources, { threads: 1 });
    expect(outcomes(report.outcomes)).toEqual({ new: 3 });
  });

  it('leave out the store itself when it lies inside one, with a notice', async () => {
    const source = makeTree({ a: 'one' });
    const notices: string[] = [];
    const onNotice = (text: string) => notices.push(text);
    const store = path.join(source, 'store');
    await ingest(store, [source], { threads: 1, onNotice });
    const again = await ingest(store, [source], { threads: 1, onNotice });
    expect(outcomes(again.outcomes)).toEqual({ duplicate: 1 });
    expect(notices.filter((text) => text.includes('store')).length).toBe(2);
  });

  it('that are missing end the run before anything is created', async () => {
    const store = newStore();
    await expect(ingest(store, ['/nowhere/at/all'])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(fs.existsSync(store)).toBe(false);
  });
});

describe('an abort', () => {
  it('ends the run with a report in which every entry met is counted, and leaves no temp', async () => {
    const tree: Record<string, string> = {};
    for (let n = 0; n < 6_000; n++) tree[`d${n % 50}/f${n}`] = `content ${n}`;
    const source = makeTree(tree);
    const store = newStore();
    const controller = new AbortController();
    const run = ingest(store, [source], {
      threads: 2,
      signal: controller.signal,
      onProgress: ({ entriesDone }) => entriesDone > 0 && controller.abort(),
    });
    const error = await run.catch((reason) => reason);
    expect(error).toMatchObject({
      name: 'IngestError',
      code: 'INGOT_INTERRUPTED',
      interrupted: true,
    });
    const { new: stored, unfinished } = error.report.outcomes;
    expect(stored).toBeGreaterThan(0);
    expect(stored + unfinished).toBe(error.report.entries);
    expect(objects(store).length).toBe(stored);
    expect(fs.readdirSync(store).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
  });

  it('does not hide that the last flush has failed', async () => {
    const { store } = await ingestTree({ a: 'one' });
    const source = makeTree({ b: 'two' });
    const controller = new AbortController();
    vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: fsync'), { code: 'EIO', syscall: 'fsync' });
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const { signal } = controller;
    const onEntry = () => controller.abort();
    const run = ingest(store, [source], { signal, onEntry, report: 'all' });
    const error = await run.catch((reason) => reason);
    expect(error).toMatchObject({ name: 'IngestError', code: 'EIO', interrupted: false });
    expect(error.report.outcomes).toMatchObject({ new: 0, unfinished: 1 });
  });

  it('is by a signal, or refused', async () => {
    const store = newStore();
    const signal = {} as AbortSignal;
    await expect(ingest(store, [makeTree({})], { signal })).rejects.toMatchObject({
      code: 'INGOT_USAGE',
    });
    expect(fs.existsSync(store)).toBe(false);
  });

  it('before the start stores nothing', async () => {
    const source = makeTree({ a: 'one' });
    const store = newStore();
    const signal = AbortSignal.abort();
    await expect(ingest(store, [source], { signal })).rejects.toMatchObject({ interrupted: true });
    expect(objects(store)).toEqual([]);
  });
});

describe('many short ingests', () => {
  it('end well although their threads are still starting', async () => {
    const source = makeTree({ a: 'one' });
    const store = newStore();
    const signal = AbortSignal.abort();
    for (let round = 0; round < 5; round++) {
      const aborted = ingest(store, [source], { threads: 8, signal, snapshot: false });
      await expect(aborted).rejects.toMatchObject({ interrupted: true });
      await ingest(store, [source], { threads: 8 });
    }
    expect(objects(store).length).toBe(1);
  });
});
