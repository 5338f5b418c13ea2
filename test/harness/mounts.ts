/** Real file systems, small ones, for as long as a test runs. They need root and a loop device. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished, type TestContext } from 'vitest';
import { openTemps } from '../../src/store/local/publish/open-temps.ts';
import { TASKS_PER_WORKER } from '../../src/threads/pool.ts';
import { temporaryDirectory } from './tree.ts';

/** Skips a test that this machine cannot run, and says why; CI has to be able to run them all. */
export function demand(
  context: Pick<TestContext, 'skip'>,
  isMet: boolean,
  otherwise: string,
): void {
  if (isMet) return;
  if (process.env.CI) throw new Error(`${otherwise}: tests in CI need it`);
  context.skip(otherwise);
}

export function demandMounts(context: Pick<TestContext, 'skip'>): void {
  demand(context, process.getuid?.() === 0, 'only root may mount file systems');
  demand(context, fs.existsSync('/dev/loop-control'), 'there are no loop devices here');
}

/** root in a container may mount nothing. */
export function demandMountNamespace(context: Pick<TestContext, 'skip'>): void {
  const { status } = spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
  demand(context, status === 0, 'unshare(1) cannot make a mount namespace here');
}

export function demandProgram(context: Pick<TestContext, 'skip'>, program: string): void {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  demand(context, error === undefined, `${program} is not installed`);
}

export function demandTerminal(context: Pick<TestContext, 'skip'>): void {
  demandProgram(context, 'script');
  const { status } = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' });
  demand(context, status === 0, 'script(1) gets no terminal: there is no devpts');
}

/** So many threads stage small contents in files without a name. */
export function demandNamelessTemps(context: Pick<TestContext, 'skip'>, threads: number): void {
  const { namelessTemps } = openTemps('group', 'syncfs', threads * TASKS_PER_WORKER);
  demand(context, namelessTemps, 'too few files may be open (ulimit -Hn) for temps without names');
}

/** An empty tmpfs with these options (`size=2m`). Gives its mount point. */
export function mountTmpfs(options: string): string {
  return mount(['-t', 'tmpfs', '-o', options, 'tmpfs']);
}

/** Gives a tmpfs other options, such as more room. */
export function remount(at: string, options: string): void {
  // -i: FUSE's own helper knows only how to begin.
  execFileSync('mount', ['-i', '-o', `remount,${options}`, at], { stdio: 'pipe' });
}

/** A new file system of `mebibytes` on a loop device in memory. Gives its mount point. */
export function mountImage(
  type: 'ext4' | 'xfs' | 'btrfs',
  mebibytes: number,
  ...mkfsOptions: string[]
): string {
  const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  const folder = fs.mkdtempSync(join(memory, 'ingot-image-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const image = join(folder, type);
  fs.writeFileSync(image, '');
  fs.truncateSync(image, mebibytes << 20);
  execFileSync(`mkfs.${type}`, ['-q', ...mkfsOptions, image], { stdio: 'pipe' });
  return mount(['-t', type, '-o', 'loop', image]);
}

/** How what is mounted at a place was mounted. */
const mounted = new Map<string, readonly string[]>();

/**
 * Unmounts an image, where it has not gone already, and mounts it anew. As long as a mount
 * namespace of others still holds it, that would be the same file system, not a new look at it.
 */
export async function mountAgain(at: string): Promise<void> {
  const options = mounted.get(at)!;
  if (isMounted(at)) execFileSync('umount', [at], { stdio: 'pipe' });
  while (execFileSync('losetup', ['-j', options.at(-1)!]).length > 0) await sleep(20);
  execFileSync('mount', [...options, at], { stdio: 'pipe' });
}

/** Changes bytes on the disk of a mounted image, behind the back of its file system's page cache. */
export function overwriteOnDisk(at: string, bytes: Buffer, by: Buffer): void {
  const image = mounted.get(at)!.at(-1)!;
  const found = fs.readFileSync(image).indexOf(bytes);
  if (found < 0) throw new Error(`these bytes are not in ${image}`);
  const fd = fs.openSync(image, 'r+');
  fs.writeSync(fd, by, 0, by.length, found);
  fs.closeSync(fd);
}

/** Shows `folder` a second time, through FUSE. Gives the mount point. */
export function mountBindfs(folder: string, ...options: string[]): string {
  const at = temporaryDirectory();
  execFileSync('bindfs', [...options, folder, at], { stdio: 'pipe' });
  onTestFinished(() => unmount(at));
  return at;
}

/** The same with a server that can be killed; what is at the mount point then is ENOTCONN. */
export async function startBindfs(
  folder: string,
  at = temporaryDirectory(),
): Promise<{ at: string; kill: () => Promise<void> }> {
  const server = spawn('bindfs', ['-f', folder, at], { stdio: 'ignore' });
  const end = once(server, 'exit');
  onTestFinished(() => {
    server.kill('SIGKILL');
    if (isMounted(at)) unmount(at);
  });
  while (!isMounted(at)) {
    if (server.exitCode !== null) throw new Error(`bindfs ended with ${server.exitCode}`);
    await sleep(10);
  }
  const kill = async () => {
    server.kill('SIGKILL');
    await end;
  };
  return { at, kill };
}

export function demandLyingFuse(context: Pick<TestContext, 'skip'>): void {
  demand(context, process.getuid?.() === 0, 'only root may mount file systems');
  demand(context, fs.existsSync('/dev/fuse'), 'there is no /dev/fuse');
  demandProgram(context, 'python3');
}

const LYING_FUSE = fileURLToPath(new URL('../fixtures/lying-fuse.py', import.meta.url));

/** Shows `folder` a second time, read-only, with lies about its files: see the fixture. */
export async function mountLyingFuse(folder: string, ...lies: readonly string[]): Promise<string> {
  const at = temporaryDirectory();
  const server = spawn('python3', [LYING_FUSE, at, folder, ...lies], { stdio: 'inherit' });
  onTestFinished(() => {
    if (isMounted(at)) unmount(at);
    server.kill('SIGKILL');
  });
  while (!isMounted(at)) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    await sleep(10);
  }
  return at;
}

/** As the kernel tells it: the file system itself may not answer any more (proc_pid_mounts(5)). */
function isMounted(at: string): boolean {
  const lines = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.some((line) => line.split(' ')[1] === at);
}

function mount(options: readonly string[]): string {
  const at = temporaryDirectory();
  execFileSync('mount', [...options, at], { stdio: 'pipe' });
  mounted.set(at, options);
  onTestFinished(() => unmount(at));
  return at;
}

/** Lazily, if need be: a test that failed may have left a process that still uses it. */
export function unmount(at: string): void {
  if (spawnSync('umount', [at]).status !== 0) execFileSync('umount', ['-l', at]);
}
