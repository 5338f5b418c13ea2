/** What people, editors and scripts make of a list of sources, or of a file of patterns. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../harness/ingest-tree.ts';
import { type Ended, ingot } from '../harness/run.ts';
import { objectsIn, outcomesOf } from '../harness/store-checks.ts';
import { makeTree } from '../harness/tree.ts';

let cwd: string;
beforeEach(() => {
  cwd = makeTree({ 'src/a': 'hello', 'src/b': 'world' });
});

/** An ingest of what the list names. */
function listed(list: string | Buffer, ...more: readonly string[]): Ended {
  fs.writeFileSync(join(cwd, 'list'), list);
  return ingot(['ingest', '--files-from', 'list', '--store', 's', '--json', ...more], { cwd });
}

function stored(): string[] {
  const there = objectsIn(join(cwd, 's'));
  return ['hello', 'world'].filter((content) => there.includes(sha256(content)));
}

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => utf16le(text).swap16();

describe('a list with a byte order mark', () => {
  it('loses no entry', () => {
    const ended = listed('\ufeffsrc/a\nsrc/b\n');
    expect(outcomesOf(ended)).toEqual({ new: 2 });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('may be empty but for it', () => {
    expect(outcomesOf(listed('\ufeff'))).toEqual({});
  });

  it('keeps it with -0, where names are exact', () => {
    fs.writeFileSync(join(cwd, '\ufeffx'), 'hello');
    expect(outcomesOf(listed('\ufeffx\0', '-0'))).toEqual({ new: 1 });
  });
});

describe('UTF-16 is wrong usage, and named so', () => {
  const text = 'src/a\r\nsrc/b\r\n';
  it.each([
    ['little-endian, with a mark', utf16le(`\ufeff${text}`)],
    ['big-endian, with a mark', utf16be(`\ufeff${text}`)],
    ['little-endian', utf16le(text)],
    ['big-endian', utf16be(text)],
  ])('%s', (_, bytes) => {
    const list = listed(bytes);
    expect(list.stderr).toMatch(/list of sources: list: it is UTF-16; save it as UTF-8/);
    expect(list.code).toBe(2);
    expect(stored()).toEqual([]);
    fs.writeFileSync(join(cwd, 'rules'), bytes);
    const rules = ingot(['ingest', 'src', '--exclude-from', 'rules', '--store', 's'], { cwd });
    expect(rules.stderr).toMatch(/exclude file: rules: it is UTF-16; save it as UTF-8/);
    expect(rules.code).toBe(2);
  });

  it('but NUL bytes between names of one letter are not', () => {
    const ended = listed('a\0b\0');
    expect(ended.stderr).toMatch(/give --null/);
    expect(ended.code).toBe(2);
  });
});

describe('the root directory among other entries', () => {
  /** Were it taken in, then without all that lies on the machine. */
  const notTheMachine = ['-x', '--exclude', '/*', '--exclude', '!/src'];

  it.each([
    ['src/a', '/'],
    ['/', 'src/a'],
    ['src/a', '//', 'src/b'],
    ['/.', 'gone'],
  ])('is refused, and nothing is stored: %s %s', (...entries) => {
    const ended = listed(`${entries.join('\n')}\n`, ...notTheMachine);
    expect(ended.stderr).toMatch(/ list: it lists \/ among other entries/);
    expect(ended.code).toBe(2);
    expect(stored()).toEqual([]);
  });

  it('is refused when it comes late, too, and what comes after it is not stored', () => {
    const early = `${'./'.repeat(500)}src/a\n`.repeat(400);
    const ended = listed(`${early}/\n${early}src/b\n`, ...notTheMachine);
    expect(ended.stderr).toMatch(/ list: it lists \/ among other entries/);
    expect(ended.code).toBe(2);
    expect(stored()).not.toContain('world');
  });
});

it('characters that show nothing are escaped in messages', () => {
  const names = ['\u200bz', '\ufeffb', '\u2060w', 'v\ufe0f', '\u3164f', '\u{e0041}t', '\u00adh'];
  const { stderr } = listed(names.join('\n').replace(/^/, '\n'));
  for (const shown of ['\\u200bz', '\\ufeffb', '\\u2060w', 'v\\ufe0f', '\\u3164f', '\\u{e0041}t'])
    expect(stderr).toContain(`: ${shown}: `);
  expect(stderr).toContain(': \\u00adh: ');
});
