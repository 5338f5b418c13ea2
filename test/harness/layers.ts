/** Who may import whom in src/: the layers of src/README.md as a table, and what breaks them. */
import { posix } from 'node:path';

/**
 * From top to bottom; a file belongs to the longest path that it begins with. It may import its own
 * room and rooms of lower lines; rooms of one line do not know each other.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['src/index.ts'],
  ['src/cli'],
  ['src/selftest'],
  ['src/doctor'],
  ['src/ingest/ingest.ts'],
  ['src/ingest/main', 'src/ingest/worker'],
  ['src/ingest'],
  ['src/restore/restore.ts'],
  ['src/restore/main', 'src/restore/worker'],
  ['src/restore'],
  ['src/export'],
  ['src/snapshot'],
  ['src/store'],
  ['src/store/engines.ts'],
  ['src/store/local'],
  ['src/store/local/upkeep'],
  ['src/store/local/writers', 'src/store/local/publish'],
  ['src/store/local/on-disk'],
  ['src/store/seam'],
  ['src/store/choices.ts', 'src/store/store-path.ts'],
  ['src/sources/walk'],
  ['src/record'],
  ['src/sources', 'src/sort'],
  ['src/files', 'src/threads', 'src/read-ahead'],
  ['src/native'],
  ['src/units.ts', 'src/turns.ts', 'src/ahead.ts', 'src/progress'],
  ['src/checked.ts'],
  ['src/names.ts', 'src/digest.ts', 'src/programs.ts', 'src/require-platform.ts'],
  ['src/commonjs.ts'],
  ['src/places.ts'],
  ['src/errors.ts', 'src/platform.ts', 'src/addresses.ts'],
  ['src/node-refusals.ts', 'src/errno.ts'],
];

/** Only this file imports an engine. */
const ENGINES = 'src/store/engines.ts';
const ENGINE = 'src/store/local/';

/** The source text of each file below src/, by its path. */
export type Sources = ReadonlyMap<string, string>;

/** A line for each import that breaks a layer, `importer -> imported`. */
export function layerViolations(sources: Sources): string[] {
  return imports(sources)
    .filter(([from, to]) => !mayImport(from, to))
    .map(([from, to]) => `${from} -> ${to}`);
}

/** Files outside an engine, other than engines.ts, that import from one. */
export function importersOfEngine(sources: Sources): string[] {
  const importers = imports(sources)
    .filter(([from, to]) => to.startsWith(ENGINE) && !from.startsWith(ENGINE) && from !== ENGINES)
    .map(([from]) => from);
  return [...new Set(importers)].sort();
}

function mayImport(from: string, to: string): boolean {
  const importer = roomOf(from);
  const imported = roomOf(to);
  return importer.path === imported.path || importer.line < imported.line;
}

function roomOf(file: string): { path: string; line: number } {
  let found: { path: string; line: number } | undefined;
  for (const [line, rooms] of LAYERS.entries())
    for (const path of rooms)
      if ((file === path || file.startsWith(`${path}/`)) && path.length > (found?.path.length ?? 0))
        found = { path, line };
  if (found === undefined) throw new Error(`${file} is in no layer: give it a line in LAYERS`);
  return found;
}

/** Static, type-only and dynamic imports of this package's own files. */
function imports(sources: Sources): [from: string, to: string][] {
  return [...sources].flatMap(([file, text]) =>
    [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']+)'/g)].map(
      ([, to]): [string, string] => [file, posix.join(posix.dirname(file), to!)],
    ),
  );
}
