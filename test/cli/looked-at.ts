/** A store with a snapshot that is made without an ingest, for tests of the commands that look at it. */
import { join } from 'node:path';
import { escapeName } from '../../src/names.ts';
import type { Entry } from '../../src/snapshot/entry.ts';
import { type Ended, ingot } from '../harness/run.ts';
import { temporaryDirectory } from '../harness/tree.ts';
import { storeSnapshot } from '../snapshot/stored.ts';
import { directoryAt, fileAt } from '../snapshot/trees.ts';

const { uid, gid, mtime } = fileAt('x');

export function linkAt(path: string, target: string): Entry {
  return { type: 'link', path, target, uid, gid, mtime };
}

/** Its last name has control characters and a backslash. */
const ODD = escapeName(Buffer.from('odd\n\u001b[31m\\'));

export const ENTRIES: readonly Entry[] = [
  directoryAt(''),
  directoryAt('2024'),
  fileAt('2024/report.pdf', 'a report'),
  { ...fileAt('2024/tool', 'x'), mode: 0o6755, uid: 0, mtime: -1n },
  linkAt('2024/to', 'report.pdf'),
  { ...directoryAt('2024/sub'), lacks: 'EACCES' } as Entry,
  fileAt('2024/sub/deep'),
  fileAt(ODD, 'odd'),
  { type: 'missing', path: 'socket', why: 'socket' },
  fileAt('z', 'last'),
];

export const TIME = Date.UTC(2026, 10, 30, 14, 2, 3);

export interface Looked {
  /** Of the store. */
  readonly root: string;
  /** In which the commands run. */
  readonly cwd: string;
  /** Of its snapshot `nightly`. */
  readonly id: string;
  run(...args: string[]): Ended;
  /** What it prints. */
  lines(...args: string[]): string[];
  json(...args: string[]): ReturnType<typeof JSON.parse>;
  events(...args: string[]): ReturnType<typeof JSON.parse>[];
}

export async function lookedAt(): Promise<Looked> {
  const [root, cwd] = [join(temporaryDirectory(), 's'), temporaryDirectory()];
  const id = await storeSnapshot(root, ENTRIES, {
    ...{ label: 'nightly', time: TIME, host: 'box' },
    contents: ['a report', 'odd', 'last', 'x'],
    sources: [{ given: './data', real: '/data' }],
    users: [[0, 'root']],
    groups: [[1000, 'staff']],
  });
  const run = (...args: string[]) => ingot([...args, '--store', root], { cwd, env: { TZ: 'UTC' } });
  const lines = (...args: string[]) => run(...args).stdout.split('\n');
  const parsed = (line: string) => JSON.parse(line);
  return {
    ...{ root, cwd, id, run, lines },
    json: (...args) => parsed(run(...args, '--json').stdout),
    events: (...args) =>
      lines(...args, '--json=events')
        .slice(0, -1)
        .map(parsed),
  };
}
