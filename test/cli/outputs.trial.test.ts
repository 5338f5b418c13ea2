/** Where `get -o` and `--manifest` write, and what standard input may be. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ingest, isDigest } from 'ingot';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandMounts } from '../harness/mounts.ts';
import { endOf, script, start } from '../harness/run.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const ALONE_AT_FIFO = fileURLToPath(new URL('../fixtures/alone-at-fifo.mjs', import.meta.url));

let cwd: string;
let digest: string;
beforeEach(async () => {
  cwd = temporaryDirectory();
  makeTree({ 'src/a': 'one\n', 'src/b': 'two\n' }, cwd);
  await ingest(join(cwd, 's'), [join(cwd, 'src')], { threads: 1 });
  digest = execFileSync('sha256sum', ['src/a'], { cwd, encoding: 'utf8' }).slice(0, 64);
});

const objectsIn = (store: string) => fs.readdirSync(store).filter(isDigest);

const read = (name: string) => fs.readFileSync(join(cwd, name), 'utf8');

describe('a file for the user', () => {
  it.each(['ingest src --manifest src --store s2', 'get D -o src --store s'])(
    'that is a directory is refused before anything is done: %s',
    (command) => {
      const { code, stderr } = script(`$INGOT ${command.replace('D', digest)}`, { cwd });
      expect(stderr).toMatch(
        /^ingot: [^\n]*: src: it is a directory \(EISDIR\); name a file in it\n$/,
      );
      expect(code).toBe(1);
      expect(fs.readdirSync(cwd)).toEqual(['s', 'src']);
    },
  );

  it.each([
    'get D -o s/E',
    'get D -o s/.ingot/store.json',
    'get D -o link/E',
    'ingest src --manifest s/E',
    'ingest src --manifest s/.ingot/store.json',
    'ingest src --manifest s/list',
  ])('is not written into the store: %s', (command) => {
    const other = objectsIn(join(cwd, 's')).find((name) => name !== digest)!;
    fs.symlinkSync('s', join(cwd, 'link'));
    const before = execFileSync('sh', ['-c', 'find s -type f | sort | xargs sha256sum'], { cwd });
    const args = command.replace('D', digest).replace('E', other);
    const ended = script(`$INGOT ${args} --store s`, { cwd });
    expect(ended.stderr).toMatch(/^ingot: cannot write a file into the store: [^\n]*\n$/);
    expect(ended.code).toBe(2);
    const after = execFileSync('sh', ['-c', 'find s -type f | sort | xargs sha256sum'], { cwd });
    expect(after.equals(before)).toBe(true);
  });

  it.each([
    ['get D -o /dev/stdout >> kept', /^kept\none\n$/],
    ['get D -o /dev/fd/1 >> kept', /^kept\none\n$/],
    ['get D -o /dev/fd/7 7>> kept', /^kept\none\n$/],
    ['get D -o /proc/self/fd/7 7>> kept', /^kept\none\n$/],
    ['ingest src -q --manifest /dev/stdout >> kept', /^kept\n\S{64} {2}a\n\S{64} {2}b\n$/],
    ['ingest src -q --manifest /dev/fd/7 7>> kept', /^kept\n\S{64} {2}a\n\S{64} {2}b\n$/],
    ['get D -o /dev/stdout | cat >> kept', /^kept\none\n$/],
    ['get D -o >(cat >> kept); wait $!', /^kept\none\n$/],
    ['ingest src -q --manifest >(cat >> kept); wait $!', /^kept\n\S{64} {2}a\n\S{64} {2}b\n$/],
  ])('that is an open descriptor is written on: %s', (command, expected) => {
    fs.writeFileSync(join(cwd, 'kept'), 'kept\n');
    const ended = script(`export INGOT_STORE=s; $INGOT ${command.replace('D', digest)}`, { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(read('kept')).toMatch(expected);
  });

  it('that is no open descriptor is refused before anything is done', () => {
    const ended = script('$INGOT ingest src --manifest /dev/fd/99 --store s2', { cwd });
    expect(ended.stderr).toMatch(
      /^ingot: cannot write the manifest: \/dev\/fd\/99: .*\(EBADF\)\n$/,
    );
    expect(ended.code).toBe(1);
    expect(fs.existsSync(join(cwd, 's2'))).toBe(false);
  });

  it('that is a descriptor of Node’s own is none that anybody gave, and is refused', () => {
    const run = (args: string, fd: number) =>
      script(`$INGOT ${args} /dev/fd/${fd} --store s`, { cwd, timeout: 10_000 });
    for (const args of [`get ${digest} -o`, 'ingest src -q --manifest'])
      for (const fd of [4, 6, 9, 11, 12, 14, 18]) {
        const ended = run(args, fd);
        expect(ended.stderr).toMatch(/^ingot: [^\n]*\/dev\/fd\/\d+: [^\n]*\(EBADF\)\n$/);
        expect(ended.code).toBe(1);
      }
  });

  it('that does not wait for its reader is written in its own time', () => {
    makeTree(
      Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`src/f${n}`, `${n}`])),
      cwd,
    );
    // Node's own standard error is such a pipe.
    const run = '$INGOT ingest src --store s --manifest /dev/stderr --no-progress 2>&1 >/dev/null';
    const ended = script(`{ ${run}; echo $? > code; } | { sleep 1; wc -l; }`, { cwd });
    expect(ended.stdout.trim()).toBe('3002');
    expect(read('code')).toBe('0\n');
  });

  it('is no program of root’s because it was one of somebody else', (context) => {
    demandMounts(context);
    const old = join(cwd, 'old');
    fs.writeFileSync(old, '');
    fs.chownSync(old, 1, 1);
    fs.chmodSync(old, 0o4755);
    script(`$INGOT get ${digest} -o old --store s`, { cwd });
    expect(read('old')).toBe('one\n');
    expect(fs.statSync(old).mode & 0o7777).toBe(0o755);
  });

  it.each(['600', '640', '664'])('keeps the mode of what it replaces: %s', (mode) => {
    fs.writeFileSync(join(cwd, 'old'), 'private');
    fs.chmodSync(join(cwd, 'old'), Number.parseInt(mode, 8));
    script(`umask 022; $INGOT get ${digest} -o old --store s`, { cwd });
    expect(read('old')).toBe('one\n');
    expect((fs.statSync(join(cwd, 'old')).mode & 0o777).toString(8)).toBe(mode);
  });

  it.each([
    ['get', () => ['get', digest, '-o', 'fifo']],
    ['ingest', () => ['ingest', 'src', '-q', '--manifest', 'fifo']],
    ['its patterns', () => ['ingest', 'src', '-q', '--exclude-from', 'fifo']],
  ])('that is a fifo whose other end nobody has can be given up: %s', async (_, args) => {
    execFileSync('mkfifo', [join(cwd, 'fifo')]);
    const TRIED = join(cwd, 'tried');
    const env = { NODE_OPTIONS: `--import ${ALONE_AT_FIFO}`, TRIED };
    const child = start([...args(), '--store', 's'], cwd, env);
    const ended = endOf(child);
    while (!fs.existsSync(TRIED)) {
      expect(child.exitCode).toBeNull();
      await delay(20);
    }
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it.each([
    ['--files-from list --files-from list', /--files-from.*given before/],
    ['src --manifest m1 --manifest m2', /--manifest.*given before/],
  ])('is named once: %s', (options, line) => {
    fs.writeFileSync(join(cwd, 'list'), 'src/a\n');
    const ended = script(`$INGOT ingest ${options} --store s2`, { cwd });
    expect(ended.stderr).toMatch(line);
    expect(ended.code).toBe(2);
    expect(fs.existsSync(join(cwd, 's2'))).toBe(false);
  });
});

describe('a manifest', () => {
  it('in its own source does not list itself', () => {
    for (let run = 0; run < 2; run++)
      expect(script('$INGOT ingest src --manifest src/M --store s -q', { cwd }).code).toBe(0);
    expect(script('cd src && sha256sum -c M', { cwd }).code).toBe(0);
    expect(read('src/M').split('\n').length).toBe(3);
  });

  it('of its name elsewhere is listed', () => {
    makeTree({ 'src/d/M': 'another', 'src/M': '' }, cwd);
    const ended = script('$INGOT ingest src --manifest src/M --store s', { cwd });
    expect(ended.stderr).toMatch(/note: the manifest M is left out/);
    expect(read('src/M')).toMatch(/ {2}a\n.* {2}b\n.* {2}d\/M\n$/);
  });

  it('that is listed, before and after its directory, does not list itself', () => {
    makeTree({ list: 'src/M\nsrc\nsrc/M\n' }, cwd);
    const run = '$INGOT ingest --files-from list --manifest src/M --store s';
    script('sha256sum src/a > src/M', { cwd });
    const ended = script(`${run} && ${run} && sha256sum --status -c src/M`, { cwd });
    expect(ended.stderr).toBe('ingot: note: the manifest M is left out\n'.repeat(2));
    expect(ended.code).toBe(0);
    expect(read('src/M')).toMatch(/ {2}src\/a\n/);
  });

  it('is none of a dry run', () => {
    const ended = script('$INGOT ingest src -n --manifest M --store s', { cwd });
    expect(ended.stderr).toMatch(/a manifest lists what is stored/);
    expect(ended.code).toBe(2);
    expect(fs.existsSync(join(cwd, 'M'))).toBe(false);
  });
});

describe('a descriptor that is read', () => {
  /** Pipes and the like of Node's own. */
  const OWN = [4, 6, 8].map((fd) => `/dev/fd/${fd}`);

  it.each([
    ['put', 1],
    ['ingest --files-from', 2],
    ['ingest src --exclude-from', 2],
  ])('and that nobody gave is refused: %s', (command, code) => {
    for (const path of OWN) {
      const ended = script(`$INGOT ${command} ${path} --store s`, { cwd, timeout: 10_000 });
      expect(ended.stderr).toMatch(/^ingot: cannot read [^\n]*\/dev\/fd\/\d: [^\n]*\n$/);
      expect(ended.code).toBe(code);
    }
  });

  it('and that somebody gave is read, whatever it is', () => {
    for (const input of ['7< src/a', '7< <(cat src/a)', '7<<< one', '7<> src/a']) {
      const ended = script(`$INGOT put /dev/fd/7 --store s ${input}`, { cwd });
      expect(ended.stdout.trim()).toBe(digest);
    }
  });
});

