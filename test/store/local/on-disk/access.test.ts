import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { ingest } from 'ingot';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { demand } from '../../../harness/mounts.ts';
import { plant } from '../../../harness/planted.ts';
import { type Ended, ingot, script } from '../../../harness/run.ts';
import { expectFailure, objectsIn } from '../../../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../../../harness/tree.ts';
import { checkoutForAll, type User, userOf } from '../../../harness/users.ts';

/** Two users without rights; nobody(5) of most systems, and one more. */
const [NOBODY, SOMEBODY] = [65534, 65533];

let root: string;
let store: string;
let source: string;
beforeEach(() => {
  root = temporaryDirectory();
  // Others get as far as the store, and no further than it lets them.
  fs.chmodSync(root, 0o755);
  store = join(root, 's');
  source = makeTree({ small: 'small', other: 'other' }, join(root, 'source'));
});

function warned(ended: Ended, line: RegExp): void {
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr).toMatch(/^ingot: warning: [^\n]*\n$/);
  expect(ended.code).toBe(0);
}

function expectMetadataWarning(): void {
  fs.chmodSync(join(store, '.ingot'), 0o770);
  warned(ingot(['stats', '--store', store]), /s\/\.ingot: its mode is 0770/);
}

describe('a store that others can change', () => {
  beforeEach(async () => void (await ingest(store, [source], { threads: 1 })));

  it.each([
    [
      '0777',
      /others can change the store: \S+\/s: its mode is 0777: all local users can .*chmod go-w/,
    ],
    ['1777', /its mode is 1777: all local users/],
    [
      '0770',
      /its mode is 0770: the members of its group can .*'chmod o-w,g\+s' if its group shares it/,
    ],
    ['2777', /its mode is 2777: all local users/],
  ])('by its mode %s is warned of in one line, and works', (mode, line) => {
    fs.chmodSync(store, mode);
    for (const args of [['ingest', source], ['put', join(source, 'small')], ['verify'], ['stats']])
      warned(ingot([...args, '--store', store]), line);
    expect(fs.statSync(store).mode & 0o7777).toBe(Number.parseInt(mode, 8));
  });

  it('through its metadata is warned of, too', expectMetadataWarning);

  it('is warned of on stderr and as an event, never in a JSON document; -q is quiet', () => {
    fs.chmodSync(store, 0o777);
    const document = ingot(['stats', '--json', '--store', store]);
    warned(document, /others can change/);
    expect(JSON.parse(document.stdout).objects).toBe(2);
    const [first] = ingot(['stats', '--json=events', '--store', store]).stdout.split('\n');
    expect(JSON.parse(first!)).toMatchObject({
      event: 'warning',
      text: expect.stringContaining('others can change the store'),
    });
    expect(ingot(['stats', '-q', '--store', store]).stderr).toBe('');
  });

  it.each(['0700', '0755', '0711', '2770', '2775'])(
    'is none that others may only read, or that its group shares: %s',
    (mode) => {
      fs.chmodSync(store, mode);
      expect(ingot(['verify', '--store', store])).toMatchObject({ code: 0, stderr: '' });
    },
  );
});

describe('a store that is made in a directory that is there', () => {
  it('is warned of when others can read it; the mode stays', () => {
    fs.mkdirSync(store, { mode: 0o755 });
    const made = ingot(['put', join(source, 'small'), '--store', store]);
    expect(made.stderr).toMatch(
      /^ingot: warning: others can read what is stored here: \S+: .*0755; run 'chmod 700'[^\n]*\n$/,
    );
    expect(made.code).toBe(0);
    expect(fs.statSync(store).mode & 0o777).toBe(0o755);
    expect(ingot(['put', join(source, 'small'), '--store', store]).stderr).toBe('');
  });

  it('is not warned of when only its owner can, or nothing is made', () => {
    fs.mkdirSync(store, { mode: 0o700 });
    expect(ingot(['ingest', source, '--store', store])).toMatchObject({ code: 0, stderr: '' });
    const open = join(root, 'open');
    fs.mkdirSync(open, { mode: 0o755 });
    for (const args of [
      ['ingest', source, '--dry-run'],
      ['doctor', '--seconds', '1'],
    ])
      expect(ingot([...args, '--store', open])).toMatchObject({ code: 0, stderr: '' });
  });
});

/** Another user in front of this store. */
function asUser(context: TestContext, uid: number): User {
  const user = userOf(checkoutForAll(context), root, uid);
  return { ...user, ingot: (...args) => user.ingot(...args, '--store', store) };
}

