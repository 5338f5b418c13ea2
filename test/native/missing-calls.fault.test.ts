/** A kernel, a file system or a sandbox that refuses a call: what is done instead, or said. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ingest, isDigest } from 'ingot';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import {
  demand,
  demandMountNamespace,
  demandMounts,
  demandProgram,
  mountBindfs,
} from '../harness/mounts.ts';
import { ingot, script, tempsIn } from '../harness/run.ts';
import { expectWhole } from '../harness/store-checks.ts';
import {
  type Injected,
  type Injection,
  ingotInjected,
  NAMED_TEMPS,
  tempPath,
} from '../harness/strace.ts';
import { makeTree } from '../harness/tree.ts';
import { demandXattrs, setXattr, snapshotOf } from '../restore/snapshots.ts';

const NO_DIRECT = fileURLToPath(new URL('../fixtures/no-direct.mjs', import.meta.url));

let cwd: string;
let store: string;
beforeEach((context) => {
  demandProgram(context, 'strace');
  cwd = makeTree({ 'src/d/a': 'one\n', 'src/b': 'two\n', 'src/large': randomBytes(5 << 20) });
  store = join(cwd, 's');
});

const objects = () => fs.readdirSync(store).filter(isDigest);

const ingestArgs = (...options: string[]) => [
  'ingest',
  join(cwd, 'src'),
  '--store',
  store,
  '--threads',
  '1',
  '--no-progress',
  ...options,
];

/** The whole tree is stored, and nothing is said but for what is expected. */
function expectStored(injection: Injection, stderr: RegExp = /^$/, ...options: string[]): void {
  const ended = ingotInjected(ingestArgs(...options), injection);
  expect(ended.stderr).toMatch(stderr);
  expect(ended.code).toBe(0);
  expect(expectWhole(store).length).toBe(3);
  expect(tempsIn(store)).toEqual([]);
}

function expectRefused(injection: Injection, stderr: RegExp, ...options: string[]): void {
  const ended = ingotInjected(ingestArgs('-q', ...options), injection);
  expect(ended.stderr).toMatch(stderr);
  expect(ended.stderr.split('\n').length).toBe(2);
  expect(ended.code).toBe(1);
}

/** Of the source, which gets a link. */
async function restoreInjected(injection: Injection, ...options: string[]): Promise<Injected> {
  const source = join(cwd, 'src');
  fs.symlinkSync('b', join(source, 'link'));
  await snapshotOf(source, store);
  const args = ['restore', 'latest', join(cwd, 'back'), '--store', store, '--json', ...options];
  return ingotInjected(args, injection);
}

/** All entries are there, and what is not set of them is counted. */
async function expectShortfall(
  what: string,
  injection: Injection,
  ...options: string[]
): Promise<void> {
  const { code, stdout } = await restoreInjected(injection, ...options);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ failed: 0, files: 3, links: 1 });
  expect(report.shortfalls[what]).toBeGreaterThan(0);
  expect(code).toBe(3);
}

const withoutUmask = (act: () => void) => {
  const before = process.umask(0o077);
  try {
    act();
  } finally {
    process.umask(before);
  }
};

const MODE_NOTICE =
  /^ingot: note: chmod is refused here \(E\w+\): objects have the mode 400 [^\n]*\n$/;
const NO_LOCKS =
  /^ingot: cannot write here without locks: [^\n]* flock is refused \(E\w+\)[^\n]*\n$/;

