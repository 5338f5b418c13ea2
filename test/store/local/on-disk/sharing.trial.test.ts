/** Users of one group who share a store, and one who is of no group of theirs. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { demandProgram } from '../../../harness/mounts.ts';
import { endOf, script, tempsIn } from '../../../harness/run.ts';
import { expectFailure, expectWhole, objectsIn } from '../../../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../../../harness/tree.ts';
import { checkoutForAll, type User, userOf } from '../../../harness/users.ts';

const [ANN, BEN, EVE] = [64001, 64002, 64003] as const;
const TEAM = 64100;

let cwd: string;
let store: string;
let ann: User;
let ben: User;
let eve: User;
let main: string;
beforeEach((context: TestContext) => {
  main = checkoutForAll(context);
  cwd = temporaryDirectory();
  fs.chmodSync(cwd, 0o777);
  for (const of of ['ann', 'ben'])
    makeTree({ [of]: of, both: 'both', large: Buffer.alloc(5 << 20, of) }, join(cwd, of));
  execFileSync('chmod', ['-R', 'a+rX', cwd]);
  store = join(cwd, 's');
  [ann, ben] = [ANN, BEN].map((uid) => userOf(main, cwd, uid, [TEAM])) as [User, User];
  eve = userOf(main, cwd, EVE);
});

/** Exit code 0, and nothing is said. */
function well(user: User, ...args: string[]): string {
  const ended = user.ingot(...args, '--store', 's', ...(args[0] === 'ingest' ? ['-q'] : []));
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return ended.stdout;
}

/** A directory that Ann gives to the group: in it the store is to be. */
function makeDirectory(mode: number): void {
  fs.mkdirSync(store);
  fs.chownSync(store, ANN, TEAM);
  fs.chmodSync(store, mode);
}

const modeOf = (name: string) => (fs.statSync(join(store, name)).mode & 0o7777).toString(8);

function damage(digest: string): void {
  const path = execFileSync('find', [store, '-name', digest, '-not', '-path', '*/pins/*'], {
    encoding: 'utf8',
  }).trim();
  execFileSync('sh', ['-c', 'echo x >"$1"', '-', path]);
}

/** Ann is killed in the middle of an ingest, with temps of her own. */
function killAnn(context: TestContext): void {
  demandProgram(context, 'strace');
  const large = join(cwd, 'large');
  fs.writeFileSync(large, Buffer.alloc(5 << 20, 'killed'), { mode: 0o644 });
  const kill = 'strace -f -qq -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=1';
  script(`${kill} ${ann.prefix} ${ann.program} ingest ${large} -q --no-snapshot --store s`, {
    cwd,
  });
  expect(tempsIn(store).length).toBe(1);
  expect(fs.readdirSync(join(store, tempsIn(store)[0]!)).length).toBeGreaterThan(1);
}

describe.each([
  ['--shared, in a directory of the group', 0o2700, ['--shared']],
  ['a directory with mode 2770', 0o2770, []],
  ['a directory with mode 0770', 0o770, ['-q']],
])('two users of one group share %s', (_, mode, options) => {
  const quietly = (user: User, ...args: string[]) =>
    well(user, ...args, ...options.slice(0, 1).filter((option) => option === '-q'));
  beforeEach(() => {
    makeDirectory(mode);
    expect(ann.ingot('ingest', 'ann', '--store', 's', '-q', ...options)).toMatchObject({ code: 0 });
  });

  it('and both store, move, heal and look', () => {
    quietly(ben, 'ingest', 'ben');
    const digest = quietly(ben, 'put', 'ann/ann').trim();
    quietly(ben, 'relayout', '--to', 'sharded');
    quietly(ann, 'put', 'ben/ben');
    fs.writeFileSync(join(cwd, 'new'), 'new');
    quietly(ann, 'put', 'new');
    damage(digest);
    const verify = (user: User) => user.ingot('verify', '--quarantine', '--store', 's', '-q');
    // A snapshot names it, whoever has moved it aside.
    for (const user of [ben, ann]) expect(verify(user)).toMatchObject({ code: 4 });
    for (const [user, of] of [
      [ann, 'ann'],
      [ben, 'ben'],
    ] as const)
      quietly(user, 'ingest', of);
    expect(verify(ann)).toMatchObject({ code: 0 });
    expect(objectsIn(store)).toContain(digest);
    quietly(ann, 'relayout', '--to', 'flat');
    expect(expectWhole(store).length).toBe(6);
    for (const name of objectsIn(store)) expect(modeOf(name)).toBe('444');
    // Both have noted their large files.
    expect(fs.readFileSync(join(store, '.ingot/large'), 'latin1').split('\n').length).toBe(3);
    expect(
      JSON.parse(well(ben, 'stats', '--json', ...options.filter((option) => option === '-q'))),
    ).toMatchObject({ objects: 6, writers: { dead: 0 } });
  });

  it('and one sweeps what the other left', (context) => {
    killAnn(context);
    quietly(ben, 'ingest', 'ben');
    expect(tempsIn(store)).toEqual([]);
    expect(expectWhole(store).length).toBe(5);
  });

  it('and one settles what the other has not flushed', () => {
    quietly(ann, 'ingest', 'ben', '--durability', 'none');
    const marks = () => fs.readdirSync(join(store, '.ingot/unflushed'));
    expect(marks().length).toBe(1);
    quietly(ben, 'ingest', 'ben');
    expect(marks()).toEqual([]);
  });

  it('and both write at once', async () => {
    const runs = [ann, ben].flatMap((user) =>
      ['ann', 'ben'].map((of) =>
        endOf(
          user.start(
            'ingest',
            of,
            '-q',
            '--store',
            's',
            ...options.filter((option) => option === '-q'),
          ),
        ),
      ),
    );
    for (const ended of await Promise.all(runs))
      expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(expectWhole(store).length).toBe(5);
  });

  it('which a third one may not enter', () => {
    for (const args of [['ingest', 'ann'], ['put', 'ann/ann'], ['verify'], ['stats']])
      expectFailure(
        eve.ingot(...args, '--store', 's'),
        new RegExp(
          `: ${store}: permission denied \\(EACCES\\); its mode is [02]770, its owner uid ${ANN}, its group gid ${TEAM}; you are uid ${EVE}$`,
          'm',
        ),
      );
  });
});

