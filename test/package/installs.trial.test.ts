/** What `npm pack` makes, installed by each package manager and used in each kind of project. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../harness/mounts.ts';

/** With koffi's binary at hand a relayout works, and worker threads have run an ingest. */
const MAIN = `
async function main({ ingest, Store, verify, relayout }, store) {
  const { outcomes } = await ingest(store, ['./tree']);
  const opened = await Store.open(store);
  const { digest } = await opened.put(Buffer.from('hello'));
  let text = '';
  for await (const chunk of await opened.get(digest)) text += chunk;
  await opened.close();
  const { checked } = await verify(store);
  const { moved } = await relayout(store, 'sharded');
  console.log(JSON.stringify({ stored: outcomes.new, text, checked, moved }));
}
`;
const EXPECTED = { stored: 1, text: 'hello', checked: 2, moved: 2 };

const PROJECTS = {
  'module.mjs': `import * as ingot from 'ingot';\n${MAIN}\nmain(ingot, './module');`,
  'commonjs.cjs': `const ingot = require('ingot');\n${MAIN}\nmain(ingot, './commonjs');`,
  'dynamic.cjs': `${MAIN}\nimport('ingot').then((ingot) => main(ingot, './dynamic'));`,
};
const BUNDLES = { 'bundled.mjs': 'esm', 'bundled.cjs': 'cjs' };

/** Aliases, since two of them are called `yarn`. */
const TOOLS = ['pnpm@10', 'yarn-1@npm:yarn@1', 'yarn-4@npm:@yarnpkg/cli-dist@4', 'esbuild@0.25'];

/** A program of an installed tool, as a command. */
const tool = (program: string): string[] => [
  process.execPath,
  join(folder, 'node_modules', program),
];

interface Manager {
  readonly name: string;
  readonly install: () => readonly string[];
  /** Goes before a command that sees the installed packages. */
  readonly run: () => readonly string[];
}

const MANAGERS: readonly Manager[] = [
  { name: 'npm', install: () => ['npm', 'install', '--no-audit', '--no-fund'], run: () => [] },
  {
    name: 'pnpm',
    // In CI it asks for a lock file.
    install: () => [...tool('pnpm/bin/pnpm.cjs'), 'install', '--no-frozen-lockfile'],
    run: () => [],
  },
  {
    name: 'Yarn 1',
    install: () => [...tool('yarn-1/bin/yarn.js'), 'install', '--non-interactive', '--no-lockfile'],
    run: () => [],
  },
  {
    name: 'Yarn 4 with Plug’n’Play',
    install: () => [...tool('yarn-4/bin/yarn.js'), 'install'],
    run: () => tool('yarn-4/bin/yarn.js'),
  },
];

let folder: string;
let env: NodeJS.ProcessEnv;
let registryIsThere = false;

beforeAll(() => {
  folder = fs.mkdtempSync('/tmp/ingot-package-');
  env = environment();
  // A package that the installs need in any case.
  const asked = ['npm', 'view', 'koffi', 'version', '--fetch-retries=0', '--fetch-timeout=5000'];
  registryIsThere = call(asked, folder).status === 0;
  if (!registryIsThere) return;
  // `npm test` has built it.
  expectDone(['npm', 'pack', '--ignore-scripts', '--pack-destination', folder], process.cwd());
  fs.renameSync(join(folder, tarballIn(folder)), join(folder, 'ingot.tgz'));
  fs.writeFileSync(join(folder, 'module.mjs'), PROJECTS['module.mjs']);
  fs.writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  expectDone(['npm', 'install', '--no-audit', '--no-fund', ...TOOLS], folder);
  const esbuild = [join(folder, 'node_modules/.bin/esbuild'), 'module.mjs', '--bundle'];
  const options = ['--platform=node', '--external:ingot', '--log-level=error'];
  for (const [file, format] of Object.entries(BUNDLES))
    expectDone([...esbuild, ...options, `--format=${format}`, `--outfile=${file}`], folder);
}, 120_000);

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function tarballIn(at: string): string {
  return fs.readdirSync(at).find((name) => name.endsWith('.tgz'))!;
}

/** npm's settings of this machine hold for the others, too: where packages are, whom to trust. */
function environment(): NodeJS.ProcessEnv {
  const registry = settingOf('registry');
  const cafile = settingOf('cafile');
  return {
    ...process.env,
    ...(registry && { npm_config_registry: registry, YARN_NPM_REGISTRY_SERVER: registry }),
    ...(cafile && { npm_config_cafile: cafile, YARN_HTTPS_CA_FILE_PATH: cafile }),
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
  };
}

/** Undefined when it is not set; of the machine, not of this project. */
function settingOf(name: string): string | undefined {
  const { stdout } = spawnSync('npm', ['config', 'get', name], { cwd: '/', encoding: 'utf8' });
  const value = stdout.trim().replace(/\/$/, '');
  return value === 'null' || value === 'undefined' || value === '' ? undefined : value;
}

function call([command, ...args]: readonly string[], cwd: string) {
  const ended = spawnSync(command!, args, { cwd, env, encoding: 'utf8', timeout: 100_000 });
  const { status, stdout, stderr } = ended;
  return { status, stdout, stderr };
}

function expectDone(command: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = call(command, cwd);
  expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({
    status: 0,
    output: '',
  });
  return stdout;
}

describe.each(MANAGERS)('installed by $name', ({ install, run }) => {
  it('ingot works in modules, CommonJS, bundles that leave it out, and as a command', (context) => {
    demand(context, registryIsThere, 'the npm registry cannot be reached');
    const project = fs.mkdtempSync(join(folder, 'project-'));
    const manifest = { private: true, dependencies: { ingot: 'file:../ingot.tgz' } };
    fs.writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    // Yarn 4 takes a folder for its own only with a lock file.
    fs.writeFileSync(join(project, 'yarn.lock'), '');
    fs.mkdirSync(join(project, 'tree'));
    fs.writeFileSync(join(project, 'tree/file'), 'content');
    for (const [name, text] of Object.entries(PROJECTS))
      fs.writeFileSync(join(project, name), text);
    // It stores to the same place as the module that it was made of.
    for (const name of Object.keys(BUNDLES))
      fs.writeFileSync(
        join(project, name),
        fs.readFileSync(join(folder, name), 'utf8').replaceAll('./module', `./${name}-store`),
      );
    expectDone(install(), project);
    for (const name of [...Object.keys(PROJECTS), ...Object.keys(BUNDLES)]) {
      const said = expectDone([...run(), 'node', name], project);
      expect({ name, ...JSON.parse(said) }).toEqual({ name, ...EXPECTED });
    }
    const isPlugAndPlay = run().length > 0;
    const ingot = isPlugAndPlay ? [...run(), 'ingot'] : [join(project, 'node_modules/.bin/ingot')];
    expect(expectDone([...ingot, 'verify', '--store', 'module'], project)).toMatch(
      /^2 objects checked/,
    );
  }, 120_000);
});
