import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { objectPath } from '../../src/store/local/on-disk/layout.ts';
import { quarantine, settleMoves } from '../../src/store/local/upkeep/quarantine.ts';
import { verifyObjects } from '../../src/store/local/upkeep/verify-objects.ts';
import type { DamagedObject } from '../../src/store/seam/upkeep.ts';
import { Store } from '../../src/store/store.ts';
import type { VerifyProgress } from '../../src/store/verify/verify-progress.ts';
import type { VerifyOptions } from '../../src/store/verify/verify-run.ts';
import {
  errno,
  listSorted,
  plant,
  plantMany,
  recordingOps,
  tempStore,
  verifyHere,
} from '../harness/temp-store.ts';
import { makeTree } from '../harness/tree.ts';

/** Verifies without threads; tells what was found and the sizes of the batches. */
async function verify(root: string, options: Partial<VerifyOptions> = {}) {
  const damaged: [DamagedObject, string | undefined][] = [];
  const batches: number[] = [];
  const report = await verifyHere(root, {
    threads: 2,
    onDamaged: (object, moved) => damaged.push([object, moved]),
    runBatch: async (digests) => {
      batches.push(digests.length);
      return verifyObjects(root, 'flat', digests);
    },
    ...options,
  });
  return { report, damaged, batches };
}

test.each(['flat', 'sharded'] as const)(
  'every object of a sound store is checked once, %s',
  async (layout) => {
    const root = tempStore(layout);
    plantMany(root, layout, 600);
    const { report, batches } = await verify(root);
    expect(report).toMatchObject({ checked: 600, damaged: 0, gone: 0, quarantined: 0 });
    expect(report.bytes).toBe(
      Array.from({ length: 600 }, (_, n) => `content ${n}`).join('').length,
    );
    expect(batches).toEqual([256, 256, 88]);
  },
);

test('an empty store is sound', async () => {
  expect((await verify(tempStore())).report.checked).toBe(0);
});

test('each kind of damage is found and told', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 10);
  const flipped = plant(root, 'flat', 'flipped', 'flopped');
  const empty = plant(root, 'flat', 'emptied', '');
  const longer = plant(root, 'flat', Buffer.alloc(1 << 20), Buffer.alloc((1 << 20) + 1));
  const link = digestOf(Buffer.from('link'));
  fs.symlinkSync('/etc/hostname', join(root, link));
  const fifo = digestOf(Buffer.from(''));
  execFileSync('mkfifo', [join(root, fifo)]);
  const folder = digestOf(Buffer.from('folder'));
  fs.mkdirSync(join(root, folder));
  const socket = digestOf(Buffer.from('socket'));
  fs.renameSync(join(makeTree({ socket: { socket: true } }), 'socket'), join(root, socket));
  const { report, damaged } = await verify(root);
  expect(report).toMatchObject({ checked: 17, damaged: 7, quarantined: 0 });
  const told = new Map(
    damaged.map(([{ digest, why, size, path }]) => [digest, { why, size, path }]),
  );
  expect(told.get(flipped)).toEqual({
    why: `it hashes to ${digestOf(Buffer.from('flopped'))}`,
    size: 7,
    path: objectPath(root, 'flat', flipped),
  });
  expect(told.get(empty)?.size).toBe(0);
  expect(told.get(longer)?.size).toBe((1 << 20) + 1);
  for (const digest of [link, fifo, folder, socket])
    expect(told.get(digest)?.why).toMatch(/not a regular file/);
});

/** The next read(2) of this thread fails. */
function failNextRead(code: string): void {
  const read = vi.spyOn(fs, 'readSync').mockImplementationOnce(() => {
    throw errno(code, 'read');
  });
  onTestFinished(() => read.mockRestore());
}

test.each(['EIO', 'EBADMSG', 'EUCLEAN'])(
  'an object whose bytes the disk does not give is damaged, and the others are checked: %s',
  (code) => {
    const root = tempStore();
    const digests = plantMany(root, 'flat', 3);
    failNextRead(code);
    const { checked, damaged } = verifyObjects(root, 'flat', digests);
    expect(checked).toBe(3);
    const path = objectPath(root, 'flat', digests[0]!);
    const why = `it cannot be read (${code})`;
    expect(damaged).toEqual([{ digest: digests[0], path, why, size: 0 }]);
  },
);