/** By the names in src/native/README.md. */
const TAKEN_AWAY: Record<string, (error: string, context: TestContext) => void | Promise<void>> = {
  statx: (error) => expectStored({ inject: `statx:error=${error}` }),
  openat2: (error) => expectStored({ inject: `openat2:error=${error}` }),
  getdents64: (error) =>
    expectRefused(
      { inject: `getdents64:error=${error}` },
      /: cannot list a directory \(getdents64 is refused\): /,
    ),
  renameat2: (error) => {
    expectStored(
      { inject: `renameat2:error=${error}`, imports: [NAMED_TEMPS] },
      /^ingot: [^\n]*\n$|^$/,
      '--durability',
      'none',
    );
  },
  linkat: (error) => expectStored({ inject: `linkat:error=${error}` }),
  link: (error) => expectStored({ inject: `link:error=${error}` }),
  fchmod: (error) =>
    withoutUmask(() => expectStored({ inject: `fchmod:error=${error}` }, MODE_NOTICE)),
  chmod: (error) => {
    expectRefused(
      { inject: `chmod:error=${error}` },
      /^ingot: cannot share the store: \S+\/s: its mode stays 0750; [^\n]*\n$/,
      '--shared',
    );
    expect(fs.existsSync(store)).toBe(false);
  },
  chown: (error, context) => {
    demand(context, process.getuid?.() === 0, 'only root can give a directory to a group');
    fs.mkdirSync(store);
    fs.chownSync(store, 0, 4321);
    fs.chmodSync(store, 0o770);
    expectStored({ inject: `chown,fchown:error=${error}` }, /^ingot: warning: others can[^\n]*\n$/);
    expect(fs.statSync(join(store, '.ingot')).gid).toBe(0);
  },
  fsetxattr: (error, context) => {
    demandXattrs(context, join(cwd, 'src'));
    setXattr(join(cwd, 'src/b'), 'user.a', 'a');
    return expectShortfall('attribute', { inject: `fsetxattr:error=${error}` });
  },
  utimensat: (error) => expectShortfall('time', { inject: `utimensat:error=${error}` }),
  fchownat: (error, context) => {
    demand(context, process.getuid?.() === 0, 'only root can give files away');
    return expectShortfall('owner', { inject: `fchownat,fchown:error=${error}` }, '--owner');
  },
  symlinkat: async (error) => {
    const { code, stdout } = await restoreInjected({ inject: `symlinkat:error=${error}` });
    expect(JSON.parse(stdout)).toMatchObject({ failed: 1, links: 0 });
    expect(code).toBe(3);
  },
  FICLONE: (error) => expectStored({ inject: `ioctl:error=${error}`, on: [tempPath(store, 0)] }),
  statfs: (error) => expectStored({ inject: `statfs:error=${error}` }),
  fadvise64: (error) =>
    expectStored({ inject: `fadvise64:error=${error}` }, /^$/, '--read-ahead', '64'),
  getrusage: (error) => expectStored({ inject: `getrusage:error=${error}` }),
  syncfs: (error) => expectStored({ inject: `syncfs:error=${error}` }),
  flock: (error) => {
    expectRefused({ inject: `flock:error=${error}` }, NO_LOCKS);
    expect(fs.existsSync(store)).toBe(false);
  },
  readlinkat: (error) => {
    fs.symlinkSync('b', join(cwd, 'src/link'));
    const ended = ingotInjected(ingestArgs(), { inject: `readlinkat:error=${error}` });
    expect(ended.stderr).toMatch(/^ingot: unreadable: [^\n]*src\/link: [^\n]*\(E\w+\)[^\n]*\n$/);
    expect(ended.code).toBe(3);
    expect(expectWhole(store).length).toBe(3);
  },
  flistxattr: (error) =>
    expectStored({ inject: `flistxattr,llistxattr,fgetxattr,lgetxattr:error=${error}` }),
  symlink: (error) => {
    const args = ['selftest', cwd, '--only', 'odd-names'];
    const { code, stdout } = ingotInjected(args, { inject: `symlink:error=${error}` });
    expect(stdout).toMatch(/^kept +6\.[\s\S]* not tried, as none can be made here: link$/m);
    expect(code).toBe(0);
  },
};

const ELSEWHERE = ['O_TMPFILE', 'F_SETFL', '/proc'];

it('what may be missing is listed, and each of it is taken away here', () => {
  const page = fs.readFileSync('src/native/README.md', 'utf8');
  const listed = Array.from(page.matchAll(/^\| `(.+?)` \|/gm), (match) => match[1]);
  expect([...Object.keys(TAKEN_AWAY), ...ELSEWHERE].sort()).toEqual(listed.sort());
});

