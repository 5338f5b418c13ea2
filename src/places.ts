/** Where files of this package lie. */
import fs from 'node:fs';
import { extname } from 'node:path';
import { codeOf, IngotError } from './errors.ts';

/**
 * Bundlers that make CommonJS of a module leave this undefined (esbuild). Throws an IngotError then,
 * when the bundle is loaded: a better place to say so than the first call.
 */
export const OWN_URL: string = import.meta.url ?? throwBundled();

export const PACKAGE_FILE = new URL('../../package.json', OWN_URL);

/** What package.json says. */
export function packageVersion(): string {
  return (JSON.parse(fs.readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
}

/** `.js` as compiled, `.cjs` in the bundles that the command is made of (rolldown.config.ts). */
const ENDING = extname(OWN_URL);

/**
 * The entry file of a thread or process. `name` is its path in the source, without an ending.
 * Throws an IngotError where there is no such file.
 */
export function entryFile(name: string): URL {
  const url = new URL(`../${name}${ENDING}`, OWN_URL);
  if (fs.existsSync(url)) return url;
  throw bundled(url.pathname);
}

/** What loading a package has thrown; that ingot was bundled, where that is why it is missing. */
export function asBundled(error: unknown): unknown {
  return codeOf(error) === 'MODULE_NOT_FOUND' && !isOwnPackage() ? bundled() : error;
}

/** In a bundle there is another package's package.json in that place, or none. */
function isOwnPackage(): boolean {
  try {
    return JSON.parse(fs.readFileSync(PACKAGE_FILE, 'utf8')).name === 'ingot';
  } catch {
    return false;
  }
}

function throwBundled(): never {
  throw bundled();
}

function bundled(path?: string): IngotError {
  return new IngotError({
    what: 'ingot does not find its own files',
    code: 'INGOT_BUNDLED',
    path,
    why: 'it was bundled into another file, or not installed whole',
    hint: 'mark ingot external: --external:ingot (esbuild), external: ["ingot"] (rollup, rolldown, vite), externals (webpack), serverExternalPackages (Next.js)',
  });
}