test('what says nothing about an object ends the verify, and names it', () => {
  const root = tempStore();
  const digests = plantMany(root, 'flat', 3);
  failNextRead('ENOMEM');
  const path = objectPath(root, 'flat', digests[0]!);
  expect(() => verifyObjects(root, 'flat', digests)).toThrow(
    expect.objectContaining({ code: 'ENOMEM', path }),
  );
});

test('a large object is sound or damaged in a batch of its own', async () => {
  const root = tempStore();
  const content = Buffer.alloc((8 << 20) + 1, 'x');
  plant(root, 'flat', content);
  const damagedDigest = plant(root, 'flat', Buffer.concat([content, content]), content);
  plantMany(root, 'flat', 3);
  const { report, damaged, batches } = await verify(root);
  expect(report).toMatchObject({ checked: 5, damaged: 1 });
  expect(damaged[0]![0].digest).toBe(damagedDigest);
  expect(batches).toEqual([5, 1, 1]);
});

test('an object that moved meanwhile is found, one that is gone is counted', () => {
  const root = tempStore('sharded');
  const moved = plant(root, 'flat', 'moved');
  const gone = digestOf(Buffer.from('gone'));
  expect(verifyObjects(root, 'sharded', [moved, gone])).toMatchObject({
    checked: 1,
    gone: 1,
    damaged: [],
  });
});

test('quarantine keeps the damaged bytes, frees the name, and a later put heals', async () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'precious', 'previous');
  const { report, damaged } = await verify(root, { quarantine: true });
  expect(report).toMatchObject({ damaged: 1, quarantined: 1 });
  const aside = damaged[0]![1]!;
  expect(dirname(aside)).toBe(join(root, '.ingot', 'quarantine'));
  expect(basename(aside)).toMatch(new RegExp(`^${digest}\\.[0-9a-f]{16}$`));
  expect(fs.readFileSync(aside, 'utf8')).toBe('previous');
  expect(listSorted(root, 'flat')).toEqual([]);
  const store = await Store.open(root);
  expect(await store.put(Buffer.from('precious'))).toMatchObject({ outcome: 'new', digest });
  await store.close();
  expect((await verify(root)).report).toMatchObject({ checked: 1, damaged: 0 });
});

test('a second damaged object of one digest gets a name of its own in quarantine', async () => {
  const root = tempStore();
  plant(root, 'flat', 'good', 'bad1');
  await verify(root, { quarantine: true });
  plant(root, 'flat', 'good', 'bad2');
  await verify(root, { quarantine: true });
  expect(contentsIn(join(root, '.ingot', 'quarantine'))).toEqual(['bad1', 'bad2']);
});

function contentsIn(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .map((name) => fs.readFileSync(join(folder, name), 'utf8'))
    .sort();
}

test('two quarantines of one digest at the same time keep both', () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'good', 'bad1');
  const object = { digest, path: objectPath(root, 'flat', digest) };
  let renames = 0;
  const { ops } = recordingOps(({ name }) => {
    // Before the first one's second step.
    if (name === 'renameSync' && ++renames === 2) {
      plant(root, 'flat', 'good', 'bad2');
      quarantine(root, object);
    }
    return undefined;
  });
  quarantine(root, object, ops);
  expect(contentsIn(join(root, '.ingot', 'quarantine'))).toEqual(['bad1', 'bad2']);
});

test('good content in a file of the same inode as the damaged one stays', () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'good', 'bad');
  const [found] = verifyObjects(root, 'flat', [digest]).damaged;
  fs.chmodSync(found!.path, 0o644);
  fs.writeFileSync(found!.path, 'good');
  expect(quarantine(root, found!)).toBeUndefined();
  expect(fs.readFileSync(found!.path, 'utf8')).toBe('good');
});

/** What a writer does that meets a damaged object. */
function repair(root: string, digest: Digest, content: string): void {
  fs.writeFileSync(join(root, '.tmp-repair'), content);
  fs.renameSync(join(root, '.tmp-repair'), objectPath(root, 'flat', digest));
}

test('an object repaired between check and quarantine stays where it is', () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'good', 'bad');
  const [found] = verifyObjects(root, 'flat', [digest]).damaged;
  repair(root, digest, 'good');
  const { ops, count } = recordingOps();
  expect(quarantine(root, found!, ops)).toBeUndefined();
  expect(count('renameSync')).toBe(0);
  expect(fs.readFileSync(objectPath(root, 'flat', digest), 'utf8')).toBe('good');
});

