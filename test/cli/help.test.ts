/** What --help and the man page say, of the program's own descriptions. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { manPage } from '../../src/cli/help/man-page.ts';
import { NOTES } from '../../src/cli/help/notes.ts';
import { outlineOf } from '../../src/cli/help/outline.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { demandProgram } from '../harness/mounts.ts';
import { ingot } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const PROGRAM = await buildProgram([]);
const ALL = [PROGRAM, ...PROGRAM.commands];

/** The command line that shows the help of a command. */
function helpOf(command: Command): string[] {
  return command === PROGRAM ? ['--help'] : [command.name(), '--help'];
}

function flagsOf({ options }: Command): string[] {
  const shown = options.filter(({ hidden }) => !hidden);
  return [...shown.flatMap(({ short, long }) => [short ?? [], long ?? []].flat()), '-h', '--help'];
}

describe.each(ALL.map((command) => [command.name(), command] as const))(
  'the help of %s',
  (_, command) => {
    it('fits 80 columns, and has examples and exit codes', () => {
      const { code, stdout, stderr } = ingot(helpOf(command));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toMatch(/\n\nExamples:\n {2}\S.*\n {6}\S/);
      expect(stdout).toMatch(/\n\nExit codes:\n {2}0 .+\n[\s\S]* {2}2 +wrong usage\n/);
    });

    it('is also that of ingot help', () => {
      const args = helpOf(command);
      const topic = command === PROGRAM ? ['help'] : ['help', command.name()];
      expect(ingot(topic)).toEqual(ingot(args));
    });
  },
);

describe('an example', () => {
  const lines = Object.values(NOTES).flatMap(({ examples }) => examples.map(([line]) => line));

  it.each(lines)('has a command and options that there are: %s', (line) => {
    const [, name, rest] = /\bingot (\S+)([^|)]*)/.exec(line)!;
    const command = PROGRAM.commands.find((each) => each.name() === name);
    expect(command).toBeDefined();
    const options = rest!.split(' ').filter((word) => /^-./.test(word));
    expect(flagsOf(command!)).toEqual(expect.arrayContaining(options));
  });
});

describe('the man page', () => {
  let page: string;
  beforeEach(() => {
    const { version } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
    const text = manPage(outlineOf(PROGRAM), version);
    page = join(makeTree({ 'ingot.1': text }), 'ingot.1');
  });

  /** As it is shown, without its emphasis. */
  function shown(): string {
    const env = { ...process.env, MANWIDTH: '1000', LC_ALL: 'C.UTF-8', MAN_KEEP_FORMATTING: '' };
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', page], {
      encoding: 'utf8',
      env,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  it('is what the build has made, where package.json says', () => {
    const { man } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
    expect(man).toHaveLength(1);
    expect(fs.readFileSync(man[0], 'utf8')).toBe(fs.readFileSync(page, 'utf8'));
  });

  it('is shown without a warning', (context) => {
    demandProgram(context, 'man');
    expect(shown()).toMatch(/^INGOT\(1\)/);
  });

  it('has each option of each command, and what it does', (context) => {
    demandProgram(context, 'man');
    const sections = shown().split(/\n {3}(?=ingot )/);
    for (const command of PROGRAM.commands) {
      const section = sections.find((each) => each.startsWith(`ingot ${command.name()}`));
      for (const { long, short, description, hidden } of command.options) {
        if (hidden) continue;
        const flags = short === undefined ? long : `${short}, ${long}`;
        const says = description.slice(1);
        expect(section?.replace(/\s+/g, ' ')).toContain(` ${flags}`);
        expect(section?.replace(/\s+/g, ' ')).toContain(says.replace(/\s+/g, ' '));
      }
    }
  });
});
