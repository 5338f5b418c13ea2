/** What a second ingest asks the kernel for, under strace(1). */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandProgram } from '../harness/mounts.ts';
import { ingotTraced } from '../harness/strace.ts';
import { ingestAgain, LATER, sourceAndStore } from './again.ts';

beforeEach((context) => demandProgram(context, 'strace'));

const FILES = 60;
const TREE = {
  ...Object.fromEntries(Array.from({ length: FILES - 1 }, (_, n) => [`d${n % 3}/f${n}`, `${n}`])),
  large: Buffer.alloc((4 << 20) + 1),
  ...{ 'd0/l': { symlink: 'f0' }, 'd1/l': { symlink: 'nowhere' } },
};

const CALLS = 'open,openat,openat2,stat,lstat,statx,newfstatat,readlink,readlinkat';

interface Asked {
  /** Entries that were opened, files and links: by their directory and name. */
  readonly opened: readonly string[];
  /** Looks at entries by their names. */
  readonly looked: readonly string[];
  readonly stdout: string;
}

/** What a run asks of the entries of a source that are no directories. */
function asked(source: string, store: string, ...flags: string[]): Asked {
  // Progress would look at some entries ahead.
  const how = ['-v', '--threads', '1', '--no-progress', ...flags];
  const args = ['ingest', source, '--store', store, ...how];
  const { code, stdout, stderr, calls } = ingotTraced(args, ['-e', `trace=${CALLS}`], [LATER]);
  expect(code, stderr).toBe(0);
  const opened = new Set<string>();
  const looked: string[] = [];
  for (const call of calls) {
    const [, name, directory, path] = /^\d+ +(\w+)\((?:\w+<([^>]*)>, )?"([^"]*)"/.exec(call) ?? [];
    if (name === undefined || !/(^|\/)([fl]\d*|large)$/.test(path!)) continue;
    const whole = path!.startsWith('/') ? path! : `${directory}/${path}`;
    if (!whole.startsWith(source)) continue;
    if (/stat/.test(name)) looked.push(whole);
    else opened.add(whole);
  }
  return { opened: [...opened], looked, stdout };
}

describe('a second ingest', () => {
  it('opens no unchanged file, reads no unchanged link, and looks once at each', () => {
    const { source, store } = sourceAndStore(TREE);
    const first = asked(source, store);
    expect(first.opened.length).toBe(FILES + 2);
    const { opened, looked } = asked(source, store);
    expect(opened).toEqual([]);
    expect(looked.length).toBeLessThanOrEqual(FILES + 2);
  });

  it('opens what has changed, and nothing else', () => {
    const { source, store } = sourceAndStore(TREE);
    ingestAgain(store, source);
    fs.appendFileSync(join(source, 'd0/f3'), '!');
    const { opened } = asked(source, store);
    expect(opened).toEqual([expect.stringMatching(/f3$/)]);
  });

  it('opens all with --rescan', () => {
    const { source, store } = sourceAndStore(TREE);
    ingestAgain(store, source);
    expect(asked(source, store, '--rescan').opened.length).toBe(FILES + 2);
  });

  it('opens nothing in renamed and swapped directories, nor in a moved source', () => {
    const { source, store } = sourceAndStore(TREE);
    ingestAgain(store, source);
    const move = (from: string, to: string) => fs.renameSync(join(source, from), join(source, to));
    move('d0', 'x');
    move('d1', 'd0');
    move('x', 'd1');
    fs.mkdirSync(join(source, 'y'));
    move('d2', 'y/z');
    const moved = join(source, '../elsewhere');
    fs.renameSync(source, moved);
    const { opened, stdout } = asked(moved, store);
    expect(opened).toEqual([]);
    expect(stdout).toMatch(new RegExp(`^ {2}unchanged ${FILES} {2}link 2$`, 'm'));
  });

  it('looks for no object of an unchanged file while the generation is the same', () => {
    const { source, store } = sourceAndStore(TREE);
    ingestAgain(store, source);
    const args = ['ingest', source, '--store', store, '-q', '--threads', '1'];
    const { calls } = ingotTraced(args, ['-e', `trace=${CALLS}`], [LATER]);
    const objects = calls.filter((call) => /(?<!segments)\/[0-9a-f]{64}"/.test(call));
    expect(objects).toEqual([]);
  });

  it('looks for each object and reads no segment when the generation is another one', () => {
    const { source, store } = sourceAndStore(TREE);
    ingestAgain(store, source);
    fs.writeFileSync(join(store, '.ingot/generation'), `${'01234567'.repeat(4)}\n`);
    const args = ['ingest', source, '--store', store, '-q', '--threads', '1'];
    const { calls } = ingotTraced(args, ['-e', `trace=${CALLS},access,faccessat2`], [LATER]);
    const found = (space: RegExp) => calls.filter((call) => space.test(call));
    expect(found(/(?<!segments)\/[0-9a-f]{64}"/).length).toBe(FILES);
    const segments = found(/segments\/[0-9a-f]{64}"/);
    expect(segments.length).toBe(1);
    expect(segments[0]).toMatch(/stat/);
  });
});

describe('a file that was changed just before an ingest', () => {
  it.each([
    ['small', 'small'],
    ['large', Buffer.alloc((4 << 20) + 1)],
  ])('is read again by the next one, however long reading it took: a %s one', (name, bytes) => {
    const { source, store } = sourceAndStore({ [name]: bytes });
    const args = ['ingest', source, '--store', store, '-q', '--threads', '1'];
    // It may have changed again at once, which its times do not show.
    const { code, calls } = ingotTraced(args, [
      ...['-P', join(source, name), '-e', 'trace=read,pread64'],
      ...['-e', 'inject=read,pread64:delay_exit=4s:when=1'],
    ]);
    expect(code).toBe(0);
    expect(calls.filter((call) => call.includes('DELAYED')).length).toBeGreaterThan(0);
    const { entries } = ingestAgain(store, source, [], { now: true });
    expect(entries[name]!.outcome).toBe('duplicate');
    expect(ingestAgain(store, source, [], { now: true }).outcomes).toEqual({ unchanged: 1 });
  });
});
