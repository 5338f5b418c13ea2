/**
 * The command as few files of CommonJS, beside the modules that tsc makes of the same source: Node
 * takes a millisecond to find and link a module, and a run needs two hundred, some in each thread.
 * The library stays modules, for the bundlers of those who use it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

const ENTRIES = [
  'src/cli/main',
  'workers/doctor-flusher',
  'workers/doctor-reader',
  'workers/doctor-worker',
  'workers/ingest-worker',
  'workers/local-store',
  'workers/restore-worker',
  'workers/verify-worker',
];

/**
 * Who may read a command may run it. npm sets this bit when it first links the command, but not when
 * the file is made anew and npm still has the link.
 */
const runnable: Plugin = {
  name: 'runnable',
  writeBundle({ dir = '' }, bundle) {
    for (const output of Object.values(bundle)) {
      if (output.type !== 'chunk' || !output.code.startsWith('#!')) continue;
      const file = path.join(dir, output.fileName);
      const { mode } = fs.statSync(file);
      fs.chmodSync(file, mode | ((mode & 0o444) >> 2));
    }
  },
};

export default defineConfig({
  input: Object.fromEntries(ENTRIES.map((name) => [name, `${name}.ts`])),
  platform: 'node',
  plugins: [runnable],
  external: ['koffi', 'piscina'],
  output: {
    dir: 'dist',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    // As deep as src/places.ts, from where it finds the entries.
    chunkFileNames: 'src/[name].cjs',
  },
});
