/** Before the first test: the tests of the command and of threads run dist/, and it has to be what src/ says. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export default function setup(project: TestProject): void {
  build();
  // In watch mode: an edit in src/ begins a new run.
  project.onTestsRerun(async () => build());
}

function build(): void {
  const { status, stdout, stderr, error } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}${stderr}`, { cause: error });
}
