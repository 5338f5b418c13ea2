import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const FOLDERS = ['src', 'test', 'bench', '.github'];
const FILES = FOLDERS.flatMap((folder) =>
  fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
);
const PAGES = ['README.md', 'CHANGELOG.md', ...FILES.filter((file) => file.endsWith('.md'))];
const TESTS = FILES.filter((file) => file.endsWith('.test.ts'));

const README_WORDS = 1000;
const README_COMMANDS = [
  'npm ci && npx ingot ingest node_modules --store ./store   # set-up and main job',
  'npm ci && npm test                                        # set-up and tests',
];

test('the longer pages are found', () => {
  expect(PAGES).toEqual(
    expect.arrayContaining([
      'src/README.md',
      'src/cli/README.md',
      'src/native/README.md',
      'src/store/local/FORMAT.md',
      'src/snapshot/FORMAT.md',
      'test/README.md',
      'bench/README.md',
    ]),
  );
});

describe.each(PAGES)('%s', (page) => {
  const text = fs.readFileSync(page, 'utf8');

  test('has no dead link', () => {
    const targets = found(text, /\]\((?![a-z]+:|#)([^)#\s]+)/g);
    expect(targets.filter((target) => !fs.existsSync(join(dirname(page), target)))).toEqual([]);
  });

  test('names no path that is not there', () => {
    const paths = found(withoutBlocks(text), /`([^`]+)`/g)
      .filter((code) => !code.includes('vitest run'))
      .flatMap((code) => code.match(/(?<![\w./-])(src|workers|test|bench)\/[\w./-]*/g) ?? []);
    expect(paths.filter((path) => !fs.existsSync(path))).toEqual([]);
  });

  test('names no pattern of vitest that no test matches', () => {
    const patterns = found(text, /vitest run ([^`\n]*)/g)
      .map((args) => args.replace(/-t '[^']*'/, ''))
      .flatMap(words);
    expect(patterns.filter((pattern) => !TESTS.some((name) => name.includes(pattern)))).toEqual([]);
  });
});

describe('the README', () => {
  const readme = fs.readFileSync('README.md', 'utf8');

  test(`has at most ${README_WORDS} words`, () => {
    expect(words(readme).length).toBeLessThanOrEqual(README_WORDS);
  });

  test('has the two commands of a newcomer, and no third', () => {
    expect(readme.split('\n').filter((line) => line.startsWith('npm ci'))).toEqual(README_COMMANDS);
  });
});

/** The first group of each match. */
function found(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), (match) => match[1]!);
}

function withoutBlocks(text: string): string {
  return text.replace(/^```.*?^```$/gms, '');
}

/** As `wc -w` counts them. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

test('the page on codes lists each code that there is, in order, and no other', () => {
  const page = fs.readFileSync('src/cli/CODES.md', 'utf8');
  const listed = found(page, /^\| `(\w+)` \|/gm);
  const sources = FILES.filter((file) => /^src\/.*\.ts$/.test(file));
  const text = sources.map((file) => fs.readFileSync(file, 'utf8')).join('');
  // The variable of the environment is none.
  const codes = new Set(
    found(text, /'(INGOT_[A-Z]\w*)'/g).filter((code) => code !== 'INGOT_STORE'),
  );
  expect(codes.size).toBeGreaterThan(50);
  expect(listed).toEqual([...codes].sort());
});
