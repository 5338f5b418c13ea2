/**
 * The command as few files of CommonJS, beside the modules that tsc makes of the same source: Node
 * takes a millisecond to find and link a module, and a run needs two hundred, some in each thread.
 * The library stays modules, for the bundlers of those who use it.
 */
import { defineConfig } from 'rolldown';

const ENTRIES = [
  'src/cli/main',
  'workers/doctor-flusher',
  'workers/doctor-worker',
  'workers/ingest-worker',
  'workers/verify-worker',
];

export default defineConfig({
  input: Object.fromEntries(ENTRIES.map((name) => [name, `${name}.ts`])),
  platform: 'node',
  external: ['koffi', 'piscina'],
  output: {
    dir: 'dist',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    // As deep as src/places.ts, from where it finds the entries.
    chunkFileNames: 'src/[name].cjs',
  },
});
