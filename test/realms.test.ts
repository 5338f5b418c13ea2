import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FIXTURE = 'test/fixtures/realms';

test('the library works in a realm that is not Node’s own, as under Jest', () => {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', join(FIXTURE, 'vitest.config.ts'), '--reporter', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 50_000,
  });
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Results;
  const [file] = testResults;
  const failed = file?.assertionResults.filter(({ status }) => status !== 'passed');
  expect({ failed, message: file?.message, stderr }).toMatchObject({ failed: [], message: '' });
  expect(file?.assertionResults.length).toBeGreaterThan(8);
});

interface Results {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

test('nothing in the source asks by instanceof for what Node or a caller has made', () => {
  const files = fs.readdirSync('src', { recursive: true, encoding: 'utf8' });
  const asked = files
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...new Set(fs.readFileSync(join('src', name), 'utf8').match(/(?<=instanceof )\w+/g)),
    ]);
  // Classes of this package and its bundles, and node:stream's, of which there is one in a process.
  const ours = [
    ...['CommanderError', 'IngestError', 'ReadAgain', 'Readable', 'SourceError', 'Stopped'],
    ...['DamagedBlock'],
  ];
  expect(asked.filter((name) => !ours.includes(name))).toEqual([]);
});
