import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demandMounts } from '../harness/mounts.ts';
import { memoryDirectory, resultsIn, startBench } from './run.ts';

/** The command lines of all processes that were given a path below `folder`. */
function processesOf(folder: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandLineOf)
    .filter((commandLine) => commandLine.includes(folder));
}

function commandLineOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch (error) {
    // It has ended since it was listed.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return '';
    throw error;
  }
}

/** True while something is measured in an arena below `folder`. */
function measures(folder: string): boolean {
  return processesOf(`${folder}/ingot-bench-`).some((line) => /\/(floor|store) /.test(line));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function interrupted(
  child: ChildProcessWithoutNullStreams,
  signal: NodeJS.Signals,
  when: () => boolean,
  whom: 'process' | 'group' = 'process',
): Promise<{ code: unknown; stderr: string }> {
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdout.resume();
  await until(() => when() || child.exitCode !== null);
  // A terminal sends it to the whole group in its foreground.
  if (whom === 'group') process.kill(-child.pid!, signal);
  else child.kill(signal);
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, stderr };
}

describe('Ctrl-C', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('by %s ends what runs and removes what was made', async (signal, exitCode) => {
    const cwd = memoryDirectory();
    const disk = join(cwd, 'disk');
    fs.mkdirSync(disk);
    const args = ['layout', '--on', disk, '--scale', '0.1', '--rounds', '500'];
    const child = startBench(args, { cwd, env: { TMPDIR: disk } });
    const { code, stderr } = await interrupted(child, signal, () => measures(disk));
    // Without cc there are no floors, which is noted.
    const lines = `bench: layout .*\\n(bench: no distance .*\\n)?bench: ${signal}: .*\\n`;
    expect(stderr).toMatch(new RegExp(`^${lines}$`));
    expect(code).toBe(exitCode);
    expect(processesOf(disk)).toEqual([]);
    expect(fs.readdirSync(disk)).toEqual([]);
    expect(fs.readdirSync(cwd)).toEqual(['disk']);
  });

  it('ends also what its processes have started', async () => {
    const cwd = memoryDirectory();
    const programs = join(cwd, 'programs');
    fs.mkdirSync(programs);
    for (const name of ['setsid', 'sync', 'df', 'tail', 'timeout'])
      fs.symlinkSync(`/usr/bin/${name}`, join(programs, name));
    // Compiles nothing, until a minute is over.
    const cc = join(programs, 'cc');
    fs.writeFileSync(cc, '#!/bin/sh\ntimeout --foreground 60 tail -f "$0"\nexit 1\n', {
      mode: 0o755,
    });
    const args = ['layout', '--on', cwd, '--scale', '0.001'];
    const child = startBench(args, { cwd, env: { TMPDIR: cwd, PATH: programs } });
    const compiles = () => processesOf(cc).some((line) => line.startsWith('tail '));
    expect((await interrupted(child, 'SIGINT', compiles)).code).toBe(130);
    expect(processesOf(cc)).toEqual([]);
    expect(fs.readdirSync(cwd)).toEqual(['programs']);
  });

  it('in a terminal does not end a sync, which would look like a fault', async () => {
    const cwd = memoryDirectory();
    const programs = join(cwd, 'programs');
    const disk = join(cwd, 'disk');
    for (const folder of [programs, disk]) fs.mkdirSync(folder);
    const began = join(programs, 'began');
    const script = `#!/bin/sh\ntouch ${began}; sleep 0.5\n`;
    fs.writeFileSync(join(programs, 'sync'), script, { mode: 0o755 });
    const env = { TMPDIR: disk, PATH: `${programs}:${process.env.PATH}` };
    const child = startBench(['put', '--on', disk], { cwd, env, detached: true });
    const ended = await interrupted(child, 'SIGINT', () => fs.existsSync(began), 'group');
    expect(ended.stderr).toMatch(/^bench: SIGINT: .*\n$/);
    expect(ended.code).toBe(130);
    expect(fs.readdirSync(disk)).toEqual([]);
    expect(fs.readdirSync(cwd).sort()).toEqual(['disk', 'programs']);
  });

  it('while the trees are made removes them', async () => {
    const cwd = memoryDirectory();
    const args = ['layout', '--on', cwd, '--corpus', 'small'];
    const child = startBench(args, { cwd, env: { TMPDIR: cwd } });
    const treeBegan = () =>
      fs.readdirSync(cwd).some((name) => fs.existsSync(join(cwd, name, 'small/d0')));
    expect((await interrupted(child, 'SIGINT', treeBegan)).code).toBe(130);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });

  it('unmounts the quiet disk and gives its memory back', async (context) => {
    demandMounts(context);
    const cwd = memoryDirectory();
    const args = ['layout', '--scale', '0.1', '--rounds', '500'];
    const child = startBench(args, { cwd, env: { TMPDIR: cwd } });
    let image: string | undefined;
    const isMeasuring = () => {
      const mounts = fs.readFileSync('/proc/mounts', 'utf8');
      const [, loop] = new RegExp(`^/dev/(loop\\d+) ${cwd}/`, 'm').exec(mounts) ?? [];
      if (loop === undefined) return false;
      image ??= fs.readFileSync(`/sys/block/${loop}/loop/backing_file`, 'utf8').trim();
      return measures(cwd);
    };
    expect((await interrupted(child, 'SIGINT', isMeasuring)).code).toBe(130);
    expect(image).toMatch(/^\/dev\/shm\/ingot-bench-/);
    expect(fs.existsSync(image!)).toBe(false);
    expect(fs.readFileSync('/proc/mounts', 'utf8')).not.toContain(cwd);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});

it.each(['stdout', 'stderr'] as const)('a closed %s ends what runs', async (name) => {
  const cwd = memoryDirectory();
  const disk = join(cwd, 'disk');
  fs.mkdirSync(disk);
  const args = ['put', 'layout', '--on', disk, '--scale', '0.1', '--rounds', '1'];
  const child = startBench(args, { cwd, env: { TMPDIR: disk } });
  child[name].destroy();
  let stderr = '';
  if (name === 'stdout') child.stderr.on('data', (chunk) => (stderr += chunk));
  else child.stdout.resume();
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (name === 'stdout')
    expect(stderr).toMatch(/^(bench: put.*\n)+bench: layout .*\nbench: nobody /);
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(code).toBe(141);
  expect(processesOf(disk)).toEqual([]);
  expect(fs.readdirSync(disk)).toEqual([]);
  // What was answered before is kept.
  if (name === 'stdout')
    expect(resultsIn(cwd).answers.map(({ question }) => question)).toEqual(['put']);
});
