/** Command lines that nobody would type. The store they name is a file, so that none does work. */
import fs from 'node:fs';
import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseThreads } from '../../src/cli/options.ts';
import { parseShare } from '../../src/cli/verify.ts';
import { makeTree } from '../tree.ts';
import { ingot } from './run.ts';

const COMMANDS = ['ingest', 'put', 'get', 'verify', 'relayout', 'stats', 'doctor', 'help'];
const OPTIONS = [
  ...['--json', '--json=events', '--json=', '--json-events', '-q', '-v', '-n', '-0', '-qv', '-o'],
  ...['--threads', '--threads=', '--exclude', '--exclude-from', '--files-from', '--manifest'],
  ...['--durability', '--barrier', '--layout', '--to', '--sample', '--expect', '--seconds'],
  ...[
    '--verify-hits',
    '--no-progress',
    '--no-',
    '--help',
    '-h',
    '--version',
    '-V',
    '--',
    '-',
    '---',
  ],
];
const VALUES = [
  '',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  '5%',
  '%',
  'file',
  'gone',
  '{}',
  '$(x)',
];

/** No NUL, which execve(2) does not pass on. */
const anything = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((text) => text.toWellFormed().replaceAll('\0', ''));
const argument = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...OPTIONS) },
  { weight: 2, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.constantFrom(...COMMANDS, '__proto__', 'constructor', 'toString') },
  { weight: 1, arbitrary: anything },
);
const commandLine = fc
  .tuple(fc.constantFrom(...COMMANDS), fc.array(argument, { maxLength: 6 }))
  .map(([command, rest]) => [command, ...rest]);

describe('a command line', () => {
  it('of any arguments ends in help or in one line, never in a stack, and makes nothing', () => {
    const cwd = makeTree({ file: 'x' });
    fc.assert(
      fc.property(fc.oneof(commandLine, fc.array(argument, { maxLength: 4 })), (args) => {
        const ended = ingot(args, { cwd, env: { INGOT_STORE: 'file' }, timeout: 30_000 });
        expect([0, 1, 2]).toContain(ended.code);
        if (ended.code === 0) expect(ended.stderr).toBe('');
        else expect(ended.stderr).toMatch(/^ingot: [^\n]*\n$/);
        expect(ended.stderr + ended.stdout).not.toMatch(/\n {4}at |internal error/);
        expect(fs.readdirSync(cwd)).toEqual(['file']);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a number', () => {
  const number = fc.stringMatching(/^[-+]?\d{0,5}(\.\d{0,3})?(e\d)?[%k ]?$/);
  const text = fc.oneof(number, fc.string());

  it.each([
    ['of threads', parseThreads, /^\d{1,4}$/, 1, 1024],
    ['that is a share', (given: string) => parseShare(given) * 100, /^\d+(\.\d+)?%$/, 1e-9, 100],
  ])('%s is taken when it is in range, else refused as wrong usage', (_, parse, form, min, max) => {
    fc.assert(
      fc.property(text, (given) => {
        const value = form.test(given) ? Number.parseFloat(given) : Number.NaN;
        if (value >= min && value <= max) expect(parse(given)).toBeCloseTo(value, 9);
        else expect(() => parse(given)).toThrow(InvalidArgumentError);
      }),
      { numRuns: 1000 },
    );
  });
});
