/** What may not be read or moved hides nothing else, and is named. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import type { Digest } from '../../src/digest.ts';
import type { Layout } from '../../src/store/choices.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { verifyObjects } from '../../src/store/local/upkeep/verify-objects.ts';
import { demand, demandProgram } from '../harness/mounts.ts';
import { script, UNPRIVILEGED } from '../harness/run.ts';
import { errno, plant, plantMany, tempStore } from '../harness/temp-store.ts';
import { makeTree } from '../harness/tree.ts';

/** `ingot ARGS` of a user whom modes keep out. */
function ingot(args: string) {
  return script(`${UNPRIVILEGED} $INGOT ${args}`);
}

/** Sound objects, damaged ones, and ones that their owner may not read. */
function mixedStore(layout: Layout = 'flat') {
  const root = tempStore(layout);
  plantMany(root, layout, 300);
  const many = (name: string, bytes?: string) =>
    Array.from({ length: 5 }, (_, n) => plant(root, layout, `${name} ${n}`, bytes));
  const damaged = many('damaged', 'other bytes');
  const unreadable = many('unreadable');
  for (const digest of unreadable) fs.chmodSync(objectPath(root, layout, digest), 0);
  return { root, damaged, unreadable };
}

function makeImmutable(context: TestContext, path: string): () => void {
  demandProgram(context, 'lsattr');
  const { status } = spawnSync('chattr', ['+i', path], { stdio: 'ignore' });
  demand(context, status === 0, 'chattr +i needs root, and a file system that knows it');
  const undo = () => void spawnSync('chattr', ['-i', path]);
  onTestFinished(undo);
  return undo;
}

const linesOf = (text: string, word: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`${word} `));

describe('a verify goes on', () => {
  it('past objects that it may not read, and names each: 4 with damage', () => {
    const { root, damaged, unreadable } = mixedStore();
    const { code, stdout } = ingot(`verify --store ${root}`);
    expect(code).toBe(4);
    const told = linesOf(stdout, 'damaged').map((line) => line.slice(8, 72));
    expect(told.sort()).toEqual(damaged.sort());
    expect(linesOf(stdout, 'unreadable').sort()).toEqual(
      unreadable
        .sort()
        .map(
          (digest) =>
            `unreadable ${digest}: cannot verify an object: ${objectPath(root, 'flat', digest)}: permission denied (EACCES)`,
        ),
    );
    expect(stdout).toMatch(
      /^305 objects checked, .*; 5 objects damaged; 5 could not be looked at$/m,
    );
  });

  it('and ends with 3 where all else is sound', () => {
    const { root, damaged, unreadable } = mixedStore();
    for (const digest of damaged) fs.rmSync(objectPath(root, 'flat', digest));
    const { code, stdout } = ingot(`verify --json --store ${root}`);
    expect(code).toBe(3);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ checked: 300, damaged: 0, unmoved: 0, unreadable: 5 });
    const told = report.unreadableObjects as { digest: Digest; failure: { code: string } }[];
    expect(told.map(({ digest }) => digest).sort()).toEqual(unreadable.sort());
    expect(told.map(({ failure }) => failure.code)).toEqual(Array(5).fill('EACCES'));
  });

  it('past a folder of objects that it may not list', () => {
    const { root, damaged } = mixedStore('sharded');
    const [closed = '', other = ''] = damaged;
    fs.chmodSync(join(root, closed.slice(0, 2)), 0);
    const { code, stdout } = ingot(`verify --json=events --store ${root}`);
    expect(code).toBe(4);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(expect.objectContaining({ event: 'damaged', digest: other }));
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'unreadable', path: join(root, closed.slice(0, 2)) }),
    );
  });

  it('past a damaged object that it cannot move to quarantine', (context) => {
    const { root, damaged } = mixedStore();
    const [stays, ...moved] = damaged as [Digest, ...Digest[]];
    makeImmutable(context, objectPath(root, 'flat', stays));
    const { code, stdout } = script(`$INGOT verify --quarantine --store ${root}`);
    expect(code).toBe(4);
    expect(linesOf(stdout, 'damaged').filter((line) => line.includes('; moved to '))).toHaveLength(
      4,
    );
    expect(stdout).toMatch(
      new RegExp(
        `^damaged ${stays}: it hashes to .*; it stays: .*not permitted \\(EPERM\\); lsattr shows .*$`,
        'm',
      ),
    );
    expect(stdout).toMatch(
      /5 objects damaged; 4 objects moved to quarantine; 1 object could not be moved/,
    );
    const quarantined = fs.readdirSync(join(root, '.ingot/quarantine'));
    expect(quarantined.map((name) => name.slice(0, 64)).sort()).toEqual(moved.sort());
    expect(fs.existsSync(objectPath(root, 'flat', stays))).toBe(true);
  });

  it.each(['EACCES', 'EPERM', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOKEY'])(
    'past what says nothing about the bytes: %s',
    (code) => {
      const root = tempStore();
      const digests = plantMany(root, 'flat', 3);
      const path = objectPath(root, 'flat', digests[1]!);
      refuseToOpen(path, code);
      const { checked, damaged, unreadable } = verifyObjects(root, 'flat', digests);
      expect({ checked, damaged }).toEqual({ checked: 2, damaged: [] });
      const failure = expect.objectContaining({ what: 'cannot verify an object', code, path });
      expect(unreadable).toEqual([{ digest: digests[1], path, failure }]);
    },
  );

  it('to the other layout, where the object may lie', () => {
    const root = tempStore('sharded');
    const digest = plant(root, 'flat', 'content');
    refuseToOpen(objectPath(root, 'sharded', digest), 'EACCES');
    expect(verifyObjects(root, 'sharded', [digest])).toMatchObject({ checked: 1, unreadable: [] });
  });
});

