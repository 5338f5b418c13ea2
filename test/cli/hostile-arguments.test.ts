/**
 * Command lines that nobody would type. The store they name is a file, and a directory to try out
 * none that is there, so that none does work.
 */
import fs from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseThreads } from '../../src/cli/options.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { parseShare } from '../../src/cli/verify.ts';
import { ingot } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const PROGRAM = await buildProgram([]);
const COMMANDS = [...PROGRAM.commands.map((command) => command.name()), 'help'];
const FORMS = ['--json=events', '--json=', '-qv', '--no-', '-h', '--help', '-V', '--', '-', '---'];
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

/** Each with values that it may have. Without --store, which could name one that is then made. */
function optionsOf({ options }: Command): string[] {
  return options
    .filter(({ long }) => long !== '--store')
    .flatMap(({ long, short, required, argChoices = [] }) => {
      const values = required ? ['', ...argChoices] : [];
      return [long!, short ?? '-', ...values.map((value) => `${long}=${value}`)];
    });
}

/** No NUL, which execve(2) does not pass on. */
const anything = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((text) => text.toWellFormed().replaceAll('\0', ''));
const argument = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...FORMS, ...PROGRAM.commands.flatMap(optionsOf)) },
  { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.constantFrom(...COMMANDS, '__proto__', 'constructor', 'toString') },
  { weight: 1, arbitrary: anything },
);
const commandLines = PROGRAM.commands.map((command) => {
  const own = fc.constantFrom('--help', ...optionsOf(command));
  const rest = fc.array(fc.oneof({ weight: 2, arbitrary: own }, argument), { maxLength: 6 });
  return rest.map((args) => [command.name(), ...args]);
});
const commandLine = fc.oneof(...commandLines, fc.array(argument, { maxLength: 4 }));

describe('a command line', () => {
  it('of any arguments ends in help or in one line, never in a stack, and makes nothing', () => {
    const cwd = makeTree({ file: 'x' });
    const isDirectory = (path: string) =>
      fs.statSync(resolve(cwd, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
    fc.assert(
      fc.property(commandLine, (args) => {
        fc.pre(!args.includes('selftest') || !args.some(isDirectory));
        const ended = ingot(args, { cwd, env: { INGOT_STORE: 'file' }, timeout: 30_000 });
        // What was asked for is below the line.
        const stderr = args.includes('--debug') ? ended.stderr.split(/^/m)[0] : ended.stderr;
        expect([0, 1, 2]).toContain(ended.code);
        if (ended.code === 0) expect(ended.stderr).toBe('');
        else expect(stderr).toMatch(/^ingot: [^\n]*\n$/);
        expect(stderr + ended.stdout).not.toMatch(/\n {4}at |internal error/);
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
