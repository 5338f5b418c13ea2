/** No output takes the place of what the same command reads. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../harness/ingest-tree.ts';
import { demandMounts, unmount } from '../harness/mounts.ts';
import { script } from '../harness/run.ts';
import { objectsIn } from '../harness/store-checks.ts';
import { makeTree } from '../harness/tree.ts';

const PRECIOUS = 'precious\n';
const LINE = `${sha256('x')}  x\n`;

let cwd: string;
beforeEach(() => {
  cwd = makeTree({
    'p.csv': PRECIOUS,
    'tr/a': PRECIOUS,
    'tr/d/b': 'b',
    list: 'p.csv\n',
    rules: '*.o\n',
    link: { symlink: 'p.csv' },
    'list-link': { symlink: 'list' },
  });
  fs.linkSync(join(cwd, 'p.csv'), join(cwd, 'hard'));
});

const read = (name: string) => fs.readFileSync(join(cwd, name), 'utf8');

/** All files and links with what is in them. */
const everything = () =>
  execFileSync(
    'bash',
    ['-c', 'find . -path ./s -prune -o -printf "%p %l\n" -type f -exec cat {} \\; | sort'],
    {
      cwd,
      encoding: 'utf8',
    },
  );

/** Exit code 2, one line that names the path, nothing changed, and no store made. */
function expectRefused(command: string, line: RegExp): void {
  const before = everything();
  const ended = script(`$INGOT ${command} --store s`, { cwd });
  expect(ended.stderr).toMatch(/^ingot: cannot write the manifest: [^\n]*; [^\n]*\n$/);
  expect(ended.stderr).toMatch(line);
  expect(ended.code).toBe(2);
  expect(everything()).toBe(before);
  expect(fs.existsSync(join(cwd, 's'))).toBe(false);
}

describe('a manifest that would replace', () => {
  it.each([
    'ingest p.csv --manifest p.csv',
    'ingest p.csv --manifest link',
    'ingest link --manifest p.csv',
    'ingest p.csv --manifest hard',
    'ingest tr p.csv --manifest ./tr/../p.csv',
    'ingest p.csv --manifest - >> p.csv',
    'ingest p.csv --manifest /dev/fd/7 7>> p.csv',
    'ingest p.csv --manifest /dev/fd/7 7<> link',
  ])('a source is refused: %s', (command) => {
    expectRefused(command, /: it is a source of this run; name another file\n$/);
  });

  it.each([
    'ingest --files-from list --manifest list',
    'ingest --files-from list --manifest list-link',
    'ingest --files-from - --manifest list < list',
    'ingest --files-from /dev/fd/8 --manifest list 8< list',
  ])('the list of sources is refused: %s', (command) => {
    expectRefused(command, /: it is the list of sources; name another file\n$/);
  });

  it('a file of patterns is refused', () => {
    expectRefused(
      'ingest tr --exclude-from /dev/null --exclude-from rules --manifest rules',
      /rules: it is a file of exclude patterns; name another file\n$/,
    );
  });

  it.each([
    'ingest tr --manifest tr/a',
    'ingest . --manifest tr/a',
    'ingest tr/d tr --manifest ./tr/a',
    'ingest sub --manifest tr/a',
    'ingest --files-from list --manifest tr/a',
  ])('a file of a source that is no manifest is refused: %s', (command) => {
    fs.symlinkSync('tr', join(cwd, 'sub'));
    expectRefused(
      command,
      /tr\/a: what is there is neither empty nor a manifest, and may be a file of a source; name another file\n$/,
    );
  });

  it.each([
    ['a line that is no manifest’s, the last', `${LINE}${LINE}x`],
    ['one of another kind of digest', 'd41d8cd98f00b204e9800998ecf8427e  x\n'],
    ['one that is too short', `${sha256('x')}  \n`],
    ['one in the middle of many', `${LINE.repeat(5000)}precious\n${LINE.repeat(5000)}`],
    ['an empty line', `${LINE}\n${LINE}`],
  ])('a file of a source that begins like a manifest is refused: %s', (_, content) => {
    fs.writeFileSync(join(cwd, 'tr/a'), content);
    expectRefused('ingest tr --manifest tr/a', /tr\/a: what is there is neither empty/);
  });

  it('a file of a source through another mount of it is refused', (context) => {
    demandMounts(context);
    fs.mkdirSync(join(cwd, 'other'));
    execFileSync('mount', ['--bind', join(cwd, 'tr'), join(cwd, 'other')]);
    try {
      expectRefused('ingest tr --manifest other/a', /other\/a: what is there is neither empty/);
    } finally {
      unmount(join(cwd, 'other'));
    }
  });
});

