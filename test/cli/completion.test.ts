/** The scripts of `ingot completion`, run by the shells themselves. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { demandProgram, demandTerminal } from '../harness/mounts.ts';
import { ingot, script } from '../harness/run.ts';
import { makeTree } from '../harness/tree.ts';

const PROGRAM = await buildProgram([]);
const COMMANDS = PROGRAM.commands.map((command) => command.name());

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const SCRIPTS = SHELLS.map((shell) => [`in.${shell}`, ingot(['completion', shell]).stdout]);

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ ...Object.fromEntries(SCRIPTS), 'tree/f': 'x', 'two words': 'y' });
});

/** All that the help of a command lists, and what may follow them after =. */
function optionsOf(command: Command): string[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  const flags = shown.flatMap(({ short, long }) => [short ?? [], long ?? []].flat());
  const events = flags.includes('--json') ? ['--json=events'] : [];
  const attached = shown.flatMap(({ long, optional, argChoices = [] }) =>
    optional ? argChoices.map((word) => `${long}=${word}`) : [],
  );
  return [...flags, ...events, ...attached, '-h', '--help'].sort();
}

function run(command: string, ...args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  expect(stderr).toBe('');
  return stdout;
}

describe('ingot completion', () => {
  it('needs one of three shells, and names them', () => {
    for (const args of [[], ['tcsh']]) {
      const { code, stdout, stderr } = ingot(['completion', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^ingot: [^\n]*'bash\|zsh\|fish'[^\n]*\n$/);
    }
  });

  for (const [shell, onlyRead] of Object.entries({
    bash: '-n',
    zsh: '-n',
    fish: '--no-execute',
  }))
    it(`is a script that ${shell} can read`, (context) => {
      demandProgram(context, shell);
      expect(fs.statSync(join(cwd, `in.${shell}`)).size).toBeGreaterThan(1000);
      expect(run(shell, onlyRead, `in.${shell}`)).toBe('');
    });
});

/** What a shell offers for the last of these words, files and directories left out. */
type Offers = (...words: string[]) => string[];

const inBash: Offers = (...words) => {
  const ask = `COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _ingot; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = `compopt() { :; }; source in.bash; ${ask}`;
  return run('bash', '--norc', '-c', text, 'bash', 'ingot', ...words)
    .split('\n')
    .filter((line) => line !== '')
    .sort();
};

const inFish: Offers = (...words) =>
  run('fish', '--no-config', '-c', 'source in.fish; complete -C "$argv"', 'ingot', ...words)
    .split('\n')
    .flatMap((offer) => offer.split('\t')[0] || [])
    .sort();

describe.each([
  ['bash', inBash],
  ['fish', inFish],
] as const)('%s offers', (shell, offers) => {
  beforeEach((context) => demandProgram(context, shell));

  it('each command', () => {
    expect(offers('')).toEqual(expect.arrayContaining([...COMMANDS, 'help']));
    expect(offers('ver')).toEqual(['verify', 'version']);
    expect(offers('help', 'ver')).toEqual(['verify', 'version']);
    expect(offers('--ver')).toEqual(['--version']);
  });

  it('each option of each command, and no other', () => {
    for (const command of PROGRAM.commands) {
      const offered = [...offers(command.name(), '--'), ...offers(command.name(), '-')];
      expect([...new Set(offered)].sort()).toEqual(optionsOf(command));
    }
  });

  it('nothing of a command whose name is that of a file', () => {
    expect(offers('put', 'verify', '--sto')).toEqual(['--store']);
  });

  it('the values of an option', () => {
    expect(offers('ingest', '--durability', '')).toEqual(['file', 'group', 'none']);
    expect(offers('ingest', '-v', '--layout', 's')).toEqual(['sharded']);
    expect(offers('selftest', '--only', 'k')).toEqual(['kills']);
    expect(offers('completion', '')).toEqual(['bash', 'fish', 'zsh']);
    expect(offers('verify', '--threads', '')).toEqual([]);
    expect(offers('get', '')).toEqual([]);
  });
});

/** Lines as they are once the last word was completed: one that a user types into the shell. */
function completedIn(shell: 'bash' | 'zsh', lines: readonly string[]): string[] {
  const typed = lines.map((line) => `${line}\t\x14`).join('');
  const begin = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i' }[shell];
  fs.writeFileSync(join(cwd, 'begin'), BEGIN[shell]);
  fs.writeFileSync(join(cwd, 'typed'), `source ./begin\n${typed}exit\n`);
  script(`script -qec '${begin}' /dev/null < typed`, { cwd, env: { HISTFILE: '' } });
  return fs.readFileSync(join(cwd, 'completed'), 'utf8').trimEnd().split('\n');
}

/** Ctrl-T writes the line down and empties it. */
const BEGIN = {
  bash: `source in.bash
note() { echo "$READLINE_LINE|" >> completed; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\\C-t": note'
`,
  zsh: `autoload -Uz compinit; compinit -D -u; source ./in.zsh
note() { print -r -- "$BUFFER|" >> completed; zle kill-whole-line; }
zle -N note; bindkey '^T' note
`,
};

describe.each(['bash', 'zsh'] as const)('a user of %s completes', (shell) => {
  beforeEach((context) => {
    demandTerminal(context);
    demandProgram(context, shell);
  });

  it('commands, values, files and directories', () => {
    const lines = {
      'ingot inge': 'ingot ingest |',
      'ingot ingest --durability gr': 'ingot ingest --durability group |',
      'ingot relayout --to=sh': 'ingot relayout --to=sharded |',
      'ingot verify --json=': 'ingot verify --json=events |',
      'ingot completion z': 'ingot completion zsh |',
      'ingot ingest tr': 'ingot ingest tree/|',
      'ingot put ./tree/': 'ingot put ./tree/f |',
      'ingot put tw': 'ingot put two\\ words |',
      'ingot get -o tw': 'ingot get -o two\\ words |',
      'ingot stats --store t': 'ingot stats --store tree/|',
    };
    expect(completedIn(shell, Object.keys(lines))).toEqual(Object.values(lines));
  });

  it('each option of each command', () => {
    const lines = PROGRAM.commands.flatMap((command) =>
      optionsOf(command)
        .filter((flag) => flag.startsWith('--'))
        .map((flag) => `ingot ${command.name()} ${flag}`),
    );
    // But for its last character; whole where another option begins like that.
    const typed = lines.map((line) => {
      const begun = line.slice(0, -1);
      return lines.some((other) => other !== line && other.startsWith(begun)) ? line : begun;
    });
    const completed = completedIn(shell, typed);
    expect(completed).toHaveLength(lines.length);
    for (const [at, line] of lines.entries()) expect(completed[at]).toContain(line);
  });
});
