import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandProgram } from '../harness/mounts.ts';
import { MAIN } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

/** One finished system call of a run, in the order in which they ended. */
interface Call {
  readonly name: string;
  readonly body: string;
  readonly result: string;
  /** The paths in it, of arguments and of descriptors. */
  readonly paths: readonly string[];
  readonly begun: number;
  readonly ended: number;
}

const TRACED =
  'openat,mkdir,write,pwrite64,rename,renameat,renameat2,linkat,syncfs,fsync,fdatasync,unlink,rmdir';

/** Runs a real ingest under strace(1) and reads back what it did to the store. */
function trace(source: string, store: string, ...options: string[]): Call[] {
  const log = path.join(temporaryDirectory(), 'strace');
  execFileSync('strace', [
    ...['-f', '-y', '-ttt', '-T', '-s', '0', '-o', log, '-e', `trace=${TRACED}`],
    ...[process.execPath, MAIN, 'ingest', source, '--store', store, '-q', ...options],
  ]);
  return parse(fs.readFileSync(log, 'utf8'));
}

function parse(log: string): Call[] {
  const unfinished = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of log.split('\n')) {
    const [, thread, time, rest] = /^(\d+)\s+([\d.]+) (.*)$/.exec(line) ?? [];
    if (thread === undefined || time === undefined || rest === undefined) continue;
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(thread, rest.replace('<unfinished ...>', ''));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const text = resumed === null ? rest : (unfinished.get(thread) ?? '') + resumed[1];
    const [, name, body, result, took] = /^(\w+)\((.*)\) += (.*) <([\d.]+)>$/.exec(text) ?? [];
    if (name === undefined || body === undefined || result === undefined) continue;
    if (result.startsWith('-1 ')) continue;
    // A resumed line carries the time of its end, any other that of its begin.
    const at = Number(time);
    const [begun, ended] = resumed === null ? [at, at + Number(took)] : [at - Number(took), at];
    const paths = [...body.matchAll(/["<](\/[^">]*)[">]/g)].map((match) => match[1]!);
    calls.push({ name, body, result, paths, begun, ended });
  }
  return calls;
}

const OBJECT = /(?<!\/segments)\/([0-9a-f]{2}\/)?[0-9a-f]{64}$/;
const SEGMENT = /\/\.ingot\/segments\/[0-9a-f]{64}$/;
const REFERENCE = /\/\.ingot\/snapshots\/\d{8}T\d{6}Z-[0-9a-f]{8}$/;
/** By its number, or as the kernel calls a file without a name: `#12`. */
const isTemp = (file: string) => /\/\.tmp-[0-9a-f]+\/\d+\/#?\d+$/.test(file);

function publishes(
  calls: readonly Call[],
  what = OBJECT,
): { temp: string; object: string; call: Call }[] {
  return calls
    .filter(({ name, paths }) => /^rename|^linkat$/.test(name) && what.test(paths.at(-1) ?? ''))
    .map((call) => ({ temp: tempOf(call, calls), object: call.paths.at(-1)!, call }));
}

/** A temp without a name gets one by its descriptor. */
function tempOf(call: Call, calls: readonly Call[]): string {
  const from = call.paths.find((file) => file !== process.cwd())!;
  const fd = /^\/proc\/self\/fd\/(\d+)$/.exec(from)?.[1];
  if (fd === undefined) return from;
  const isOf = ({ name, result, ended }: Call) =>
    name === 'openat' && result.startsWith(`${fd}<`) && ended <= call.begun;
  return /<(.*)>/.exec(calls.findLast(isOf)!.result)![1]!;
}

const flushesOf = (calls: readonly Call[], file: string) =>
  calls.filter(({ name, paths }) => (name === 'fsync' || name === 'syncfs') && paths[0] === file);

const lastWrite = (calls: readonly Call[], file: string) =>
  calls.findLast(({ name, paths }) => /write/.test(name) && paths[0] === file)!;

/** The names in a folder are flushed once they all are there, and before any of those that follow. */
function expectFlushed(
  calls: readonly Call[],
  folder: string,
  names: ReturnType<typeof publishes>,
  followers: ReturnType<typeof publishes>,
): void {
  const last = Math.max(...names.map(({ call }) => call.ended));
  const next = Math.min(...followers.map(({ call }) => call.begun));
  const between = flushesOf(calls, folder).filter(
    ({ name, begun, ended }) => name === 'fsync' && begun >= last && ended <= next,
  );
  expect(between.length).toBe(1);
}

const tree = () => {
  const files: Record<string, string | Buffer> = { large: randomBytes(5 << 20), copy: 'content 1' };
  for (let n = 0; n < 300; n++) files[`d${n % 7}/f${n}`] = `content ${n}`;
  return { source: makeTree(files), store: path.join(temporaryDirectory(), 'store'), objects: 301 };
};

describe('a traced ingest', () => {
  beforeEach((context) => demandProgram(context, 'strace'));

  it('writes, then flushes, then renames each object, and flushes the directory last', () => {
    const { source, store, objects } = tree();
    const calls = trace(source, store, '--barrier', 'syncfs');
    const published = publishes(calls);
    expect(published.length).toBe(objects);
    const barriers = calls.filter(({ name }) => name === 'syncfs');
    expect(barriers.length).toBeGreaterThan(0);
    for (const { temp, call } of published) {
      expect(isTemp(temp)).toBe(true);
      const written = lastWrite(calls, temp).ended;
      const between = barriers.filter(
        ({ begun, ended }) => begun >= written && ended <= call.begun,
      );
      expect(between.length).toBeGreaterThan(0);
    }
    const lastRename = Math.max(...published.map(({ call }) => call.ended));
    const [flush, ...more] = flushesOf(calls, store).filter(
      ({ name, begun }) => name === 'fsync' && begun >= lastRename,
    );
    expect(flush).toBeDefined();
    expect(more).toEqual([]);
  });

  it.each([
    ['--barrier', 'fsync'],
    ['--durability', 'file'],
  ])('flushes each temp exactly once before its rename with %s %s', (...options) => {
    const { source, store, objects } = tree();
    const calls = trace(source, store, ...options);
    const published = publishes(calls);
    expect(published.length).toBe(objects);
    for (const { temp, call } of published) {
      const flushes = flushesOf(calls, temp);
      expect(flushes.length).toBe(1);
      expect(flushes[0]!.begun).toBeGreaterThanOrEqual(lastWrite(calls, temp).ended);
      expect(flushes[0]!.ended).toBeLessThanOrEqual(call.begun);
    }
    expect(calls.filter(({ name }) => name === 'syncfs')).toEqual([]);
  });

  it('flushes nothing with --durability none but its mark, before any object', () => {
    const { source, store, objects } = tree();
    execFileSync(process.execPath, [MAIN, 'ingest', makeTree({}), '--store', store, '-q']);
    const calls = trace(source, store, '--durability', 'none');
    const published = publishes(calls);
    expect(published.length).toBe(objects);
    const flushes = calls.filter(({ name }) => /sync/.test(name));
    expect(flushes.map(({ paths }) => path.relative(store, paths[0]!))).toEqual([
      '.ingot/unflushed',
      '.ingot',
    ]);
    const first = Math.min(...published.map(({ call }) => call.begun));
    expect(flushes.at(-1)!.ended).toBeLessThan(first);
  });

  it('makes a new store durable, up to its own entry in its parent', () => {
    const { source, store } = tree();
    const calls = trace(source, store);
    const metadata = path.join(store, '.ingot');
    for (const directory of [metadata, store, path.dirname(store)])
      expect(flushesOf(calls, directory).length).toBeGreaterThan(0);
  });

  it('makes the format of an empty store durable: whoever made it may have been stopped', () => {
    const { source, store } = tree();
    execFileSync(process.execPath, [MAIN, 'ingest', makeTree({}), '--store', store, '-q']);
    const [flush] = flushesOf(trace(source, store), path.join(store, '.ingot'));
    expect(flush).toBeDefined();
    expect(flushesOf(trace(source, store), path.join(store, '.ingot'))).toEqual([]);
  });

  it('flushes the directory for duplicates too: another writer may just have named them', () => {
    const { source, store } = tree();
    trace(source, store);
    const calls = trace(source, store);
    expect(publishes(calls)).toEqual([]);
    expect(flushesOf(calls, store).map(({ name }) => name)).toEqual(['fsync']);
  });

  it('flushes every shard that may hold a new name', () => {
    const { source, store } = tree();
    const calls = trace(source, store, '--layout', 'sharded');
    const published = publishes(calls);
    const lastRename = Math.max(...published.map(({ call }) => call.ended));
    for (const folder of new Set(published.map(({ object }) => path.dirname(object)))) {
      const flushes = flushesOf(calls, folder).filter(({ begun }) => begun >= lastRename);
      expect(flushes.length).toBe(1);
    }
  });

  it.each(['syncfs', 'fsync'])(
    'names segments when the names of objects are durable, and the reference when theirs are: %s',
    (barrier) => {
      const { source, store } = tree();
      const calls = trace(source, store, '--barrier', barrier);
      const [segments, references] = [publishes(calls, SEGMENT), publishes(calls, REFERENCE)];
      expect([segments.length > 0, references.length]).toEqual([true, 1]);
      const objects = publishes(calls);
      expectFlushed(calls, store, objects, segments);
      expectFlushed(calls, path.join(store, '.ingot/segments'), segments, references);
      for (const { temp, call } of [...segments, ...references]) {
        const [flush, ...more] = calls.filter(
          ({ name, paths, begun }) =>
            (paths[0] === temp || name === 'syncfs') &&
            /sync/.test(name) &&
            begun >= lastWrite(calls, temp).ended,
        );
        expect(flush!.ended).toBeLessThanOrEqual(call.begun);
        expect(more).toEqual([]);
      }
      const [reference] = references;
      const after = calls.filter(
        ({ name, begun }) => /sync/.test(name) && begun >= reference!.call.ended,
      );
      expect(after.map(({ paths }) => paths[0])).toEqual([path.dirname(reference!.object)]);
    },
  );

  it('makes the folders of segments and references durable before anything is named in them', () => {
    const { source, store } = tree();
    const calls = trace(source, store);
    for (const what of [SEGMENT, REFERENCE]) {
      const { object, call } = publishes(calls, what)[0]!;
      const made = calls.find(
        ({ name, paths }) => name === 'mkdir' && paths[0] === path.dirname(object),
      );
      const between = flushesOf(calls, path.join(store, '.ingot')).filter(
        ({ begun, ended }) => begun >= made!.ended && ended <= call.begun,
      );
      expect(between.length).toBe(1);
    }
  });

  it('never opens an object, a segment or a reference for writing', () => {
    const { source, store } = tree();
    const calls = [...trace(source, store), ...trace(source, store, '--verify-hits')];
    const written = calls.filter(({ name, body, paths }) => {
      const opens = name === 'openat' && /O_WRONLY|O_RDWR|O_TRUNC/.test(body);
      const isNamed = [OBJECT, SEGMENT, REFERENCE].some((what) => what.test(paths.at(-1) ?? ''));
      return (opens || /write/.test(name)) && isNamed;
    });
    expect(written).toEqual([]);
  });
});
