import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeTree } from '../tree.ts';
import { start, tempsIn } from './run.ts';

let cwd: string;

beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello' });
});

describe('signals', () => {
  it.each([
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
});