it('what is bound of libc is listed, or needed in any case', () => {
  const needed = [
    ...['open', 'openat', 'read', 'write', 'close', 'rename', '_exit', 'syscall'],
    ...['mkdirat', 'unlinkat', 'renameat'],
  ];
  const sources = fs.readdirSync('src/native').filter((name) => name.endsWith('.ts'));
  const text = sources.map((name) => fs.readFileSync(join('src/native', name), 'utf8')).join();
  const bound = Array.from(text.matchAll(/['`](?:int|long|void) (\w+)\(/g), (match) => match[1]!);
  const others = {
    fcntl: 'F_SETFL',
    posix_fadvise: 'fadvise64',
    futimens: 'utimensat',
    fchown: 'fchownat',
    lsetxattr: 'fsetxattr',
    fremovexattr: 'fsetxattr',
    llistxattr: 'flistxattr',
    fgetxattr: 'flistxattr',
    lgetxattr: 'flistxattr',
  };
  const known = { ...TAKEN_AWAY, ...others };
  expect(bound.length).toBeGreaterThan(10);
  const explained = [...Object.keys(known), ...needed];
  expect(bound.filter((name) => !explained.includes(name))).toEqual([]);
});

describe.each(Object.keys(TAKEN_AWAY))('without %s', (call) => {
  it.for(['EPERM', 'ENOSYS'])('which fails with %s, all goes on or says so', (error, context) => {
    return TAKEN_AWAY[call]!(error, context);
  });
});

describe('without', () => {
  it('O_TMPFILE temps have names', () => {
    const env = { NODE_OPTIONS: `--import ${NAMED_TEMPS}` };
    expect(ingot(ingestArgs('-q'), { env })).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(3);
  });

  it('O_DIRECT bytes go through the page cache', () => {
    const env = { NODE_OPTIONS: `--import ${NO_DIRECT}` };
    expect(ingot(ingestArgs('-q'), { env })).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(3);
  });

  it('/proc all is stored, restored and verified', (context) => {
    demandMountNamespace(context);
    const inner = `mount -t tmpfs none /proc && $INGOT ${ingestArgs('-q').join(' ')} && $INGOT verify -q --store s && $INGOT get $1 -o out --store s`;
    const digest = '2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806';
    const ended = script(`export INGOT; unshare --mount bash -c '${inner}' - ${digest}`, { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(join(cwd, 'out'), 'utf8')).toBe('one\n');
  });
});

describe('where flock is refused', () => {
  const refused = (error: string, ...args: string[]) =>
    ingotInjected([...args, '--store', store], { inject: `flock:error=${error}` });
  beforeEach(async () => {
    await ingest(store, [join(cwd, 'src')], { threads: 1 });
  });

  it.each(['ENOLCK', 'EOPNOTSUPP', 'EINVAL', 'EACCES'])('with %s nothing is written', (error) => {
    const before = fs.readdirSync(store);
    for (const args of [['put', join(cwd, 'src/b')], ['relayout', '--to', 'sharded'], ['doctor']]) {
      const ended = refused(error, ...args);
      expect(ended.stderr).toMatch(NO_LOCKS);
      expect(ended.code).toBe(1);
    }
    expect(fs.readdirSync(store)).toEqual(before);
  });

  it('an output is written all the same', () => {
    const digest = objects().find((name) => fs.statSync(join(store, name)).size === 4)!;
    const out = join(cwd, 'out');
    expect(refused('ENOLCK', 'get', digest, '-o', out)).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(out).equals(fs.readFileSync(join(store, digest)))).toBe(true);
    expect(fs.readdirSync(cwd).sort()).toEqual(['out', 's', 'src']);
  });

  it('a writer’s folder is counted as alive, and stays', () => {
    const folder = join(store, `.tmp-${'a'.repeat(32)}`);
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, 'lock'), 'flat\n');
    const ended = refused('ENOLCK', 'stats', '--json');
    expect(JSON.parse(ended.stdout)).toMatchObject({ writers: { alive: 1, dead: 0 } });
    expect(refused('ENOLCK', 'put', join(cwd, 'src/b')).stderr).toMatch(NO_LOCKS);
    expect(fs.existsSync(join(folder, 'lock'))).toBe(true);
  });
});

describe('where chmod is refused', () => {
  it('put stores, and says so', () => {
    withoutUmask(() => {
      const args = ['put', join(cwd, 'src/b'), '--store', store];
      const ended = ingotInjected(args, { inject: 'fchmod:error=EOPNOTSUPP' });
      expect(ended.stderr).toMatch(MODE_NOTICE);
      expect(ended.code).toBe(0);
      expect(expectWhole(store).length).toBe(1);
    });
  });

  it('a file is replaced, and keeps the mode that it was made with', async () => {
    await ingest(store, [join(cwd, 'src')], { threads: 1 });
    const digest = objects().find((name) => fs.statSync(join(store, name)).size === 4)!;
    fs.writeFileSync(join(cwd, 'out'), 'old', { mode: 0o644 });
    const args = ['get', digest, '-o', join(cwd, 'out'), '--store', store];
    const ended = ingotInjected(args, { inject: 'fchmod:error=EPERM' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(fs.statSync(join(cwd, 'out'))).toMatchObject({ size: 4, mode: 0o100600 });
  });

  it('by a file system, all is stored and moved', (context) => {
    demandMounts(context);
    demandProgram(context, 'bindfs');
    store = join(mountBindfs(makeTree({ at: '' }), '--chmod-deny', '--chown-deny'), 's');
    withoutUmask(() => {
      const ended = ingot(ingestArgs());
      expect(ended.stderr).toMatch(MODE_NOTICE);
      expect(ended.code).toBe(0);
      const moved = ingot(['relayout', '--to', 'sharded', '--store', store, '-q']);
      expect(moved).toMatchObject({ code: 0, stderr: '' });
      expect(expectWhole(store).length).toBe(3);
    });
  });
});
