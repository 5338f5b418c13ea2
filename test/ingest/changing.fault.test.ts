import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ended, ingot, MAIN } from '../harness/run.ts';
import { expectNextRunCompletes, expectWhole, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const MEDDLING = fileURLToPath(new URL('../fixtures/meddling.mjs', import.meta.url));

let store: string;
beforeEach(() => {
  store = join(temporaryDirectory(), 's');
});

/** With one worker, so that what happens to a file happens once. */
const run = (source: string, { swap = '', options = [] }: Meddled = {}): Ended => {
  const how = ['--store', store, '--json', '--no-progress', '--threads', '1', ...options];
  const env = { NODE_OPTIONS: `--import ${MEDDLING}`, SWAP: swap };
  return ingot(['ingest', source, ...how], { env });
};

interface Meddled {
  /** A directory with what takes the place of files. */
  readonly swap?: string;
  readonly options?: readonly string[];
}

/** Each file is opened twice then: what happens at an opening happens before it is read. */
const READ_AHEAD = ['--read-ahead', '64'];

/** Each is named in a line of its own, in any order, and nothing else is said. */
function expectLines(ended: Ended, outcome: string, paths: readonly string[]): void {
  const lines = ended.stderr.trimEnd().split('\n').sort();
  expect(lines.length).toBe(paths.length);
  for (const path of paths)
    expect(
      lines.filter((line) => line.startsWith(`ingot: ${outcome}: `) && line.includes(`: ${path}: `))
        .length,
    ).toBe(1);
}

describe('a file that others write to', () => {
  const CHANGES = ['appended', 'shrinks', 'rewritten', 'grows'];

  it.each([
    ['small', 1000],
    ['large', 6 << 20],
  ])('during every reading is changed, named, and not stored: %s ones', async (_, size) => {
    const files = CHANGES.map((change) => [change, randomBytes(size)]);
    const source = makeTree({ ...Object.fromEntries(files), calm: 'calm' });
    const ended = run(source);
    expectLines(
      ended,
      'changed',
      CHANGES.map((change) => join(source, change)),
    );
    expect(ended.code).toBe(3);
    expect(outcomesOf(ended)).toEqual({ new: 1, changed: CHANGES.length });
    expect(expectWhole(store).length).toBe(1);
    expect((await expectNextRunCompletes(source, store)).length).toBe(CHANGES.length + 1);
  });

  it.each([
    ['small', 1000],
    ['large', 6 << 20],
  ])('during one reading is read again and stored as it is then: %s ones', (_, size) => {
    const names = CHANGES.map((change) => `${change}-once`);
    const source = makeTree(Object.fromEntries(names.map((name) => [name, randomBytes(size)])));
    const ended = run(source);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(CHANGES.length);
    const again = ingot(['ingest', source, '--store', store, '--json', '--no-progress']);
    expect(outcomesOf(again)).toEqual({ duplicate: CHANGES.length });
  });

  it.each([
    ['during every reading', 'rewritten', 'changed'],
    ['during every reading, and keeps its bytes', 'touched', 'duplicate'],
    ['during one reading', 'touched-once', 'duplicate'],
  ])('%s, of a content that the store holds, ends as it should: %s is %s', (_, name, outcome) => {
    const source = makeTree({ [name]: randomBytes(6 << 20) });
    expect(ingot(['ingest', source, '--store', store, '-q']).code).toBe(0);
    expect(outcomesOf(run(source))).toEqual({ [outcome]: 1 });
  });

  it.each([
    ['small', 1000],
    ['large', 6 << 20],
  ])('and leaves its bytes as they are is stored after a second reading: %s ones', (_, size) => {
    const source = makeTree({ touched: randomBytes(size) });
    const ended = run(source);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(outcomesOf(ended)).toEqual({ new: 1 });
    expect(expectWhole(store).length).toBe(1);
  });

  it('faster than it can be read does not keep the run from its end', () => {
    const source = makeTree({ grows: randomBytes(6 << 20) });
    const ended = run(source);
    expect(outcomesOf(ended)).toEqual({ changed: 1 });
    // Three readings, each ended soon after the size that the file had when it began.
    expect(fs.statSync(join(source, 'grows')).size).toBeLessThan(100 << 20);
  });
});

describe('a file that is another thing when it is opened', () => {
  const KINDS = {
    fifo: { fifo: true },
    socket: { socket: true },
    symlink: { symlink: '/etc/passwd' },
    other: { directory: true },
  } as const;

  it.each([
    ['small', 1000, []],
    ['large', 6 << 20, []],
    ['small', 1000, READ_AHEAD],
    ['large', 6 << 20, READ_AHEAD],
  ])('is neither followed nor waited for, where a %s one was: %$', (lane, size, options) => {
    const kinds = Object.entries(KINDS).map(([kind, entry]) => [`${lane}-${kind}`, entry]);
    const swap = makeTree(Object.fromEntries(kinds));
    const files = kinds.map(([name]) => [`meddled/${name}`, randomBytes(size)]);
    const source = makeTree({ ...Object.fromEntries(files), calm: 'calm' });
    const ended = run(source, { swap, options });
    // The snapshot would have the link, and this run can not.
    expectLines(ended, 'changed', [join(source, `meddled/${lane}-symlink`)]);
    expect(ended.code).toBe(3);
    expect(outcomesOf(ended)).toEqual({ new: 1, changed: 1, unsupported: 3 });
    expect(JSON.parse(ended.stdout).unsupportedKinds).toEqual({ fifo: 1, socket: 1, other: 1 });
    expect(expectWhole(store).length).toBe(1);
  });

  it.each([
    ['', []],
    [', though it was to be read ahead', READ_AHEAD],
  ])('and that is nothing any more has vanished, which is no failure%s', (_, options) => {
    const source = makeTree({
      'meddled/vanishes': 'small',
      'meddled/large-vanishes': randomBytes(6 << 20),
      calm: 'calm',
    });
    const ended = run(source, { options });
    expectLines(
      ended,
      'vanished',
      ['vanishes', 'large-vanishes'].map((name) => join(source, 'meddled', name)),
    );
    expect(ended.code).toBe(0);
    expect(outcomesOf(ended)).toEqual({ new: 1, vanished: 2 });
  });
});

describe('a user without privileges', () => {
  // root's powers over other people's files are capabilities: without any it is a user like others,
  // and one who may read this checkout wherever it lies.
  const unprivileged = (command: string, ...args: string[]) => {
    const isRoot = process.getuid?.() === 0;
    const dropped = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const [program, ...rest] = [...(isRoot ? dropped : []), command, ...args];
    return spawnSync(program!, rest, { encoding: 'utf8' });
  };

  it.each([
    ['', []],
    [', though it was to be read ahead', READ_AHEAD],
  ])('is told of what may not be read, each by name, and gets all else stored%s', (_, options) => {
    const source = makeTree({
      'a/readable': 'a',
      'a/secret': 's',
      'closed/inside': 'i',
      'listed/inside': 'i',
      'z/readable': 'z',
    });
    fs.chmodSync(join(source, 'a/secret'), 0);
    fs.chmodSync(join(source, 'closed'), 0);
    // Its names can be read, and nothing of what they stand for.
    fs.chmodSync(join(source, 'listed'), 0o400);
    const { status, stdout, stderr } = unprivileged(
      process.execPath,
      ...[MAIN, 'ingest', source, '--store', store, '--json', '--no-progress', ...options],
    );
    const ended = { code: status, stdout, stderr };
    expectLines(
      ended,
      'unreadable',
      ['a/secret', 'closed', 'listed/inside'].map((name) => join(source, name)),
    );
    expect(stderr.match(/\(EACCES\)/g)?.length).toBe(3);
    expect(status).toBe(3);
    expect(outcomesOf(ended)).toEqual({ new: 2, unreadable: 3 });
    expect(expectWhole(store).length).toBe(2);
  });

  it('is told which folder takes no store', () => {
    const source = makeTree({ a: 'a' });
    const folder = temporaryDirectory();
    fs.chmodSync(folder, 0o555);
    for (const name of ['s', 'a/b/s']) {
      const ended = unprivileged(
        process.execPath,
        MAIN,
        'ingest',
        source,
        '--store',
        join(folder, name),
      );
      expect(ended.stderr).toMatch(
        new RegExp(
          `^ingot: cannot create the store: ${folder}: .*\\(EACCES\\); its mode is 0555.*\\n$`,
        ),
      );
      expect(ended.status).toBe(1);
    }
  });
});

it('a link that leads into the store, to an object or to a folder, is not followed', async () => {
  const source = makeTree({ file: 'hello' });
  expect((await expectNextRunCompletes(source, store)).length).toBe(1);
  const [object] = fs.readdirSync(store).filter((name) => name.length === 64);
  fs.symlinkSync(join(store, object!), join(source, 'to-an-object'));
  fs.symlinkSync(store, join(source, 'to-the-store'));
  fs.symlinkSync(join(store, '.ingot'), join(source, 'to-its-metadata'));
  const ended = ingot(['ingest', source, '--store', store, '--json', '--no-progress']);
  expect(ended.code).toBe(0);
  expect(outcomesOf(ended)).toEqual({ duplicate: 1, link: 3 });
  expect(expectWhole(store)).toEqual([object]);
});
