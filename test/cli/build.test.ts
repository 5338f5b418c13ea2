import fs from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect, it } from 'vitest';
import config from '../../rolldown.config.ts';
import { temporaryDirectory } from '../harness/tree.ts';

it('a build lets those run the command who may read it, and the rest as it is', async () => {
  const { output, ...input } = config as { output: object };
  const dir = temporaryDirectory();
  const build = await rolldown(input);
  await build.write({ ...output, dir });
  await build.close();
  const modeOf = (name: string) => fs.statSync(join(dir, name)).mode & 0o777;
  const readable = 0o666 & ~process.umask();
  expect(modeOf('src/cli/main.cjs')).toBe(readable | ((readable & 0o444) >> 2));
  expect(modeOf('workers/ingest-worker.cjs')).toBe(readable);
});
