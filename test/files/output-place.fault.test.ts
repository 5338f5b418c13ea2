/** Outputs at places where no file can be put by a rename, or none at all. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { demandMounts, demandProgram, mountImage, mountTmpfs, unmount } from '../harness/mounts.ts';
import { type Ended, script, UNPRIVILEGED } from '../harness/run.ts';
import { ingotInjected } from '../harness/strace.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const CONTENT = 'one\n'.repeat(50_000);

let cwd: string;
let digest: string;
beforeEach(async () => {
  cwd = makeTree({ 'src/a': CONTENT, 'src/b': 'two\n' });
  await ingest(join(cwd, 's'), [join(cwd, 'src')], { threads: 1 });
  digest = execFileSync('sha256sum', ['src/a'], { cwd, encoding: 'utf8' }).slice(0, 64);
});

const read = (name: string) => fs.readFileSync(join(cwd, name), 'utf8');

/** The two commands that write an output; a new store shows whether an ingest has begun. */
const COMMANDS = [
  { name: 'get -o', args: () => `get ${digest} --store s -o`, wrote: () => CONTENT },
  {
    name: 'ingest --manifest',
    args: () => 'ingest src --store new --manifest',
    wrote: () => `${digest}  a\n${SHA256_OF_TWO}  b\n`,
  },
] as const;
const SHA256_OF_TWO = '27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a';

const run = (args: string, target: string, prefix = ''): Ended =>
  script(`${prefix} $INGOT ${args} '${target}' -q`, { cwd });

/** One line that names the place, nothing made, nothing changed. */
function expectRefused(ended: Ended, target: string, why: RegExp): void {
  expect(ended.stderr).toMatch(/^ingot: cannot write [^\n]*\n$/);
  expect(ended.stderr).toContain(target);
  expect(ended.stderr).toMatch(why);
  expect(ended.code).toBe(1);
  expect(fs.existsSync(join(cwd, 'new'))).toBe(false);
}

/** Mounts one file over another, which is made. */
function bindFile(from: string, at: string, ...options: string[]): void {
  fs.writeFileSync(at, '');
  execFileSync('mount', ['--bind', from, at]);
  onTestFinished(() => unmount(at));
  if (options.length > 0) execFileSync('mount', ['-o', ['remount', 'bind', ...options].join(), at]);
}

/** An ext4, which has chattr's flags. They go with the test. */
function chattrFile(flag: string, file: string): string {
  const disk = mountImage('ext4', 20);
  const path = join(disk, file);
  fs.mkdirSync(join(disk, 'folder'));
  fs.writeFileSync(path, 'old');
  const flagged = file.includes('/') ? join(disk, 'folder') : path;
  execFileSync('chattr', [`+${flag}`, flagged]);
  onTestFinished(() => void execFileSync('chattr', [`-${flag}`, flagged]));
  return path;
}

const OTHER = 54321;

/** Another user's directory, with a file of that user. */
function othersFolder(mode: number, fileMode: number): string {
  const folder = temporaryDirectory();
  fs.writeFileSync(join(folder, 'M'), 'old');
  fs.chmodSync(join(folder, 'M'), fileMode);
  fs.chmodSync(folder, mode);
  for (const each of [join(folder, 'M'), folder]) fs.chownSync(each, OTHER, OTHER);
  return folder;
}

const demandChattr = (context: TestContext) => {
  demandMounts(context);
  demandProgram(context, 'chattr');
};

