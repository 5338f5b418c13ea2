import { createRequire } from 'node:module';
import { asBundled, OWN_URL } from './places.ts';

const require = createRequire(OWN_URL);

/**
 * Loads a package that stays out of the bundles, since it finds its own files by where it lies.
 * When a CommonJS package is imported instead, Node first searches its source for the names that it
 * exports, in JavaScript: that takes as long as loading it, in every thread.
 */
export function requirePackage(name: string): ReturnType<NodeJS.Require> {
  try {
    return require(name);
  } catch (error) {
    throw asBundled(error);
  }
}

/** Loads a package as another one does, which may see packages that this one does not. */
export function requireAs(other: string, name: string): ReturnType<NodeJS.Require> {
  return createRequire(require.resolve(other))(name);
}
