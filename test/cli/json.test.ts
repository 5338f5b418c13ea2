import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toDocument, toLine } from '../../src/cli/json.ts';
import { spellEventsFlag } from '../../src/cli/options.ts';
import { escapeName } from '../../src/names.ts';

const entry = (path: Buffer) =>
  toLine({ event: 'entry', path: escapeName(path), outcome: 'vanished' });

describe('JSON output', () => {
  it('gives a name in plain text, however odd', () => {
    const name = 'a\nb\\c\u2028 größe';
    expect(JSON.parse(entry(Buffer.from(name))).path).toBe(name);
  });

  it('is one line an event', () => {
    expect(entry(Buffer.from('a\n\u2028'))).toMatch(/^[^\n]*\n$/);
  });

  it('gives bytes that are not UTF-8 as Python expects them', () => {
    const name = Buffer.from([0x61, 0xff, 0x0a, 0xfe]);
    const program =
      'import json,os,sys; sys.stdout.buffer.write(os.fsencode(json.load(sys.stdin)["path"]))';
    const env = { ...process.env, PYTHONUTF8: '1' };
    const back = execFileSync('python3', ['-c', program], { input: entry(name), env });
    expect(back.equals(name)).toBe(true);
  });

  it('ends a document with a newline', () => {
    expect(toDocument({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe('--json', () => {
  it('never takes the word after it for its value', () => {
    expect(spellEventsFlag(['ingest', '--json', 'src'])).toEqual(['ingest', '--json', 'src']);
    expect(spellEventsFlag(['ingest', '--json=events', 'src'])).toEqual([
      'ingest',
      '--json-events',
      'src',
    ]);
  });

  it('is a name like any other after --', () => {
    const args = ['ingest', '--', '--json=events'];
    expect(spellEventsFlag(args)).toEqual(args);
  });
});