function giveTo(uid: number): void {
  execFileSync('chown', ['-R', `${uid}:${uid}`, store]);
}

function expectKeptOut(context: TestContext): void {
  const nobody = asUser(context, NOBODY);
  script(`umask 000; $INGOT ingest ${source} --store ${store} -q`);
  const [digest] = objectsIn(store);
  expect(nobody.run('cat', join(store, digest!))).toMatchObject({ code: 1, stdout: '' });
  expect(nobody.run('ls', store)).toMatchObject({ code: 2, stdout: '' });
  for (const args of [['get', digest!], ['stats'], ['verify'], ['ingest', source]])
    expectFailure(
      nobody.ingot(...args),
      /store: \S+\/s: .*\(EACCES\); its mode is 0700, its owner uid 0, .* you are uid 65534/,
    );
}

describe('another user', () => {
  it('without rights to a store can neither read its objects nor list them', expectKeptOut);

  it('who may only read is not warned, and told in one line what he may not', (context) => {
    const nobody = asUser(context, NOBODY);
    ingot(['ingest', source, '--store', store, '-q']);
    execFileSync('chmod', ['-R', 'a+rX', store]);
    giveTo(SOMEBODY);
    expect(nobody.ingot('verify')).toMatchObject({ code: 0, stderr: '' });
    for (const args of [
      ['ingest', source],
      ['relayout', '--to', 'sharded'],
    ])
      expectFailure(
        nobody.ingot(...args),
        /: \S+\/s(\/\S+)?: .*\(EACCES\); its mode is 0[67][45][45],/,
      );
  });

  it('who may write to it is warned whose it is, and is served', (context) => {
    const nobody = asUser(context, NOBODY);
    ingot(['ingest', source, '--store', store, '-q']);
    execFileSync('chmod', ['-R', 'a+rwX', store]);
    giveTo(SOMEBODY);
    const ended = nobody.ingot('put', join(source, 'small'));
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
    expect(ended.stderr).toMatch(
      /^ingot: warning: the store belongs to another user: \S+\/s: uid 65533 owns it, you are uid 65534: [^\n]*\n$/,
    );
  });

  it("may use a store of root's that he may write to: root can do anything in his, too", (context) => {
    const nobody = asUser(context, NOBODY);
    ingot(['ingest', source, '--store', store, '-q']);
    execFileSync('chgrp', ['-R', String(NOBODY), store]);
    execFileSync('chmod', ['-R', 'g+rX', store]);
    expect(nobody.ingot('verify')).toMatchObject({ code: 0, stderr: '' });
    // What is left to warn of is the mode that lets him write.
    execFileSync('chmod', ['-R', 'g+w', store]);
    expect(nobody.ingot('ingest', source).stderr).toMatch(/^ingot: warning: others can change/);
  });

  it('uses a store of his own without a word', (context) => {
    const nobody = asUser(context, NOBODY);
    fs.mkdirSync(store, { mode: 0o700 });
    giveTo(NOBODY);
    expect(nobody.ingot('ingest', source)).toMatchObject({ code: 0, stderr: '' });
    expect(nobody.ingot('verify')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('root', () => {
  const used = (env: Record<string, string> = {}) =>
    ingot(['ingest', source, '--store', store, '--json', '--no-progress'], { env });
  beforeEach(async (context) => {
    demand(context, process.getuid?.() === 0, 'only root can be root');
    await ingest(store, [source], { threads: 1 });
    giveTo(NOBODY);
  });

  it("in another's store is warned to run as its owner, and is served", () => {
    const ended = used();
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(
      /^ingot: warning: the store belongs to another user: \S+\/s: uid 65534 owns it, you are uid 0: [^\n]*setpriv --reuid 65534[^\n]*\n$/,
    );
  });

  it('whom the owner called by sudo is not warned', () => {
    expect(used({ SUDO_UID: '65534' })).toMatchObject({ code: 0, stderr: '' });
    expect(used({ SUDO_UID: '65533' }).stderr).toMatch(/belongs to another user/);
  });
});

describe('the trial of access finds', () => {
  it('a mode that is overlooked', async () => {
    await ingest(store, [source], { threads: 1 });
    plant('overlookModes');
    expect(expectMetadataWarning).toThrow(/expected '' to match/);
  });

  it('a store that everyone may read', (context) => {
    plant('openFolders');
    expect(() => expectKeptOut(context)).toThrow(/to match object \{ code: 1, stdout: '' \}/);
  });
});
