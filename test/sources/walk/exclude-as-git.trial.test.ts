/** What rules leave out of a tree, beside what git leaves out by the same file of rules. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { toBytes } from '../../../src/names.ts';
import { readExcludeFiles } from '../../../src/sources/walk/exclude/exclude-files.ts';
import { demandProgram } from '../../harness/mounts.ts';
import { makeTree, temporaryDirectory } from '../../harness/tree.ts';
import { walk } from './walking.ts';

const NAMES = ['a', 'b', 'ab', 'a.b', '#a', '!b', 'a b', 'a ', 'B', 'a]', 'é', 'aà'];
const CONTROLS = ['a\udc0ab', '\udc0a', 'a\udc0d', '\udc0d', '\t', 'a\u0001', '\u007f', 'a\udc5c'];
const NUMBERS = Array.from({ length: 24 }, (_, n) => `x${n}`);

/**
 * Such as `a**` before a slash. gitignore(5) calls these asterisks regular ones, and so does `ignore`;
 * git cuts off the literal beginning first, and sees a `**` that begins a pattern.
 */
const GLOBSTAR_AFTER_LITERALS = /^(?!!\*)!?[^*?[\\]*[^*?[\\/]\*\*/;

let tree: string;
let rules: string;
beforeEach((context) => {
  demandProgram(context, 'git');
  const below = (folder: string) => NAMES.map((name) => [`${folder}${name}.f`, ''] as const);
  const folders = ['', 'a/', 'b/', 'a/b/', 'a/a/', 'ab/a/b/', 'a b/'];
  const controls = CONTROLS.map((name) => [`a/${name}`, ''] as const);
  const numbers = NUMBERS.flatMap((name) => [
    [`${name}/${name}`, ''] as const,
    [`a/b/y${name}y`, ''] as const,
  ]);
  tree = makeTree(Object.fromEntries([...folders.flatMap(below), ...controls, ...numbers]));
  rules = join(temporaryDirectory(), 'rules');
  execFileSync('git', ['init', '-q', '--template=', '--separate-git-dir', `${rules}.git`, tree]);
});

const part = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'B',
      '.',
      '*',
      '?',
      '[ab]',
      '[!a]',
      '[a-c]',
      ' ',
      '\\ ',
      '#',
      '!',
      'é',
      '[!/]',
      '[^a]',
      'à',
      '[é]',
      '[[:space:]]',
      '[[:cntrl:]]',
      '[^[:print:]]',
      '[\x01-\x7f]',
      '\r',
      '\\\\',
      '\\b',
      '[a/b]',
      '[]a]',
      '[a',
      '[a-[:alpha:]]',
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((pieces) => pieces.join(''));
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '/', '!/', '**/', '\\#', '\\!'),
    fc.array(fc.oneof({ weight: 4, arbitrary: part }, fc.constant('**'), fc.constant('*.f')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('', '', '/', '/**', ' ', '\\ ', '.f', '.f '),
  )
  .map(([before, parts, after]) => before + parts.join('/') + after)
  .filter((rule) => !GLOBSTAR_AFTER_LITERALS.test(rule));
const files = fc.array(
  fc.oneof({ weight: 5, arbitrary: pattern }, fc.constant(''), fc.constant('# a')),
  {
    minLength: 1,
    maxLength: 4,
  },
);

// Rules like `*/x7*`, of which some meet the numbered names.
const numbered = fc
  .tuple(
    fc.constantFrom(
      ...['*/x%*', '/x%', 'x%', 'x%/', '*x%', '*x%*', 'a/**/*x%y', '**/x%', 'x%/x%', 'x%/**'],
      ...['a/b/yx%y', 'yx%*', '*%y', '[x]%', 'x%?', '?x%y', '/a/*/yx%y', 'b/x%', 'x%\\/x%', 'y*%*'],
    ),
    fc.nat(60),
  )
  .map(([template, n]) => template.replaceAll('%', String(n)));
const manyRules = fc.array(
  fc
    .tuple(
      fc.constantFrom('', '', '!'),
      fc.oneof({ weight: 12, arbitrary: numbered }, pattern, fc.constant('*/')),
    )
    .map(([before, rule]) => before + rule.replace(/^!/, '')),
  { minLength: 50, maxLength: 400, size: 'max' },
);

function keptByGit(): string[] {
  const args = ['-C', tree, 'ls-files', '-z', '--others', `--exclude-from=${rules}`];
  return execFileSync('git', args, { encoding: 'latin1' }).split('\0').filter(Boolean).sort();
}

async function kept(): Promise<string[]> {
  // To git the tree has no name, and to ingot one that ends in a dot has none.
  const source = `${tree}/.`;
  const sink = await walk([source], { exclude: await readExcludeFiles([rules]) });
  return sink
    .below(source)
    .filter((path) => path !== '.git')
    .map((path) => toBytes(path).toString('latin1'))
    .sort();
}

test('a file of rules leaves out what git leaves out', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (lines) => {
      fs.writeFileSync(rules, `${lines.join('\n')}\n`);
      expect(await kept()).toEqual(keptByGit());
    }),
    { numRuns: 300 },
  );
});

test('so do hundreds of rules, of which a few meet each name', async () => {
  await fc.assert(
    fc.asyncProperty(manyRules, async (lines) => {
      fs.writeFileSync(rules, `${lines.join('\n')}\n`);
      expect(await kept()).toEqual(keptByGit());
    }),
    { numRuns: 100 },
  );
}, 60_000);