/** Quarantines an object that is repaired before the first of the renames. */
function quarantineRepaired(root: string, atSecond: () => void = () => {}) {
  const digest = plant(root, 'flat', 'good', 'bad');
  const [found] = verifyObjects(root, 'flat', [digest]).damaged;
  let renames = 0;
  const { ops } = recordingOps(({ name }) => {
    if (name === 'renameSync') renames++ === 0 ? repair(root, digest, 'good') : atSecond();
    return undefined;
  });
  return { digest, moved: quarantine(root, found!, ops) };
}

test('an object repaired at the very moment of its quarantine is put back', () => {
  const root = tempStore();
  const { digest, moved } = quarantineRepaired(root);
  expect(moved).toBeUndefined();
  expect(fs.readFileSync(objectPath(root, 'flat', digest), 'utf8')).toBe('good');
  expect(fs.readdirSync(join(root, '.ingot', 'quarantine'))).toEqual([]);
});

/** What a kill leaves of a quarantine: it ends at the second of its renames. */
function quarantineCutOff(root: string, content: string, whileMoving: (digest: Digest) => void) {
  const digest = plant(root, 'flat', content, 'damaged');
  const [found] = verifyObjects(root, 'flat', [digest]).damaged;
  let renames = 0;
  const { ops } = recordingOps(({ name }) => {
    if (name !== 'renameSync') return undefined;
    if (renames++ > 0) return new Error('killed');
    whileMoving(digest);
    return undefined;
  });
  expect(() => quarantine(root, found!, ops)).toThrow('killed');
  expect(fs.existsSync(objectPath(root, 'flat', digest))).toBe(false);
  return digest;
}

const settlers: [string, (root: string) => Promise<unknown>][] = [
  [
    'the next writer',
    async (root) => {
      const store = await Store.open(root);
      await store.put(Buffer.from('other'));
      await store.close();
    },
  ],
  ['the next verify', async (root) => verify(root, { quarantine: true })],
];

test.each(settlers)('a quarantine that was cut off is settled by %s', async (_, settle) => {
  const root = tempStore();
  const sound = quarantineCutOff(root, 'good', (digest) => repair(root, digest, 'good'));
  const damaged = quarantineCutOff(root, 'better', () => {});
  await settle(root);
  expect(fs.readFileSync(objectPath(root, 'flat', sound), 'utf8')).toBe('good');
  expect(fs.existsSync(objectPath(root, 'flat', damaged))).toBe(false);
  expect(contentsIn(join(root, '.ingot', 'quarantine'))).toEqual(['damaged']);
  expect(fs.readdirSync(join(root, '.ingot', 'moving'))).toEqual([]);
});

test('what another user is about to quarantine is left to him', async () => {
  const root = tempStore();
  const moving = join(root, '.ingot', 'moving');
  const digest = digestOf(Buffer.from('x'));
  for (const denied of ['renameSync', 'openSync', 'mkdirSync'] as const) {
    fs.mkdirSync(moving, { recursive: true });
    fs.writeFileSync(join(moving, `${digest}.0`), 'bad');
    const { ops } = recordingOps(({ name, path }) =>
      name === denied && /moving|quarantine/.test(path) ? errno('EACCES') : undefined,
    );
    expect(() => settleMoves(root, 'flat', ops)).not.toThrow();
    fs.rmSync(moving, { recursive: true });
  }
});

test('a quarantine that another process settles in the middle is none', () => {
  const root = tempStore();
  const { digest, moved } = quarantineRepaired(root, () => settleMoves(root, 'flat'));
  expect(moved).toBeUndefined();
  expect(fs.readFileSync(objectPath(root, 'flat', digest), 'utf8')).toBe('good');
});

test('the smallest sample checks one object, and any of them', async () => {
  const root = tempStore();
  expect((await verify(root, { sample: 1e-9 })).report.checked).toBe(0);
  for (const content of ['a', 'b', 'c']) plant(root, 'flat', content, 'damaged');
  const told = new Set<string>();
  // That one of three is never chosen has a chance of 3 * (2 / 3) ** 200.
  for (let run = 0; run < 200; run++) {
    const { report, damaged } = await verify(root, { sample: 1e-9 });
    expect(report).toMatchObject({ checked: 1, damaged: 1 });
    for (const [{ digest }] of damaged) told.add(digest);
  }
  expect(told.size).toBe(3);
});

