/** The library in other people's bundles: its threads need files of its own. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeTree } from './harness/tree.ts';

const APP = `
import { ingest } from 'ingot';
ingest('./store', ['./tree']).then(
  ({ outcomes }) => console.log(outcomes.new),
  ({ message }) => console.log(message),
);`;

const REMEDY =
  /ingot does not find its own files: .*it was bundled into another file.*; mark ingot external: --external:ingot \(esbuild\)/;

let app: string;
beforeEach(() => {
  app = makeTree({
    'app.mjs': APP,
    'tree/file': 'content',
    'package.json': '{ "name": "app" }',
    'node_modules/ingot': { symlink: resolve('.') },
  });
});

interface Bundling {
  readonly format?: 'esm' | 'cjs';
  readonly external?: readonly string[];
  readonly define?: Readonly<Record<string, string>>;
}

/** What the bundled program says. */
async function runBundled({ format = 'esm', external = [], define = {} }: Bundling) {
  const build = await rolldown({
    input: join(app, 'app.mjs'),
    platform: 'node',
    external: [...external],
    transform: { define },
    // It warns of a bundle's import.meta, which this is about.
    logLevel: 'silent',
  });
  const file = join(app, 'out', format === 'esm' ? 'app.mjs' : 'app.cjs');
  await build.write({ file, format, codeSplitting: false });
  await build.close();
  const { stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: app,
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { stdout, stderr };
}

describe('an ingot that was bundled says that it has to be external', () => {
  it('as a module, where not even its packages are found', async () => {
    expect((await runBundled({})).stderr).toMatch(REMEDY);
  });

  it('as a module beside its packages', async () => {
    makeTree({ 'node_modules/piscina': { symlink: resolve('node_modules/piscina') } }, app);
    expect((await runBundled({})).stderr).toMatch(REMEDY);
  });

  it('as CommonJS without import.meta, as esbuild makes it', async () => {
    const define = { 'import.meta.url': 'undefined' };
    expect((await runBundled({ format: 'cjs', define })).stderr).toMatch(REMEDY);
  });
});

it.each(['esm', 'cjs'] as const)('external to a bundle it works: %s', async (format) => {
  const ended = await runBundled({ format, external: ['ingot'] });
  expect(ended).toMatchObject({ stdout: '1\n' });
});