describe('standard input', () => {
  it('that is a block device is read', (context) => {
    demandMounts(context);
    fs.writeFileSync(join(cwd, 'disk'), Buffer.alloc(2 << 20, 'block'));
    const ended = script(
      `device=$(losetup -f --show disk) && { $INGOT put - --store s < $device; losetup -d $device; }`,
      { cwd },
    );
    expect(ended.stdout.trim()).toBe(
      execFileSync('sha256sum', ['disk'], { cwd, encoding: 'utf8' }).slice(0, 64),
    );
  });

  it.each([
    ['put -', 1],
    ['ingest --files-from -', 2],
  ])('that is a directory is refused: %s', (command, code) => {
    const ended = script(`$INGOT ${command} --store s < src`, { cwd });
    expect(ended.stderr).toMatch(/^ingot: cannot [^\n]*: -: [^\n]*\(EISDIR\)[^\n]*\n$/);
    expect(ended.code).toBe(code);
    expect(objectsIn(join(cwd, 's')).length).toBe(2);
  });

  it.each(['put -', 'ingest --files-from -'])('that is closed is refused: %s', (command) => {
    const ended = script(`$INGOT ${command} --store s2 <&-`, { cwd });
    expect(ended.stderr).toMatch(/^ingot: cannot [^\n]*: -: bad file descriptor \(EBADF\)\n$/);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(fs.existsSync(join(cwd, 's2'))).toBe(false);
    expect(script(`$INGOT ${command} --store s2 </dev/null`, { cwd }).code).toBe(0);
  });

  it.each(['< src/a', '0< <(cat src/a)', '<<< one'])('of the usual kinds is read: %s', (input) => {
    const ended = script(`$INGOT put - --store s ${input}`, { cwd });
    expect(ended.stdout.trim()).toBe(digest);
  });
});