test('a sample checks about its share', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 1000);
  const { report } = await verify(root, { sample: 0.25 });
  // The standard deviation is 14.
  expect(report.checked).toBeGreaterThan(150);
  expect(report.checked).toBeLessThan(350);
});

/** The states of a verify whose batches are held back until the first state that fulfils a wish. */
async function statesOf(
  root: string,
  isWished: (state: VerifyProgress) => boolean,
  options: Partial<VerifyOptions> = {},
): Promise<VerifyProgress[]> {
  const states: VerifyProgress[] = [];
  let fulfil = () => {};
  const wish = new Promise<void>((resolve) => {
    fulfil = resolve;
  });
  const onProgress = (state: VerifyProgress) => {
    states.push(state);
    if (isWished(state)) fulfil();
  };
  const runBatch = async (digests: readonly Digest[]) => {
    await wish;
    return verifyObjects(root, 'flat', digests);
  };
  await verify(root, { onProgress, runBatch, ...options });
  return states;
}

test.each(['flat', 'sharded'] as const)(
  'progress knows the whole store long before all is listed, %s',
  async (layout) => {
    const root = tempStore(layout);
    const digests = plantMany(root, layout, 3000);
    const sizes = digests.map((digest) => fs.statSync(objectPath(root, layout, digest)).size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const states = await statesOf(root, ({ total }) => total !== undefined);
    const known = states.find(({ total }) => total !== undefined);
    expect(known).toMatchObject({ listing: true, total: 3000, totalBytes: bytes, fractionDone: 0 });
    expect(known!.found).toBeLessThan(2000);
    const whole = { found: 3000, checked: 3000, listing: false, fractionDone: 1, secondsLeft: 0 };
    expect(states.at(-1)).toMatchObject(whole);
  },
);

test('progress of a sample has the share of the store as its whole', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 3000);
  const isKnown = ({ total }: VerifyProgress) => total !== undefined;
  const states = await statesOf(root, isKnown, { sample: 0.5 });
  expect(states.find(isKnown)).toMatchObject({ listing: true, total: 1500 });
});

test('nothing is counted ahead where nobody wants it, and the whole is known when all is listed', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 3000);
  const states = await statesOf(root, () => true, { countAhead: false });
  for (const { listing, total } of states) expect(total).toBe(listing ? undefined : 3000);
});

test('no more batches are in flight than two a thread', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 1300);
  let [running, most] = [0, 0];
  await verify(root, {
    runBatch: async (digests) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return verifyObjects(root, 'flat', digests);
    },
  });
  expect(most).toBe(4);
});

test('aborting ends with INGOT_INTERRUPTED, a failed batch with its error', async () => {
  const root = tempStore();
  plantMany(root, 'flat', 5);
  const aborted = verify(root, { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ code: 'INGOT_INTERRUPTED' });
  const broken = verify(root, { runBatch: async () => Promise.reject(new Error('worker died')) });
  await expect(broken).rejects.toThrow('worker died');
});

test('what goes to quarantine is durable there, and its name is gone for good', () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'content', 'other');
  const { ops, calls } = recordingOps();
  const place = quarantine(root, { digest, path: objectPath(root, 'flat', digest) }, ops)!;
  const last = calls.findLastIndex(({ name }) => name === 'renameSync');
  const flushed = calls.slice(last).filter(({ name }) => name === 'fsyncSync');
  expect(flushed.map(({ path }) => path)).toEqual([dirname(place), root]);
});

test('good content that goes back to its place is flushed before and after', () => {
  const root = tempStore();
  const digest = plant(root, 'flat', 'content');
  const path = objectPath(root, 'flat', digest);
  const { ops, calls } = recordingOps();
  // Published between two looks.
  const looks = [false, true];
  expect(quarantine(root, { digest, path }, ops, () => looks.shift()!)).toBeUndefined();
  const back = calls.findLastIndex(({ name }) => name === 'renameSync');
  const moving = calls[back]!.path;
  const before = calls.slice(0, back).filter(({ name }) => name === 'fsyncSync');
  expect(before.at(-1)!.path).toBe(moving);
  const after = calls.slice(back).filter(({ name }) => name === 'fsyncSync');
  expect(after.map((call) => call.path)).toContain(root);
  expect(fs.existsSync(path)).toBe(true);
});