describe('a manifest replaces', () => {
  it.each([
    ['an empty file', ''],
    ['a manifest', LINE],
    ['one of odd names', `\\${LINE}${sha256('y')}  \xff a  b\\\n${LINE}`],
    ['one of long lines', `${sha256('x')}  ${'n'.repeat(300_000)}\n${LINE}`],
    ['one whose last line has no end', `${LINE}${LINE.trimEnd()}`],
    ['one of 20,000 lines', LINE.repeat(20_000)],
  ])('%s in a source that is walked', (_, content) => {
    fs.writeFileSync(join(cwd, 'tr/M'), content, 'latin1');
    const ended = script('$INGOT ingest tr --manifest tr/M --store s', { cwd });
    expect(ended.stderr).toBe('ingot: note: the manifest M is left out\n');
    expect(ended.code).toBe(0);
    expect(read('tr/M')).toBe(`${sha256(PRECIOUS)}  a\n${sha256('b')}  d/b\n`);
  });

  it('itself run after run, listed too', () => {
    for (const more of ['tr', '--files-from all'])
      for (let n = 0; n < 2; n++) {
        script('find tr > all', { cwd });
        expect(script(`$INGOT ingest ${more} -q --manifest tr/M --store s`, { cwd }).code).toBe(0);
      }
  });

  it('any file that is no part of the run', () => {
    expect(script('$INGOT ingest tr --manifest p.csv --store s', { cwd }).code).toBe(0);
    expect(read('p.csv')).toContain('  d/b\n');
    expect(read('hard')).toBe(PRECIOUS);
  });

  it('nothing that is a device, in whatever part', () => {
    const ended = script(
      '$INGOT ingest tr --exclude-from /dev/null --files-from /dev/null --manifest /dev/null --store s',
      { cwd },
    );
    expect(ended.code).toBe(0);
  });
});

it('the library refuses such a manifest, too', async () => {
  const source = join(cwd, 'p.csv');
  const run = ingest(join(cwd, 's'), [source], { manifest: source, threads: 1 });
  await expect(run).rejects.toMatchObject({ name: 'IngotError', code: 'INGOT_OUTPUT_IS_INPUT' });
  expect(read('p.csv')).toBe(PRECIOUS);
});

describe('an object that `get -o` would replace', () => {
  let object: string;
  beforeEach(() => {
    expect(script('$INGOT ingest tr --store s', { cwd }).code).toBe(0);
    object = objectsIn(join(cwd, 's')).find((name) => name !== sha256('b'))!;
    fs.symlinkSync(`s/${object}`, join(cwd, 'to-object'));
  });

  function expectKept(command: string): void {
    const ended = script(command, { cwd });
    expect(ended.stderr).toMatch(/^ingot: cannot write a file into the store: [^\n]*\n$/);
    expect(ended.code).toBe(2);
    expect(read(`s/${object}`)).toBe(PRECIOUS);
  }

  it.each(['-o to-object', '-o /dev/fd/7 7>> to-object', '-o /dev/fd/7 7<> to-object'])(
    'is kept: %s',
    (output) => {
      // Whoever is not root may not open an object for writing.
      if (output.includes('7')) fs.chmodSync(join(cwd, 's', object), 0o644);
      expectKept(`$INGOT get ${sha256('b')} --store s ${output}`);
    },
  );

  it('is kept when it is named through another mount of the store', (context) => {
    demandMounts(context);
    fs.mkdirSync(join(cwd, 'other'));
    execFileSync('mount', ['--bind', join(cwd, 's'), join(cwd, 'other')]);
    try {
      expectKept(`$INGOT get ${sha256('b')} --store s -o other/${object}`);
      expectKept(`$INGOT ingest tr --store s --manifest other/${object}`);
    } finally {
      unmount(join(cwd, 'other'));
    }
  });
});
