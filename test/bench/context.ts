/** What a question is given, for one that is asked without a whole run. */
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
// The built ones: they build programs whose sources lie beside them.
import { buildProgram } from '../../dist/bench/c-program.js';
import { Corpora } from '../../dist/bench/corpus/corpora.js';
import type { Context, Question } from '../../dist/bench/question.js';
import type { Row } from '../../dist/bench/results.js';
import {
  directoryInMemory,
  makeTree,
  type TreeLiteral,
  temporaryDirectory,
} from '../harness/tree.ts';

/**
 * One round and one thread, in a new folder, on a tree of these files; trees of a million files have
 * a hundred.
 */
export function contextFor(literal: TreeLiteral, notes: string[] = []): Context {
  const tree = makeTree(literal);
  const contents = Object.values(literal).filter(
    (entry) => typeof entry === 'string' || Buffer.isBuffer(entry),
  );
  const home = temporaryDirectory();
  const path = join(home, 'arena');
  fs.mkdirSync(path);
  return {
    arena: {
      path,
      description: 'a folder',
      renew: () => {
        fs.rmSync(path, { recursive: true });
        fs.mkdirSync(path);
      },
      freeBytes: () => 0,
      remove: () => {},
    },
    tree,
    corpus: {
      name: tree,
      files: contents.length,
      bytes: contents.reduce((sum, { length }) => sum + length, 0),
    },
    rounds: 1,
    threads: 1,
    peers: undefined,
    cold: false,
    huge: false,
    corpora: new Corpora({ parent: home, seed: 1, scale: 0.0001, corpus: 'none' }),
    note: (text) => void notes.push(text),
  };
}

/** The same in memory, where nothing waits for a disk. */
export function contextInMemory(literal: TreeLiteral): Context {
  vi.stubEnv('TMPDIR', directoryInMemory());
  try {
    return contextFor(literal);
  } finally {
    vi.unstubAllEnvs();
  }
}

export async function rowsOf(question: Question, context: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of question.run(context)) rows.push(row);
  return rows;
}

/**
 * Builds programs in C before the tests of a file, where no test looks. Gives what removes them: a
 * test's process does not end as a benchmark does.
 */
export async function buildBeforehand(...sources: readonly string[]): Promise<() => void> {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'ingot-programs-'));
  vi.stubEnv('TMPDIR', folder);
  for (const source of sources) await buildProgram(source);
  vi.unstubAllEnvs();
  return () => fs.rmSync(folder, { recursive: true });
}
