/** Where files of this package lie. */
import { extname } from 'node:path';

export const PACKAGE_FILE = new URL('../../package.json', import.meta.url);

/** `.js` as compiled, `.cjs` in the bundles that the command is made of (rolldown.config.ts). */
const ENDING = extname(import.meta.url);

/** The entry file of a thread or process. `name` is its path in the source, without an ending. */
export function entryFile(name: string): URL {
  return new URL(`../${name}${ENDING}`, import.meta.url);
}
