/**
 * Where ingot can run. This imports nothing and uses only syntax that old versions of Node can read:
 * it has to run where everything else may fail to load.
 */

/** The same as `engines` in package.json. */
export const OLDEST_NODE = '20.19';

/** Why ingot cannot run here, in one line; undefined where it can. */
export function platformObstacle(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, and this is ${process.platform}`;
  if (isOlder(process.version.slice(1), OLDEST_NODE))
    return `needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version.slice(1)}`;
  return undefined;
}

function isOlder(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