describe('an owner who opens a private store', () => {
  beforeEach(() => {
    well(ann, 'ingest', 'ann', '--layout', 'sharded');
    fs.chownSync(store, ANN, TEAM);
  });

  it('alone is followed by what is in it; until then the error names that', () => {
    fs.chmodSync(store, 0o2770);
    const line = new RegExp(
      `: ${store}/.ingot: permission denied \\(EACCES\\); its mode is 0700, .*; the next 'ingot put' or 'ingot ingest' of its owner opens it`,
    );
    for (const args of [['ingest', 'ben'], ['relayout', '--to', 'flat'], ['verify']])
      expectFailure(ben.ingot(...args, '--store', 's'), line);
    well(ann, 'put', 'ann/ann');
    expect(modeOf('.ingot')).toBe('2770');
    well(ben, 'ingest', 'ben');
    well(ben, 'relayout', '--to', 'flat');
    expect(expectWhole(store).length).toBe(5);
  });

  it('with --shared is followed at once; nobody else may', () => {
    fs.chmodSync(store, 0o750);
    expectFailure(
      ben.ingot('put', 'ben/ben', '--shared', '--store', 's'),
      new RegExp(`: ${store}/.ingot: permission denied`),
    );
    well(ann, 'put', 'ann/ann', '--shared');
    well(ben, 'put', 'ben/ben', '--shared');
    expectFailure(
      ben.ingot('put', 'ben/ben', '--shared=all', '--store', 's'),
      new RegExp(
        `cannot share the store: ${store}: its mode stays 2770; only its owner \\(uid ${ANN}\\) can`,
      ),
    );
  });

  it('for reading lets others read, and no more', () => {
    fs.chmodSync(store, 0o2750);
    well(ann, 'put', 'ann/ann');
    expect(['.', '.ingot', '.ingot/store.json', '.ingot/large'].map(modeOf)).toEqual([
      '2750',
      '2750',
      '640',
      '640',
    ]);
    well(ben, 'verify');
    well(ben, 'stats');
    expectFailure(
      ben.ingot('put', 'ben/ben', '--store', 's'),
      new RegExp(`: ${store}: permission denied \\(EACCES\\); its mode is 2750,`),
    );
  });
});

it('--shared=all lets others read what a group writes', () => {
  makeDirectory(0o2700);
  well(ann, 'put', 'ann/ann', '--shared=all');
  const digest = well(ben, 'put', 'ben/ben').trim();
  well(eve, 'verify');
  expect(well(eve, 'get', digest)).toBe('ben');
  expectFailure(
    eve.ingot('put', 'ben/both', '--store', 's'),
    new RegExp(`: ${store}: permission denied \\(EACCES\\); its mode is 2775,`),
  );
  expectFailure(
    eve.ingot('relayout', '--to', 'sharded', '--store', 's'),
    new RegExp(`: ${store}/.ingot: permission denied \\(EACCES\\); its mode is 2775,`),
  );
});

it('in a directory with the sticky bit each sweeps what is its own', (context) => {
  makeDirectory(0o3770);
  well(ann, 'put', 'ann/ann');
  killAnn(context);
  well(ben, 'ingest', 'ben');
  expect(tempsIn(store).length).toBe(1);
  well(ann, 'ingest', 'ben');
  expect(tempsIn(store)).toEqual([]);
});

it('a default ACL lets those in whom it names', (context) => {
  demandProgram(context, 'setfacl');
  makeDirectory(0o700);
  fs.chownSync(store, ANN, ANN);
  for (const list of ['u:64003:rwx', 'd:u:64003:rwx,d:u:64001:rwx'])
    execFileSync('setfacl', ['-m', list, store]);
  expect(ann.ingot('ingest', 'ann', '--store', 's', '-q')).toMatchObject({ code: 0 });
  for (const args of [
    ['ingest', 'ben'],
    ['relayout', '--to', 'sharded'],
    ['put', 'ann/both'],
  ])
    expect(eve.ingot(...args, '--store', 's', '-q')).toMatchObject({ code: 0, stderr: '' });
  expect(ann.ingot('relayout', '--to', 'flat', '--store', 's', '-q')).toMatchObject({ code: 0 });
  expect(expectWhole(store).length).toBe(5);
  expect(ben.ingot('stats', '--store', 's').code).toBe(1);
});
