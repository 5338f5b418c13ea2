import { defineConfig } from 'vitest/config';
import { FileCount } from './test/harness/file-count.ts';

// Node 20 reads these certificates at every start, which takes longer than the start itself does, and
// the trials start thousands of processes, none of which connects to anything.
delete process.env.NODE_EXTRA_CA_CERTS;

const here = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [here('test/harness/end-with-run.ts'), here('test/harness/build.ts')],
    reporters: ['default', ...(process.stdout.isTTY ? [] : [new FileCount()])],
    // The built package, as its users import it: worker threads need JavaScript files.
    alias: { ingot: here('dist/src/index.js') },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A process that is waited for may take seconds to start on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    // Two files at a time: the trials themselves start threads and processes.
    maxWorkers: 2,
  },
});
