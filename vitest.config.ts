import { defineConfig } from 'vitest/config';

// Node 20 reads these certificates at every start, which takes longer than the start itself does, and
// the trials start thousands of processes, none of which connects to anything.
delete process.env.NODE_EXTRA_CA_CERTS;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: new URL('./test/harness/end-with-run.ts', import.meta.url).pathname,
    // The built package, as its users import it: worker threads need JavaScript files.
    alias: { ingot: new URL('./dist/src/index.js', import.meta.url).pathname },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two files at a time: the trials themselves start threads and processes.
    maxWorkers: 2,
  },
});