describe.each(COMMANDS)('$name', ({ name, args, wrote }) => {
  it.each([
    ['newdir/', /ends with a slash.*EISDIR/],
    ['newdir/M', /no such file or directory \(ENOENT\)/],
    ['dangling', /a link that leads nowhere.*ENOENT/],
    ['socket', /it is a socket.*ENXIO/],
  ])('to %j is refused before anything is done', (target, why) => {
    makeTree({ dangling: { symlink: 'nothing' }, socket: { socket: true } }, cwd);
    expectRefused(run(args(), target), target, why);
    expect(fs.lstatSync(join(cwd, 'dangling')).isSymbolicLink()).toBe(true);
    expect(fs.existsSync(join(cwd, 'nothing'))).toBe(false);
  });

  it('to an empty path is refused before anything is done', () => {
    const ended = run(args(), '');
    expect(ended.stderr).toMatch(/^ingot: [^\n]* empty[^\n]*\n$/);
    // The options of an ingest are checked before it looks at the place.
    expect(ended.code).toBe(name === 'ingest --manifest' ? 2 : 1);
    expect(fs.existsSync(join(cwd, 'new'))).toBe(false);
  });

  it('to a device that may not be written to is refused before anything is done', (context) => {
    demandMounts(context);
    execFileSync('mknod', [join(cwd, 'device'), 'c', '1', '3']);
    fs.chmodSync(join(cwd, 'device'), 0o444);
    const ended = run(args(), 'device', UNPRIVILEGED);
    expectRefused(ended, 'device', /EACCES/);
  });

  it('takes a name of 255 bytes, in which a temp’s own has no room', () => {
    const target = `${'ö'.repeat(127)}x`;
    expect(run(args(), target)).toMatchObject({ code: 0, stderr: '' });
    expect(read(target)).toBe(wrote());
    fs.writeFileSync(join(cwd, `${'ö'.repeat(114)}.ingot.tmp-0123456789abcdef`), 'of a dead one');
    expect(run(args(), target)).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readdirSync(cwd).filter((name) => name.includes('.ingot.tmp-'))).toEqual([]);
  });

  it('to a file that is mounted is written in place', (context) => {
    demandMounts(context);
    const kept = join(cwd, 'kept');
    fs.writeFileSync(kept, 'much longer than what comes\n'.repeat(20_000), { mode: 0o640 });
    bindFile(kept, join(cwd, 'M'));
    const { ino } = fs.statSync(kept);
    expect(run(args(), 'M')).toMatchObject({ code: 0, stderr: '' });
    expect(read('kept')).toBe(wrote());
    expect(fs.statSync(kept)).toMatchObject({ ino, mode: 0o100640 });
    expect(fs.readdirSync(cwd).filter((name) => name.startsWith('M'))).toEqual(['M']);
  });

  it('to a file that is mounted read-only is refused before anything is done', (context) => {
    demandMounts(context);
    fs.writeFileSync(join(cwd, 'kept'), '');
    bindFile(join(cwd, 'kept'), join(cwd, 'M'), 'ro');
    expectRefused(run(args(), 'M'), 'M', /EROFS/);
  });

  it('to a mounted file needs room for what it will be until then', (context) => {
    demandMounts(context);
    fs.writeFileSync(join(cwd, 'kept'), '');
    bindFile(join(cwd, 'kept'), join(cwd, 'M'));
    const ended = run(args(), 'M', 'TMPDIR=/nowhere');
    expectRefused(ended, 'M', /no such file or directory \(ENOENT\)/);
  });

  it('that fails in place says that the output may be torn', (context) => {
    demandMounts(context);
    const small = mountTmpfs('size=64k');
    const long = Array.from({ length: 400 }, (_, n) => [`src/${'n'.repeat(200)}${n}`, 'x']);
    makeTree(Object.fromEntries(long), cwd);
    fs.writeFileSync(join(small, 'f'), '');
    bindFile(join(small, 'f'), join(cwd, 'M'));
    const ended = run(args(), 'M');
    expect(ended.stderr).toMatch(
      /^ingot: cannot write in place, so what is there may be torn: M: [^\n]*\(ENOSPC\)[^\n]*\n$/,
    );
    expect(ended.code).toBe(1);
  });

  it.for(['i', 'a'])('to a file that chattr +%s guards is refused', (flag, context) => {
    demandChattr(context);
    const target = chattrFile(flag, 'old');
    expectRefused(run(args(), target), target, /EPERM\); lsattr shows/);
    expect(fs.readFileSync(target, 'utf8')).toBe('old');
  });

  it('into a directory of chattr +a is a new file, of +i none', (context) => {
    demandChattr(context);
    const appended = `${chattrFile('a', 'folder/old')}er`;
    expect(run(args(), appended)).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(appended, 'utf8')).toBe(wrote());
    expect(fs.readdirSync(join(appended, '..')).sort()).toEqual(['old', 'older']);
    fs.rmSync(join(cwd, 'new'), { recursive: true, force: true });
    const fixed = `${chattrFile('i', 'folder/old')}er`;
    expectRefused(run(args(), fixed), fixed, /EPERM\); lsattr shows/);
  });

  it.for([
    ['that is sticky', 0o1777],
    ['that takes no new names', 0o555],
  ] as const)('to another’s file in a directory %s is written in place', ([, mode], context) => {
    demandMounts(context);
    const folder = othersFolder(mode, 0o666);
    const target = join(folder, 'M');
    expect(run(args(), target, UNPRIVILEGED)).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(target, 'utf8')).toBe(wrote());
    expect(fs.statSync(target)).toMatchObject({ uid: OTHER, mode: 0o100666 });
    expect(fs.readdirSync(folder)).toEqual(['M']);
  });

  it.for([
    ['that is sticky', 0o1777],
    ['that takes no new names', 0o555],
  ] as const)(
    'to a file in a directory %s, and not to be written to, is refused',
    ([, mode], context) => {
      demandMounts(context);
      const target = join(othersFolder(mode, 0o644), 'M');
      expectRefused(run(args(), target, UNPRIVILEGED), target, /EACCES/);
      expect(fs.readFileSync(target, 'utf8')).toBe('old');
    },
  );
});

describe('a rename that is refused in the end', () => {
  const refuse = (error: string, name: string) => (context: TestContext) => {
    demandProgram(context, 'strace');
    fs.writeFileSync(join(cwd, 'M'), 'old');
    fs.chmodSync(join(cwd, 'M'), 0o600);
    const { ino } = fs.statSync(join(cwd, 'M'));
    const args = ['get', digest, '--store', join(cwd, 's'), '-o', join(cwd, 'M')];
    const ended = ingotInjected(args, { inject: `rename:error=${error}` });
    expect(ended, name).toMatchObject({ code: 0, stderr: '' });
    expect(read('M')).toBe(CONTENT);
    expect(fs.statSync(join(cwd, 'M')).ino).toBe(ino);
    expect(fs.readdirSync(cwd).sort()).toEqual(['M', 's', 'src']);
  };

  it('as at a mount that nothing showed, is made up for in place', refuse('EBUSY', 'mount'));

  it('as in a directory that became sticky, is made up for in place', refuse('EPERM', 'sticky'));
});

describe('an output in place', () => {
  it('is not touched by a content that turns out to be damaged', (context) => {
    demandMounts(context);
    const object = join(cwd, 's', digest);
    fs.chmodSync(object, 0o600);
    fs.writeFileSync(object, CONTENT.replace('one', 'two'));
    fs.writeFileSync(join(cwd, 'kept'), 'old');
    bindFile(join(cwd, 'kept'), join(cwd, 'M'));
    const ended = run(`get ${digest} --store s -o`, 'M');
    expect(ended.code).toBe(4);
    expect(read('kept')).toBe('old');
  });
});
