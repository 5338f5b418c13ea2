/** The disk is lost in the middle of a run, which stands still meanwhile at a known place. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type EndAtStage, freezeAtStage, type Landing } from '../harness/at-stage.ts';
import { demandFileSystem } from '../harness/file-systems.ts';
import {
  demandMounts,
  demandProgram,
  mountAgain,
  mountImage,
  startBindfs,
  unmount,
} from '../harness/mounts.ts';
import { plant, WRONG_BYTES } from '../harness/planted.ts';
import { ingot, tempsIn } from '../harness/run.ts';
import { expectNextRunCompletes, expectWhole } from '../harness/store-checks.ts';
import { makeTree, temporaryDirectory } from '../harness/tree.ts';

const FILES = 20;
const contents = (of: string) => Array.from({ length: FILES }, (_, n) => `${of} ${n}`);
/** Written in several pieces, in a task of its own. */
const LARGE = randomBytes(6 << 20);
const FIRST = contents('first');
const SECOND = [...contents('second'), LARGE];
const digestsOf = (all: readonly (string | Buffer)[]) =>
  all.map((content) => createHash('sha256').update(content).digest('hex')).sort();

function makeSource(of: readonly (string | Buffer)[]): string {
  const files = of.map((content, n) => [`d${n % 3}/f${n}`, content] as const);
  return makeTree(Object.fromEntries(files), join(temporaryDirectory(), 'source'));
}

interface Disk {
  readonly at: string;
  /** Takes the disk away from whoever uses it. */
  lose(): Promise<void> | void;
  /** Brings it back as it is now. */
  restore(): Promise<void> | void;
}

interface Loss {
  readonly how: string;
  readonly fileSystem: 'ext4' | 'xfs' | 'btrfs' | 'bindfs';
  /** What the calls fail with from then on. */
  readonly code: RegExp;
  mount(): Promise<Disk> | Disk;
  /** At which stages, when not at all of them. */
  readonly stages?: readonly Landing['stage'][];
}

const onImage = (
  type: 'ext4' | 'xfs' | 'btrfs',
  mebibytes: number,
  lose: (at: string) => void,
): Disk => {
  const at = mountImage(type, mebibytes);
  return { at, lose: () => lose(at), restore: () => mountAgain(at) };
};

const LOSSES: readonly Loss[] = [
  {
    // What an ext4 with errors=remount-ro does at the first error: `ro` alone is refused while
    // files are open for writing.
    how: 'is made read-only',
    fileSystem: 'ext4',
    code: /\(EROFS\)/,
    mount: () => onImage('ext4', 40, (at) => execFileSync('mount', ['-o', 'remount,abort', at])),
  },
  {
    how: 'is shut down',
    fileSystem: 'xfs',
    code: /\(EIO\)/,
    mount: () => onImage('xfs', 320, (at) => execFileSync('xfs_io', ['-x', '-c', 'shutdown', at])),
  },
  // Which file system is gone makes no difference to the program.
  ...(
    [
      ['ext4', ['read', 'barrier', 'publish']],
      ['btrfs', ['stage', 'large', 'flush']],
    ] as const
  ).map(([type, stages]) => ({
    how: 'is unmounted by force',
    fileSystem: type,
    code: /\(ENOENT\)/,
    mount: () => onImage(type, 120, (at) => execFileSync('umount', ['-l', at])),
    stages,
  })),
  {
    how: 'loses its server',
    fileSystem: 'bindfs',
    code: /\(ENOTCONN\)/,
    mount: mountBindfs,
  },
];

async function mountBindfs(): Promise<Disk> {
  const below = temporaryDirectory();
  const { at, kill } = await startBindfs(below);
  const restore = async () => {
    unmount(at);
    await startBindfs(below, at);
  };
  return { at, lose: kill, restore };
}

const STAGES: readonly Omit<Landing, 'signal'>[] = [
  { stage: 'read', nth: 4 },
  { stage: 'stage', nth: 4 },
  { stage: 'barrier', nth: 1 },
  { stage: 'large', nth: 3 },
  { stage: 'publish', nth: 4 },
  { stage: 'flush', nth: 1 },
];

beforeEach(demandMounts);

/** A run whose disk is lost at a landing ends with its error, and keeps all that was acknowledged. */
async function expectLossBorne(
  { mount, code }: Loss,
  landing: Omit<Landing, 'signal'>,
  ...options: string[]
): Promise<void> {
  const disk = await mount();
  const store = join(disk.at, 'store');
  const [first, second] = [makeSource(FIRST), makeSource(SECOND)];
  expect(ingot(['ingest', first, '--store', store, '-q']).code).toBe(0);

  const args = ['ingest', second, '--store', store, '--threads', '1', '-q', ...options];
  const frozen = await freezeAtStage(args, landing);
  await disk.lose();
  frozen.child.kill('SIGCONT');
  expectTold(await frozen.end, store, code);

  await disk.restore();
  const kept = expectWhole(store, tempsIn(store));
  expect(kept).toEqual(expect.arrayContaining(digestsOf(FIRST)));
  const all = digestsOf([...FIRST, ...SECOND]);
  expect((await expectNextRunCompletes(second, store)).sort()).toEqual(all);
}

/** Skips what cannot be done here. */
function demandLoss(context: TestContext, { fileSystem }: Loss): void {
  demandFileSystem(context, fileSystem);
  if (fileSystem === 'xfs') demandProgram(context, 'xfs_io');
}

describe.each(LOSSES)('a store on $fileSystem that $how', (loss) => {
  const { stages } = loss;
  beforeEach((context) => demandLoss(context, loss));

  it.each(STAGES.filter(({ stage }) => stages?.includes(stage) ?? true))(
    'at $stage ends the run with its error and keeps all that was acknowledged',
    (landing) => expectLossBorne(loss, landing),
  );
});

describe('the trial of lost disks finds', () => {
  const [readOnly, shutDown] = LOSSES as [Loss, Loss];
  beforeEach((context) => {
    for (const loss of [readOnly, shutDown]) demandLoss(context, loss);
  });

  it.each<[string, string, Loss, Omit<Landing, 'signal'>, RegExp]>([
    [
      'failures at the end that nobody is told of',
      'hushEnd',
      readOnly,
      { stage: 'flush', nth: 1 },
      /expected \{ code: \+0, signal: null \} to deeply equal \{ code: 1/,
    ],
    [
      'a barrier that flushes nothing',
      'noBarrier',
      shutDown,
      { stage: 'read', nth: 4 },
      WRONG_BYTES,
    ],
  ])('%s', async (_, defect, loss, landing, found) => {
    plant(defect);
    // A snapshot would be one more thing that fails.
    const borne = expectLossBorne(loss, landing, '--no-snapshot');
    await expect(borne).rejects.toThrow(found);
  });
});

function expectTold({ code, signal, stderr }: EndAtStage, store: string, errno: RegExp): void {
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(stderr).toMatch(/^ingot: [^\n]*\n$/);
  expect(stderr).toContain(store);
  expect(stderr).toMatch(errno);
}
