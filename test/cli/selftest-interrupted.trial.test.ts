import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { demandProgram } from '../harness/mounts.ts';
import { endOf, ingot, start, tempsIn, untilEvent } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';

const PLANTED = fileURLToPath(new URL('../fixtures/planted-selftest.mjs', import.meta.url));

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

/** Resolves when a process with this argument runs. */
async function untilRunning(argument: string): Promise<void> {
  while (processesWith(argument).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The command lines of processes, the selftest's own left out, that hold a text. */
function processesWith(text: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      } catch {
        // It has ended since it was listed.
        return '';
      }
    })
    .filter((command) => command.includes(text) && !command.includes(' selftest '));
}

describe('a selftest that is interrupted', () => {
  it.for([
    ['fresh-tree', 'SIGINT', 130],
    ['kills', 'SIGINT', 130],
    ['writers', 'SIGTERM', 143],
    ['flush-order', 'SIGINT', 130],
  ] as const)(
    'in its trial %s by %s ends with its code, and leaves neither files nor processes',
    async ([trial, signal, code], context) => {
      if (trial === 'flush-order') demandProgram(context, 'strace');
      const child = start(['selftest', cwd, '--json=events', '--only', trial]);
      const end = endOf(child);
      await untilEvent(child, { trial });
      await untilRunning(cwd);
      child.kill(signal);
      const { code: ending, stdout, stderr } = await end;
      expect(ending).toBe(code);
      expect(stderr).toMatch(
        new RegExp(`^ingot: ${signal}: stopping.*\\ningot: .*interrupted.*\\n$`),
      );
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
        event: 'error',
        error: { code: 'INGOT_INTERRUPTED' },
      });
      expect(fs.readdirSync(cwd)).toEqual([]);
      expect(processesWith(cwd)).toEqual([]);
    },
  );

  it('while an ingest hangs ends at once, and the ingest with it', async () => {
    const args = ['selftest', cwd, '--json=events', '--only', 'hits'];
    const child = start(args, cwd, {
      NODE_OPTIONS: `--import ${PLANTED}`,
      DEFECT: 'hang',
    });
    const end = endOf(child);
    await untilRunning(cwd);
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect(fs.readdirSync(cwd)).toEqual([]);
    expect(processesWith(cwd)).toEqual([]);
  });

  it('by SIGKILL leaves what the next one sweeps', async () => {
    const child = start(['selftest', cwd, '--json=events', '--only', 'writers']);
    const end = endOf(child);
    await untilEvent(child, { trial: 'writers' });
    await untilRunning(cwd);
    child.kill('SIGKILL');
    await end;
    expect(tempsIn(cwd)).toHaveLength(1);
    // Its ingests end by themselves: one that waits for names sees the end of its input.
    while (processesWith(cwd).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const next = ingot(['selftest', cwd, '--json', '--only', 'hits']);
    expect(JSON.parse(next.stdout).swept).toBe(1);
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});
