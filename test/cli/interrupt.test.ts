import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { endAtStage } from '../harness/at-stage.ts';
import { plant } from '../harness/planted.ts';
import { endOf, ingot, start, tempsIn, untilEvent } from '../harness/run.ts';
import { stopTwiceOnceStalled } from '../harness/stalled.ts';
import { makeTree } from '../harness/tree.ts';

const FAULTY = fileURLToPath(new URL('../fixtures/faulty-workers.mjs', import.meta.url));

let cwd: string;

beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello' });
});

async function expectPutEnded(): Promise<void> {
  const large = Buffer.alloc(16 << 20, 'x');
  fs.writeFileSync(join(cwd, 'source'), large);
  const ended = await endAtStage(['put', join(cwd, 'source'), '--store', join(cwd, 'store')], {
    ...{ stage: 'large', nth: 2, signal: 'SIGTERM' },
  });
  expect(ended).toMatchObject({ code: 143, stdout: '' });
  expect(fs.readdirSync(join(cwd, 'store'))).toEqual(['.ingot']);
}

describe('signals', () => {
  it.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'end an ingest at the first %s with a report and exit code %i, leaving no temp',
    async (signal, code) => {
      for (let n = 0; n < 8000; n++) fs.writeFileSync(join(cwd, 'src', `${n}`), `${n}`);
      const child = start(['ingest', 'src', '--store', 's', '--json=events'], cwd);
      let stdout = '';
      let stderr = '';
      child.stderr.on('data', (chunk) => (stderr += chunk));
      child.stdout.on('data', (chunk) => {
        if (stdout === '') child.kill(signal);
        stdout += chunk;
      });
      const ended = await new Promise((resolve) => child.on('close', resolve));
      expect(ended).toBe(code);
      expect(stderr).toMatch(
        new RegExp(`^ingot: ${signal}: stopping.*\\ningot: .*interrupted.*\\n$`),
      );
      const last = JSON.parse(stdout.trim().split('\n').at(-1)!);
      expect(last).toMatchObject({ event: 'error', error: { code: 'INGOT_INTERRUPTED' } });
      expect(tempsIn(join(cwd, 's'))).toEqual([]);
      // What it reports as stored is there.
      const objects = fs.readdirSync(join(cwd, 's')).filter((name) => name.length === 64);
      expect(objects).toHaveLength(last.report.outcomes.new);
    },
  );

  it.each([
    ['the same', 'SIGTERM', /^143$/],
    // Of two that wait the kernel delivers the lower number first.
    ['another', 'SIGINT', /^1(43|30)$/],
  ] as const)(
    'that arrive twice, %s the second time, end an ingest like one',
    async (_, again, codes) => {
      const child = start(['ingest', '--files-from', '-', '--store', 's', '--json=events'], cwd);
      child.stdin.on('error', () => {});
      const end = endOf(child);
      await untilEvent(child, { event: 'progress' });
      // As timeout(1) does: to its child, and to the group of both.
      child.kill('SIGTERM');
      child.kill(again);
      child.stderr.once('data', () => child.kill(again));
      const { code, stdout } = await end;
      expect(String(code)).toMatch(codes);
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ event: 'error' });
      expect(tempsIn(join(cwd, 's'))).toEqual([]);
    },
  );

  it('end an ingest at once at a later second, although a worker hangs', async () => {
    fs.writeFileSync(join(cwd, 'src', 'kill-me'), '');
    const env = { NODE_OPTIONS: `--import ${FAULTY}`, FAULT: 'stall' };
    const child = start(['ingest', 'src', '--store', 's', '-q'], cwd, env);
    stopTwiceOnceStalled(child, () => child.kill('SIGINT'));
    const ended = await new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    // Which the shell calls 130.
    expect(ended).toEqual({ code: null, signal: 'SIGINT' });
    // What it had no time to remove, the next run does.
    expect(ingot(['ingest', 'src', '--store', 's', '-q'], { cwd }).code).toBe(0);
    expect(tempsIn(join(cwd, 's'))).toEqual([]);
  });

  it('end a put that reads stdin, leaving no temp', async () => {
    const child = start(['put', '-', '--store', 's'], cwd);
    // It may end before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.write(Buffer.alloc(3 << 20));
    // The writer's folder is there: it reads.
    while (!fs.existsSync(join(cwd, 's')) || tempsIn(join(cwd, 's')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(tempsIn(join(cwd, 's'))).toEqual([]);
  });

  it('end a put of a file in the middle, leaving no temp and no object', expectPutEnded);
});

describe('the trial of signals finds', () => {
  it.each([
    ['an exit code that tells of success', 'exitWell', /to match object \{ code: 143/],
    ['temps that stay', 'litter', /to deeply equal \[ '\.ingot' \]/],
  ])('%s', async (_, defect, found) => {
    plant(defect);
    await expect(expectPutEnded()).rejects.toThrow(found);
  });
});