function refuseToOpen(path: string, code: string): void {
  const open = fs.openSync;
  const spy = vi.spyOn(fs, 'openSync').mockImplementation((at, ...more) => {
    if (at === path) throw errno(code, 'open');
    return open(at, ...more);
  });
  onTestFinished(() => spy.mockRestore());
}

it('stats counts past what it may not look at, says so, and ends with 3', () => {
  const { root, damaged } = mixedStore('sharded');
  fs.chmodSync(join(root, damaged[0]!.slice(0, 2)), 0);
  const { code, stdout } = ingot(`stats --store ${root}`);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^objects +30\d, /m);
  expect(stdout).toMatch(/^unreadable +1 could not be looked at$/m);
});

it('a relayout moves all but what it may not move, names it, and goes on when it may', (context) => {
  const root = tempStore();
  const [stuck = ''] = plantMany(root, 'flat', 20);
  const path = objectPath(root, 'flat', stuck as Digest);
  const undo = makeImmutable(context, path);
  const relayout = () => script(`$INGOT relayout --to sharded --store ${root}`);
  const { code, stderr } = relayout();
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      `^ingot: cannot move 1 object, the first of them: ${path}: .*\\(EPERM\\); the others`,
    ),
  );
  expect(fs.readdirSync(root).filter((name) => name.length === 64)).toEqual([stuck]);
  expect(script(`$INGOT verify --store ${root}`).stdout).toMatch(
    /^20 objects checked.*0 .* damaged/,
  );
  undo();
  expect(relayout().code).toBe(0);
  expect(fs.readFileSync(join(root, '.ingot/store.json'), 'utf8')).not.toMatch(/movingFrom/);
});

it('what is read back after --durability none is lost or not, whatever else may not be read', () => {
  const files = Array.from({ length: 10 }, (_, n) => [`tree/${n}`, `content ${n}`]);
  const cwd = makeTree({ ...Object.fromEntries(files), later: 'later' });
  const root = join(cwd, 's');
  script('$INGOT ingest tree --durability none --store s', { cwd });
  const names = fs.readdirSync(root).filter((name) => name.length === 64);
  for (const name of names.slice(0, 5)) fs.chmodSync(join(root, name), 0);
  for (const name of names.slice(5)) {
    fs.rmSync(join(root, name));
    fs.writeFileSync(join(root, name), 'lost');
  }
  const ingest = () => script(`${UNPRIVILEGED} $INGOT ingest later --store s`, { cwd });
  expect(ingest()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/5 of them, in quarantine/),
  });
  const quarantined = fs.readdirSync(join(root, '.ingot/quarantine'));
  expect(quarantined.map((name) => name.slice(0, 64)).sort()).toEqual(names.slice(5).sort());
  const again = ingest();
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot read an object back: .*EACCES/),
  });
  for (const name of names.slice(0, 5)) fs.chmodSync(join(root, name), 0o444);
  expect(ingest().code).toBe(0);
});

it('a quarantine that was cut off is settled past what may not be moved', (context) => {
  const root = tempStore();
  const moving = join(root, '.ingot/moving');
  fs.mkdirSync(moving);
  const digests = plantMany(root, 'flat', 6);
  for (const digest of digests)
    fs.renameSync(objectPath(root, 'flat', digest), join(moving, `${digest}.0123456789abcdef`));
  const [stuck = ''] = fs.readdirSync(moving);
  makeImmutable(context, join(moving, stuck));
  const { code, stdout } = script(`$INGOT verify --quarantine --store ${root}`);
  expect(stdout).toMatch(/^5 objects checked, .*1 object on the way to quarantine/);
  expect(code).toBe(0);
  expect(fs.readdirSync(moving).map((name) => basename(name))).toEqual([stuck]);
});
