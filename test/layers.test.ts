import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importersOfEngine, layerViolations, type Sources } from './harness/layers.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const sources: Sources = new Map(
  fs
    .readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [`src/${path}`, fs.readFileSync(`${ROOT}src/${path}`, 'utf8')]),
);

/** The sources, with an import planted in one of them. */
function planted(file: string, line: string): Sources {
  expect(sources.has(file)).toBe(true);
  return new Map(sources).set(file, `${line}\n${sources.get(file)}`);
}

describe('a room', () => {
  it('imports only what lies below it', () => {
    expect(layerViolations(sources)).toEqual([]);
  });

  it.each([
    ['src/files/remove.ts', "import { sweep } from '../store/local/writers/writer.ts';"],
    ['src/threads/pool.ts', "import type { Task } from '../ingest/messages.ts';"],
    ['src/sources/kind.ts', "import type { Outcome } from '../ingest/outcome.ts';"],
    ['src/sources/source-file.ts', "export { walk } from './walk/walk.ts';"],
    ['src/sort/merge-runs.ts', "const { Store } = await import('../store/store.ts');"],
    ['src/ingest/worker/worker.ts', "import { Tally } from '../main/tally.ts';"],
    ['src/ingest/main/run.ts', "import '../worker/worker.ts';"],
    ['src/store/seam/write.ts', "import type { LocalGroup } from '../local/group.ts';"],
    ['src/store/local/on-disk/layout.ts', "import { relayout } from '../upkeep/relayout.ts';"],
    ['src/doctor/doctor.ts', "import { selftest } from '../selftest/selftest.ts';"],
    ['src/native/files.ts', "import { namesIn } from '../files/file-ops.ts';"],
  ])('that does not is found: %s', (file, line) => {
    const [violation, ...others] = layerViolations(planted(file, line));
    expect(violation).toContain(`${file} -> src/`);
    expect(others).toEqual([]);
  });

  it('of which nothing is known is found', () => {
    const text = "import { failed } from '../errors.ts';";
    expect(() => layerViolations(new Map([['src/news/news.ts', text]]))).toThrow('in no layer');
  });
});

describe('an engine', () => {
  it('is imported by engines.ts alone', () => {
    expect(importersOfEngine(sources)).toEqual([]);
  });

  it('that another file imports is found', () => {
    const line = "import { TempFolder } from '../../store/local/publish/temps.ts';";
    const found = importersOfEngine(planted('src/ingest/worker/batch-task.ts', line));
    expect(found).toEqual(['src/ingest/worker/batch-task.ts']);
  });
});
