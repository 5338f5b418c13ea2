/** What patterns leave out of an ingest, whether it is named, listed or met in a walk. */
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../harness/ingest-tree.ts';
import { type Ended, script } from '../harness/run.ts';
import { objectsIn, outcomesOf } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const ALL_OUT = 'ingot: note: the exclude patterns leave out everything: nothing is stored\n';

let cwd: string;
beforeEach(() => {
  const tree = { a: 'a', 'key.pem': 'secret', 'd/b': 'b', 'd/inner.pem': 'inner' };
  cwd = makeTree(tree, join(temporaryDirectory(), 'tree'));
});

const run = (command: string): Ended => script(`${command} --store ../s --json`, { cwd });

/** The contents in the store. */
function stored(): string[] {
  const known = ['a', 'b', 'secret', 'inner', 'deep', 'other'];
  const there = objectsIn(join(cwd, '../s'));
  return known.filter((content) => there.includes(sha256(content)));
}

describe('a named source', () => {
  it('that a pattern meets by its base name is left out and counted', () => {
    const ended = run("$INGOT ingest * --exclude '*.pem'");
    expect(stored()).toEqual(['a', 'b']);
    expect(outcomesOf(ended)).toEqual({ new: 2, excluded: 2 });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('that is an excluded directory takes all below it, and counts as one entry', () => {
    makeTree({ 'node_modules/x/y': 'deep' }, cwd);
    expect(outcomesOf(run('$INGOT ingest * --exclude node_modules'))).toEqual({
      new: 4,
      excluded: 1,
    });
    expect(stored()).not.toContain('deep');
  });

  it.each([
    ['./key.pem a'],
    ['key.pem a'],
    ['"$PWD/key.pem" a'],
    ['d/../key.pem a'],
    ['link a'],
    ['link.pem a'],
  ])('is met in every spelling, a link to a file also by what it leads to: %s', (sources) => {
    fs.symlinkSync('key.pem', join(cwd, 'link'));
    fs.symlinkSync('d/b', join(cwd, 'link.pem'));
    expect(outcomesOf(run(`$INGOT ingest ${sources} --exclude '*.pem'`))).toEqual({
      new: 1,
      excluded: 1,
    });
    expect(stored()).toEqual(['a']);
  });

  it.each([
    ['.', "--exclude '.*' --exclude tree --exclude '*.pem'"],
    ['./', "--exclude '.*' --exclude '*.pem'"],
    ['d/..', "--exclude '.*' --exclude '*.pem'"],
  ])('whose last name is a dot is met by no pattern: %s', (source, rules) => {
    run(`$INGOT ingest ${source} ${rules}`);
    expect(stored()).toEqual(['a', 'b']);
  });

  it('that is excluded is not looked at: a socket, a dangling link', () => {
    makeTree({ 'x.sock': { socket: true }, 'x.link': { symlink: 'nowhere' } }, cwd);
    const ended = run("$INGOT ingest * --exclude 'x.*'");
    expect(outcomesOf(ended)).toEqual({ new: 4, excluded: 2 });
    expect(ended.code).toBe(0);
  });

  it('that is excluded and missing is still missing', () => {
    const ended = run("$INGOT ingest a missing.pem --exclude '*.pem'");
    expect(ended.stderr).toMatch(/^ingot: cannot ingest the source: missing\.pem: .*\(ENOENT\)/);
    expect(ended.code).toBe(1);
  });

  it('that is excluded is not let in by the walk of its directory, and counts once', () => {
    const ended = run("$INGOT ingest d/b d . --exclude '/d/' --exclude b");
    expect(stored()).toEqual(['a', 'secret']);
    expect(outcomesOf(ended)).toEqual({ new: 2, excluded: 2 });
  });

  it('is let in again by a later pattern', () => {
    run("$INGOT ingest * --exclude '*.pem' --exclude '!key.*'");
    expect(stored()).toEqual(['a', 'b', 'secret']);
  });

  it('that is the only one, and a directory, is what a leading slash is relative to', () => {
    run("$INGOT ingest ../tree --exclude '/*' --exclude '!/d'");
    expect(stored()).toEqual(['b', 'inner']);
    expect(outcomesOf(run('$INGOT ingest ../tree d --exclude /tree'))).toEqual({
      duplicate: 2,
      excluded: 1,
    });
  });
});

describe('an entry of a list', () => {
  it('is met by its whole path without what leads to it', () => {
    const ended = run("find . | $INGOT ingest --files-from - --exclude '*.pem'");
    expect(stored()).toEqual(['a', 'b']);
    expect(outcomesOf(ended)).toEqual({ new: 2, excluded: 2 });
  });

  it.each([
    ['d/inner.pem', '/d/inner.pem'],
    ['./d/inner.pem', 'd/inner.pem'],
    ['.//d/./inner.pem', '/d/*.pem'],
    ['a/../d/inner.pem', '/d/*.pem'],
    ['../tree/d/inner.pem', '/tree/d/*.pem'],
    ['"$PWD/d/inner.pem"', '**/tree/d/*.pem'],
    ['d/inner.pem', 'd'],
    ['d/inner.pem', 'd/'],
    ['d/', '/d/'],
    ['./d', 'd/'],
  ])('%s is left out by %s', (listed, pattern) => {
    const ended = run(
      `printf '%s\\n' a ${listed} | $INGOT ingest --files-from - --exclude '${pattern}'`,
    );
    expect(outcomesOf(ended)).toEqual({ new: 1, excluded: 1 });
    expect(stored()).toEqual(['a']);
  });

  it.each(['.', './', '..', '/', '/..'])('that has no name is met by no pattern: %s', (listed) => {
    const ended = run(
      `printf '${listed}\\n' | timeout 20 $INGOT ingest --files-from - --exclude '*' -x`,
    );
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).directories).toBe(1);
  });

  it('that is excluded is left out wherever a walk meets it, and counts once', () => {
    makeTree({ 'd/e/f': 'deep' }, cwd);
    const ended = run('find ../tree | $INGOT ingest --files-from - --exclude /tree/d');
    expect(stored()).toEqual(['a', 'secret']);
    // d, b, inner.pem, e and f are listed each.
    expect(outcomesOf(ended)).toEqual({ new: 2, excluded: 5 });
  });

  it('that is excluded need not exist, nor be a file', () => {
    makeTree({ 'x.link': { symlink: 'a' }, 'x.fifo': { fifo: true } }, cwd);
    const ended = run(
      "printf '%s\\n' x.link x.fifo x.gone a | $INGOT ingest --files-from - --exclude 'x.*'",
    );
    expect(outcomesOf(ended)).toEqual({ new: 1, excluded: 3 });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what is left out', () => {
  it('of a walk is counted, a directory as one entry', () => {
    makeTree({ 'out/x': 'deep', 'out/y': 'other' }, cwd);
    const ended = run("$INGOT ingest . --exclude out --exclude '*.pem'");
    expect(outcomesOf(ended)).toEqual({ new: 2, excluded: 3 });
    expect(JSON.parse(ended.stdout).directories).toBe(2);
  });

  it('is in the summary, and named by -v and as an event', () => {
    const summary = script("$INGOT ingest . --exclude '*.pem' --store ../s", { cwd });
    expect(summary.stdout).toMatch(/^ {2}new \d+ {2}excluded 2$/m);
    const named = script("$INGOT ingest . --exclude '*.pem' --store ../s -v", { cwd });
    expect(named.stdout).toContain('excluded    ./key.pem\n');
    const events = script("$INGOT ingest . --exclude '*.pem' --store ../s --json=events", { cwd });
    expect(events.stdout).toContain(
      '{"event":"entry","path":"./d/inner.pem","outcome":"excluded"}\n',
    );
    const nothing = script('$INGOT ingest . --store ../s', { cwd });
    expect(nothing.stdout).not.toContain('excluded');
  });

  it('when it is everything is said, and is no failure', () => {
    for (const sources of ['key.pem', '*.pem', '--files-from list']) {
      fs.writeFileSync(join(cwd, 'list'), './key.pem\n');
      const ended = run(`$INGOT ingest ${sources} --exclude '*.pem'`);
      expect(ended).toMatchObject({ code: 0, stderr: ALL_OUT });
      expect(outcomesOf(ended)).toEqual({ excluded: 1 });
    }
  });

  it('does not keep a manifest from being made, whose paths stay as if all were stored', () => {
    script("$INGOT ingest d key.pem --exclude '*.pem' --manifest ../m --store ../s", { cwd });
    expect(fs.readFileSync(join(cwd, '../m'), 'utf8')).toBe(`${sha256('b')}  d/b\n`);
  });

  it('is in the report of the library', async () => {
    const sources = ['a', 'key.pem'].map((name) => join(cwd, name));
    const report = await ingest(join(cwd, '../s'), sources, { exclude: ['*.pem'], threads: 1 });
    expect(report.outcomes).toMatchObject({ new: 1, excluded: 1 });
    expect(report.entries).toBe(2);
  });
});
